// SPDX-License-Identifier: GPL-2.0-or-later
/* The tree as a whole: its beginning, its end, and lost+found. */
#include "tree/tree.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "tree/node.h"

static const char lost_found[] = "lost+found";

bool node_is_lost_found(const struct node *n)
{
	return n->parent == n->parent->parent &&
	       n->name_len == sizeof(lost_found) - 1 &&
	       !memcmp(n->name, lost_found, n->name_len);
}

void tree_note_change(struct tree *t, struct tree_inode *inode)
{
	if (!t->options.list_changes || inode->changed)
		return;
	if (t->n_changed == t->cap_changed) {
		t->n_changed -= t->first_changed;
		memmove(t->changed, t->changed + t->first_changed,
			t->n_changed * sizeof(inode));
		t->first_changed = 0;
	}
	inode->changed = true;
	t->changed[t->n_changed++] = inode;
}

struct tree_inode *tree_next_changed(struct tree *t)
{
	struct tree_inode *inode;

	if (t->first_changed == t->n_changed)
		return NULL;
	inode = t->changed[t->first_changed++];
	if (t->first_changed == t->n_changed)
		t->first_changed = t->n_changed = 0;
	inode->changed = false;
	return inode;
}

errcode_t tree_set_xattrs(struct tree *t, struct tree_inode *inode,
			  struct xattr_builder *b)
{
	struct xattr_set *set;
	errcode_t err;

	err = xattr_builder_finish(b, &set);
	if (!err)
		err = intern_take(&t->tables->xattrs, &t->arena, &set);
	if (!err)
		inode->xattrs = set;
	return err;
}

void tree_set_times(struct tree_inode *inode, struct timestamp time)
{
	int i;

	for (i = 0; i < INODE_TIMES; i++)
		tree_set_time(inode, i, time);
}

/* The root is a folder that no source has named yet. */
static errcode_t make_root(struct tree *t)
{
	struct tree_inode *inode = inode_new(t, NULL, S_IFDIR | 0755);
	struct node *n = node_alloc(t, "", 0);

	if (!inode || !n)
		return diag_nomem(t->options.diag);
	tree_set_times(inode, t->options.default_time);
	inode->links = 2;
	/* Others begin where the numbers of users' inodes do. */
	inode->dir.node = n;
	inode->serial = FORMAT_ROOT_INO;
	t->last_serial = FORMAT_LOST_FOUND_INO;
	n->inode = inode;
	n->parent = n;
	t->root = n;
	t->made_parents = 1;
	return 0;
}

static void identify(const struct delayed_file *f,
		     struct delayed_identity *id)
{
	const char *file = (const char *)f;
	const struct tree_inode *inode = (const struct tree_inode *)
		(const void *)(file - offsetof(struct tree_inode, file));

	id->ino = tree_inode_number(inode);
	id->mode = inode->mode;
}

errcode_t tree_init(struct tree *t, struct delay *delay,
		    const struct tree_options *options)
{
	errcode_t err;

	memset(t, 0, sizeof(*t));
	t->options = *options;
	t->delay = delay;
	delay->identify = identify;
	arena_init(&t->arena);
	t->tables = calloc(1, sizeof(*t->tables));
	if (!t->tables)
		return diag_nomem(options->diag);
	intern_init(&t->tables->xattrs);
	err = options->image ? load_root(t) : make_root(t);
	if (err)
		tree_release(t);
	return err;
}

static void release_inode(struct tree *t, struct tree_inode *inode)
{
	if (S_ISREG(inode->mode))
		delayed_file_release(&inode->file, t->delay);
	if (!S_ISDIR(inode->mode))
		return;
	names_release(&inode->dir.children);
	names_release(&inode->dir.gone);
}

void tree_release(struct tree *t)
{
	struct inode_chunk *c;
	uint32_t i;

	for (c = t->inodes; c; c = c->next)
		for (i = 0; i < c->used; i++)
			release_inode(t, &c->inodes[i]);
	if (t->tables) {
		links_release(&t->tables->hosts);
		links_release(&t->tables->copies);
		links_release(&t->tables->numbers);
		intern_release(&t->tables->xattrs);
		free(t->tables->spare);
		free(t->tables->gone_spare);
		buf_release(&t->tables->parent_path);
		free(t->tables);
	}
	free(t->changed);
	arena_release(&t->arena);
	memset(t, 0, sizeof(*t));
}

void tree_begin_source(struct tree *t, bool is_archive)
{
	t->source++;
	t->source_is_archive = is_archive;
}

errcode_t tree_finish(struct tree *t)
{
	struct node *n = node_child(t, t->root, lost_found,
				    sizeof(lost_found) - 1);
	uint32_t last = t->last_serial;
	struct tree_inode *inode;

	if (n && !node_is_folder(n))
		return diag_error(t->options.diag, lost_found,
				  E4PACK_ET_BAD_TYPE,
				  "has to be a folder: leave it out or name "
				  "it otherwise");
	if (n)
		return 0;
	/* It has its number, whenever it is made. */
	t->last_serial = FORMAT_LOST_FOUND_INO - 1;
	inode = inode_new(t, t->root, S_IFDIR | 0700);
	t->last_serial = last;
	if (!inode || !node_insert(t, t->root, lost_found,
				   sizeof(lost_found) - 1, inode))
		return diag_nomem(t->options.diag);
	tree_set_times(inode, t->options.default_time);
	return 0;
}
