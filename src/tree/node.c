// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes and inodes, and the counts that go with each name: links of the
 * inode, children and bytes of the folder.
 */
#include "tree/node.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/trace.h"

struct node *node_known_child(const struct tree_inode *dir, const char *name,
			      size_t len)
{
	return names_find(&dir->dir.children, name, len);
}

void tree_set_mode(struct tree_inode *inode, uint32_t mode)
{
	inode->mode = mode;
	if (S_ISREG(mode))
		delayed_file_init(&inode->file);
}

/* Whether the times of one inode may come to differ. */
static bool times_differ(const struct tree_options *o)
{
	return o->image || o->touch || o->set_times || o->times_source;
}

struct tree_inode *inode_alloc(struct tree *t)
{
	const size_t times = INODE_TIMES * sizeof(struct timestamp);
	struct timestamp *each = NULL;
	struct inode_chunk *c = t->inodes;
	struct tree_inode *inode;

	if (t->options.list_changes &&
	    array_reserve(&t->changed, &t->cap_changed, t->n_inodes + 1,
			  sizeof(inode)))
		return NULL;
	if (times_differ(&t->options)) {
		each = arena_alloc(&t->arena, times);
		if (!each)
			return NULL;
	}
	if (!c || c->used == CHUNK_INODES) {
		c = arena_alloc(&t->arena, sizeof(*c));
		if (!c)
			return NULL;
		c->next = t->inodes;
		t->inodes = c;
	}
	inode = &c->inodes[c->used++];
	if (each) {
		inode->own_times = true;
		inode->times.each = each;
	}
	t->n_inodes++;
	inode->serial = ++t->last_serial;
	return inode;
}

static void tell_made(const struct tree *t, const struct node *dir,
		      const struct tree_inode *inode)
{
	uint32_t parent = tree_inode_number(dir->inode);
	uint32_t ino = tree_inode_number(inode);
	struct trace *trace = t->delay->trace;

	TRACE(trace, TRACE_REQUEST_INODE, parent, inode->mode);
	TRACE(trace, TRACE_MARK_INODE_DIRTY, ino, trace_text("inode_new"));
	TRACE(trace, TRACE_ALLOCATE_INODE, ino, parent, inode->mode);
}

struct tree_inode *inode_new(struct tree *t, const struct node *dir,
			     uint32_t mode)
{
	struct tree_inode *inode = inode_alloc(t);

	if (!inode)
		return NULL;
	tree_set_mode(inode, mode);
	if (t->number)
		t->number(t->number_arg, inode, dir ? dir->inode : NULL);
	if (dir && trace_on(t->delay->trace))
		tell_made(t, dir, inode);
	tree_note_change(t, inode);
	return inode;
}

void inode_touch(const struct tree *t, struct tree_inode *inode)
{
	if (t->options.touch)
		tree_set_time(inode, INODE_CTIME, t->options.default_time);
}

void inode_touch_content(const struct tree *t, struct tree_inode *inode)
{
	if (t->options.touch)
		tree_set_time(inode, INODE_MTIME, t->options.default_time);
	inode_touch(t, inode);
}

void inode_drop(struct tree *t, struct tree_inode *inode)
{
	errcode_t err = 0;

	inode->links = 0;
	TRACE(t->delay->trace, TRACE_DROP_INODE, tree_inode_number(inode), 1);
	TRACE(t->delay->trace, TRACE_EVICT_INODE, tree_inode_number(inode), 0);
	if (S_ISREG(inode->mode)) {
		err = delayed_file_load(&inode->file, t->delay);
		delayed_file_delete(&inode->file, t->delay);
	}
	if (err && !t->failed)
		t->failed = err;
	tree_note_change(t, inode);
}

errcode_t node_link(struct tree *t, struct tree_inode *dir, struct node *n)
{
	errcode_t err = names_prepare(&dir->dir.children, &t->tables->spare);

	if (!err)
		names_insert(&dir->dir.children, n, &t->tables->spare);
	return err;
}

/* A folder with 1 link has had so many folders that nobody counts. */
static bool counts_folders(const struct tree_inode *dir)
{
	return dir->links != 1;
}

