// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Merging: the later entry wins.  What an entry meets under its name decides:
 *
 *	there		entry		same source	an earlier source
 *	nothing		any		added		added
 *	folder		folder		attributes	attributes
 *	non-folder	non-folder	replaced, note	replaced
 *	non-folder	folder		error		replaced, warning
 *	empty folder	non-folder	error		replaced, warning
 *	other folder	non-folder	error		error
 *
 * Content is staged after the old one has gone: replacing a file needs no
 * room for both.
 */
#include "tree/merge.h"

#include <errno.h>
#include <string.h>

#include "base/errors.h"
#include "tree/node.h"
#include "tree/path.h"
#include "tree/stage.h"

/* The kind of @n, as a message has it. */
static const char *kind(struct tree *t, struct node *n)
{
	switch (n->inode->mode & S_IFMT) {
	case S_IFDIR:
		return node_is_empty(t, n) ? "a folder" :
					     "a folder that is not empty";
	case S_IFREG:
		return "a file";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFCHR:
	case S_IFBLK:
		return "a device";
	case S_IFIFO:
		return "a FIFO";
	default:
		return "a socket";
	}
}

static bool is_repeat(const struct tree *t, const struct node *n)
{
	return n->source == t->source;
}

errcode_t merge_find_place(struct tree *t, const struct entry *e,
			   struct merge_place *place)
{
	errcode_t err;

	err = path_parent(t, e->path, e->path, PATH_MAKE, &place->dir,
			  &place->name);
	if (!err)
		place->node = node_child(t, place->dir, place->name,
					 strlen(place->name));
	return err;
}

errcode_t merge_note_repeat(const struct tree *t, const struct entry *e,
			    const struct node *n)
{
	const char *where = t->source_is_archive ? "archive" : "source";

	if (!is_repeat(t, n))
		return 0;
	if (t->options.diag->strict)
		return diag_error(t->options.diag, e->path, E4PACK_ET_STRICT,
				  "the %s has it twice", where);
	diag_note(t->options.diag, DIAG_VERBOSE, e->path,
		  "the %s has it twice: the last one counts", where);
	return 0;
}

errcode_t merge_make_way(struct tree *t, const struct entry *e,
			 struct merge_place *place, bool folder)
{
	struct node *n = place->node;
	bool other_kind;
	errcode_t err;

	if (!n)
		return 0;
	other_kind = folder != node_is_folder(n);
	if (other_kind && (is_repeat(t, n) ||
			   (!folder && !node_is_empty(t, n))))
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_BAD_TYPE, "%s is in the way",
				  kind(t, n));
	if (other_kind)
		err = diag_warning(t->options.diag, e->path,
				   "replaces %s of an earlier source",
				   kind(t, n));
	else
		err = merge_note_repeat(t, e, n);
	if (err)
		return err;
	node_remove(t, n);
	place->node = NULL;
	return 0;
}

errcode_t merge_name(struct tree *t, const struct merge_place *place,
		     struct tree_inode *inode)
{
	if (node_insert(t, place->dir, place->name, strlen(place->name),
			inode))
		return 0;
	if (!inode->links)
		inode_drop(t, inode);
	return diag_nomem(t->options.diag);
}

/* Set the attributes of a folder that is there. */
static errcode_t merge_folder(struct tree *t, const struct entry *e,
			      struct node *n)
{
	struct stage_attributes attrs;
	errcode_t err;

	err = merge_note_repeat(t, e, n);
	if (!err)
		err = stage_prepare(t, e, &attrs);
	if (err)
		return err;
	stage_apply(t, n->inode, e, &attrs);
	t->made_parents -= !n->source;
	n->source = t->source;
	return 0;
}

/* Return: the folder that is to have the attributes of @e, or NULL if it
 * has yet to be made. */
static struct node *existing_folder(struct tree *t, const struct entry *e,
				    struct node *n)
{
	struct node *folder;

	if (!n || node_is_folder(n))
		return n;
	if (S_ISLNK(n->inode->mode) && t->options.keep_dir_symlinks &&
	    !path_folder(t, e->path, e->path, strlen(e->path), PATH_PROBE,
			 &folder))
		return folder;
	return NULL;
}

static errcode_t add_inode(struct tree *t, const struct entry *e,
			   struct merge_place *place)
{
	struct stage_attributes attrs;
	struct tree_inode *inode;
	errcode_t err;

	err = stage_prepare(t, e, &attrs);
	if (!err)
		err = merge_make_way(t, e, place,
				     S_ISDIR(e->mode));
	if (!err)
		err = stage_inode(t, place->dir, e, &attrs, &inode);
	if (!err)
		err = merge_name(t, place, inode);
	return err;
}

static errcode_t add_named(struct tree *t, const struct entry *e)
{
	struct merge_place place;
	struct node *folder;
	errcode_t err;

	err = merge_find_place(t, e, &place);
	if (err)
		return err;
	if (S_ISDIR(e->mode)) {
		folder = existing_folder(t, e, place.node);
		if (folder)
			return merge_folder(t, e, folder);
	}
	return add_inode(t, e, &place);
}

static errcode_t add_root(struct tree *t, const struct entry *e)
{
	if (!S_ISDIR(e->mode) || e->hardlink)
		return diag_error(t->options.diag, "/", E4PACK_ET_BAD_TYPE,
				  "the root can only be a folder");
	return merge_folder(t, e, t->root);
}

errcode_t tree_add(struct tree *t, const struct entry *e)
{
	errcode_t err;

	if (!t->source)
		return diag_error(t->options.diag, e->path,
				  E4PACK_ET_SEQUENCE,
				  "added before a source was begun");
	if (!e->hardlink) {
		err = stage_check(t, e);
		if (err)
			return err;
	}
	if (!*e->path)
		return add_root(t, e);
	if (e->hardlink)
		return merge_hardlink(t, e);
	if (e->has_identity && !S_ISDIR(e->mode))
		return merge_identity(t, e);
	return add_named(t, e);
}
