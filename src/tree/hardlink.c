// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Entries that are a further name of an inode.  An archive says so with the
 * path of the first name, a folder by what the host calls the file.  An inode
 * takes 65000 names; for more a copy is made, which takes the next 65000.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/errors.h"
#include "tree/merge.h"
#include "tree/node.h"
#include "tree/path.h"
#include "tree/stage.h"

static bool is_full(const struct tree_inode *inode)
{
	return inode->links >= FORMAT_LINK_MAX;
}

static errcode_t warn_full(const struct tree *t, const struct entry *e)
{
	return diag_warning(t->options.diag, e->path,
			    "is hard link %d of its file: it and further ones "
			    "become names of a copy", FORMAT_LINK_MAX + 1);
}

/* Whether @inode is, as staged, still the file that @e is a name of; the
 * host may have given its number to another one since. */
static bool is_same(const struct tree_inode *inode, const struct entry *e)
{
	if (!inode->links || inode->content_changed ||
	    (inode->mode ^ e->mode) & S_IFMT)
		return false;
	switch (e->mode & S_IFMT) {
	case S_IFREG:
		return inode->file.size == e->size;
	case S_IFLNK:
		return !strcmp(inode->link.target, e->target);
	case S_IFCHR:
	case S_IFBLK:
		return inode->dev.major == e->dev_major &&
		       inode->dev.minor == e->dev_minor;
	default:
		return true;
	}
}

/* Give the name to an inode that is there, and @e's attributes to it. */
static errcode_t join(struct tree *t, const struct entry *e,
		      const struct stage_attributes *attrs,
		      struct merge_place *place, struct tree_inode *inode)
{
	errcode_t err;

	if (place->node && place->node->inode == inode) {
		err = merge_note_repeat(t, e, place->node);
		if (err)
			return err;
		place->node->source = t->source;
	} else {
		err = merge_make_way(t, e, place, false);
		if (!err)
			err = merge_name(t, place, inode);
		if (err)
			return err;
	}
	if (attrs)
		stage_apply(t, inode, e, attrs);
	return 0;
}

/* Stage @e as the first name of a file that has further ones. */
static errcode_t add_first(struct tree *t, const struct entry *e,
			   const struct stage_attributes *attrs,
			   struct merge_place *place)
{
	struct tree_inode *inode;
	errcode_t err;

	err = merge_make_way(t, e, place, false);
	if (!err)
		err = stage_inode(t, place->dir, e, attrs, &inode);
	if (!err)
		err = merge_name(t, place, inode);
	if (err)
		return err;
	if (links_set(&t->tables->hosts, e->link_dev, e->link_ino, inode))
		return diag_nomem(t->options.diag);
	return 0;
}

errcode_t merge_identity(struct tree *t, const struct entry *e)
{
	struct stage_attributes attrs;
	struct merge_place place;
	struct tree_inode *inode;
	errcode_t err;

	err = merge_find_place(t, e, &place);
	if (!err)
		err = stage_prepare(t, e, &attrs);
	if (err)
		return err;
	inode = links_find(&t->tables->hosts, e->link_dev, e->link_ino);
	if (!inode || !is_same(inode, e))
		return add_first(t, e, &attrs, &place);
	if (is_full(inode) && !(place.node && place.node->inode == inode)) {
		err = warn_full(t, e);
		return err ? err : add_first(t, e, &attrs, &place);
	}
	return join(t, e, &attrs, &place, inode);
}

/* Find the node that e->hardlink names. */
static errcode_t find_target(struct tree *t, const struct entry *e,
			     struct node **ret)
{
	struct node *dir, *n = NULL;
	const char *name;
	errcode_t err;

	if (!strcmp(e->hardlink, e->path))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY, "hard link to itself");
	err = *e->hardlink ? path_parent(t, e->path, e->hardlink, PATH_FIND,
					 &dir, &name) : 0;
	if (err && err != ENOENT)
		return err;
	if (!*e->hardlink)
		n = t->root;
	else if (!err)
		n = node_child(t, dir, name, strlen(name));
	if (!n)
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY,
				  "hard link to %s, which is not in the %s so "
				  "far", e->hardlink,
				  t->source_is_archive ? "archive" : "source");
	if (node_is_folder(n))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_TYPE,
				  "hard link to %s, which is a folder",
				  *e->hardlink ? e->hardlink : "/");
	*ret = n;
	return 0;
}

/* Find the copy of @first that takes further names, or make one. */
static errcode_t find_copy(struct tree *t, const struct entry *e,
			   const struct node *dir, struct tree_inode *first,
			   struct tree_inode **ret)
{
	uint64_t key = (uintptr_t)first;
	struct tree_inode *copy = links_find(&t->tables->copies, key, 0);
	errcode_t err;

	if (copy && copy->links && !is_full(copy)) {
		*ret = copy;
		return 0;
	}
	/* Nobody has read the content. */
	if (first->on_disk)
		return diag_error(t->options.diag, e->path, EMLINK, NULL);
	err = warn_full(t, e);
	if (!err)
		err = stage_copy(t, dir, e->path, first, &copy);
	if (err)
		return err;
	if (links_set(&t->tables->copies, key, 0, copy)) {
		inode_drop(t, copy);
		return diag_nomem(t->options.diag);
	}
	*ret = copy;
	return 0;
}

/* cpio: the data may come with any of the names, mostly with the last. */
static errcode_t replace_content(struct tree *t, const struct entry *e,
				 struct tree_inode *inode)
{
	errcode_t err;

	if (!S_ISREG(inode->mode))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY,
				  "hard link with data to %s, which is no "
				  "regular file", e->hardlink);
	err = load_open(t, inode);
	if (err)
		return err;
	inode->content_changed = true;
	return stage_content(t, inode, e);
}

errcode_t merge_hardlink(struct tree *t, const struct entry *e)
{
	struct node *target = NULL;
	struct merge_place place;
	struct tree_inode *inode;
	errcode_t err;

	err = find_target(t, e, &target);
	if (!err)
		err = merge_find_place(t, e, &place);
	if (err)
		return err;
	inode = target->inode;
	if (place.node == target)
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_ENTRY, "hard link to itself");
	if (is_full(inode) && !(place.node && place.node->inode == inode))
		err = find_copy(t, e, place.dir, inode, &inode);
	if (!err)
		err = join(t, e, NULL, &place, inode);
	if (!err && e->n_data)
		err = replace_content(t, e, inode);
	return err;
}