/* Put @n, whose name is set, into folder @dir, which is prepared for it. */
static void attach(struct tree *t, struct node *n, struct node *dir)
{
	struct tree_inode *inode = dir->inode;

	n->parent = dir;
	if (node_is_folder(n))
		n->inode->dir.node = n;
	names_insert(&inode->dir.children, n, &t->tables->spare);
	inode->dir.n++;
	inode->dir.name_bytes += node_bytes(n);
	if (node_is_folder(n) && counts_folders(inode))
		inode->links++;
	tree_note_change(t, inode);
}

/* Bytes of a name that were taken for a node whose name has @len now. */
static size_t name_room(size_t len)
{
	const size_t head = offsetof(struct node, name);

	return ((head + len + 7) & ~(size_t)7) - head;
}

struct node *node_alloc(struct tree *t, const char *name, size_t len)
{
	struct node *n = arena_alloc(&t->arena, offsetof(struct node, name) +
				     name_room(len));

	if (!n)
		return NULL;
	n->name_len = len;
	memcpy(n->name, name, len);
	return n;
}

/* A name on disk that goes is not to be found there again. */
static void remember_gone(struct tree *t, struct tree_inode *dir,
			  const struct node *n)
{
	struct node *copy = node_alloc(t, n->name, n->name_len);

	if (!copy || names_prepare(&dir->dir.gone,
				   &t->tables->gone_spare)) {
		t->failed = ENOMEM;
		return;
	}
	copy->parent = n->parent;
	copy->inode = n->inode;
	copy->source = n->source;
	copy->on_disk = n->on_disk;
	names_insert(&dir->dir.gone, copy, &t->tables->gone_spare);
}

static void detach(struct tree *t, struct node *n)
{
	struct tree_inode *dir = n->parent->inode;

	names_remove(&dir->dir.children, n);
	if (n->on_disk)
		remember_gone(t, dir, n);
	dir->dir.n--;
	dir->dir.name_bytes -= node_bytes(n);
	if (node_is_folder(n) && counts_folders(dir))
		dir->links--;
	tree_note_change(t, dir);
	/* The folder known last may have been found through this name. */
	if (node_is_folder(n) || S_ISLNK(n->inode->mode))
		t->tables->parent = NULL;
}

struct node *node_insert(struct tree *t, struct node *dir, const char *name,
			 size_t len, struct tree_inode *inode)
{
	struct node *n = node_alloc(t, name, len);

	if (!n || names_prepare(&dir->inode->dir.children, &t->tables->spare))
		return NULL;
	n->inode = inode;
	n->source = t->source;
	attach(t, n, dir);
	if (S_ISDIR(inode->mode))
		inode->links = 2;
	else
		inode->links++;
	tree_note_change(t, inode);
	TRACE(t->delay->trace, TRACE_MARK_INODE_DIRTY,
	      tree_inode_number(dir->inode), trace_text(__func__));
	TRACE(t->delay->trace, TRACE_MARK_INODE_DIRTY,
	      tree_inode_number(inode), trace_text(__func__));
	return n;
}

void node_remove(struct tree *t, struct node *n)
{
	struct tree_inode *inode = n->inode;
	bool folder = node_is_folder(n);

	detach(t, n);
	tree_note_change(t, inode);
	if (folder)
		t->made_parents -= !n->source;
	if (folder || !--inode->links)
		inode_drop(t, inode);
}

/* Let @to, but for its name, be what @n was. */
static void replace(struct node *n, struct node *to)
{
	struct names_cursor c;
	struct node *child;

	to->inode = n->inode;
	to->source = n->source;
	if (!node_is_folder(n))
		return;
	c = names_begin(&n->inode->dir.children);
	while ((child = names_next(&c)))
		child->parent = to;
}

errcode_t node_move(struct tree *t, struct node *n, struct node *dir,
		    const char *name, size_t len)
{
	struct node *there = node_child(t, dir, name, len), *to = n;

	if (len > name_room(n->name_len))
		to = node_alloc(t, name, len);
	if (!to ||
	    names_prepare(&dir->inode->dir.children, &t->tables->spare))
		return ENOMEM;
	if (there && there != n)
		node_remove(t, there);
	detach(t, n);
	if (to != n)
		replace(n, to);
	to->on_disk = false;
	to->name_len = len;
	memmove(to->name, name, len);
	attach(t, to, dir);
	/* A folder's ".." goes with it. */
	tree_note_change(t, n->inode);
	return 0;
}
