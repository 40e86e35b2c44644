// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names and inodes of an image that is edited, as they are asked for.
 *
 * A folder on disk is partial: its children are those that somebody looked
 * for, and those that were added.  What is in the tree stands; what is not,
 * the disk is asked for, unless the name is among those that are gone.
 *
 *	names of the folder = children + (names on disk - children - gone)
 *
 * An inode is in the tree once, whatever names lead to it.  A folder has one
 * name only, or a walk downwards might never end: a second one is damage.
 *
 * A look-up that fails must not pass for a name that is not there; but as
 * nothing of an edit reaches the image unless all of it does, it is enough to
 * remember the failure in the tree.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "tree/node.h"

static void fail(struct tree *t, errcode_t err)
{
	if (!t->failed)
		t->failed = err;
}

static bool has_gone(const struct tree_inode *dir, const char *name,
		     size_t len)
{
	return names_find(&dir->dir.gone, name, len);
}

/* The inode of the image with number @ino. */
static errcode_t load_inode(struct tree *t, uint32_t ino,
			    struct tree_inode **ret)
{
	struct tree_inode *inode = links_find(&t->tables->numbers, 0, ino);
	errcode_t err;

	if (inode) {
		*ret = inode;
		return 0;
	}
	inode = inode_alloc(t);
	if (!inode)
		return diag_nomem(t->options.diag);
	inode->ino = ino;
	inode->on_disk = true;
	err = t->options.image->load(t->options.image_arg, inode);
	if (err)
		return err;
	if (S_ISDIR(inode->mode))
		inode->dir.partial = true;
	if (links_set(&t->tables->numbers, 0, ino, inode))
		return diag_nomem(t->options.diag);
	*ret = inode;
	return 0;
}

struct node *node_load(struct tree *t, const struct node *dir,
		       const char *name, size_t len, uint32_t ino)
{
	struct tree_inode *inode = NULL;
	struct node *n = NULL;
	errcode_t err;

	err = load_inode(t, ino, &inode);
	if (!err && S_ISDIR(inode->mode) && inode->dir.node)
		err = diag_error(t->options.diag, NULL, E4PACK_ET_BAD_IMAGE,
				 "folder inode %u has two names: run e2fsck",
				 ino);
	if (!err) {
		n = node_alloc(t, name, len);
		if (!n)
			err = diag_nomem(t->options.diag);
	}
	if (!err) {
		n->inode = inode;
		n->parent = (struct node *)dir;
		n->source = NODE_OF_IMAGE;
		n->on_disk = true;
		if (node_link(t, dir->inode, n))
			err = diag_nomem(t->options.diag);
	}
	if (err) {
		fail(t, err);
		return NULL;
	}
	if (S_ISDIR(inode->mode))
		inode->dir.node = n;
	dir->inode->dir.n++;
	dir->inode->dir.name_bytes += node_bytes(n);
	return n;
}

errcode_t load_open(struct tree *t, const struct tree_inode *inode)
{
	const struct tree_image *image = t->options.image;

	return inode->on_disk && image->open ?
		image->open(t->options.image_arg, inode) : 0;
}

struct node *node_child(struct tree *t, const struct node *dir,
			const char *name, size_t len)
{
	struct node *n = node_known_child(dir->inode, name, len);
	uint32_t ino = 0;
	errcode_t err;

	if (n || !S_ISDIR(dir->inode->mode) || !dir->inode->dir.partial ||
	    t->failed || has_gone(dir->inode, name, len))
		return n;
	err = t->options.image->look_up(t->options.image_arg, dir->inode, name,
					len, &ino);
	if (err)
		fail(t, err);
	return !err && ino ? node_load(t, dir, name, len, ino) : NULL;
}

struct listing {
	struct tree *t;
	struct node *dir;
};

static errcode_t take_listed(void *arg, const char *name, size_t len,
			     uint32_t ino)
{
	struct listing *l = arg;
	const struct tree_inode *dir = l->dir->inode;

	if (node_known_child(dir, name, len) || has_gone(dir, name, len))
		return 0;
	return node_load(l->t, l->dir, name, len, ino) ? 0 : l->t->failed;
}

errcode_t tree_load_folder(struct tree *t, struct node *dir)
{
	struct listing l = { t, dir };
	errcode_t err;

	if (!dir->inode->dir.partial || t->failed)
		return t->failed;
	err = t->options.image->list(t->options.image_arg, dir->inode,
				     take_listed, &l);
	if (err)
		fail(t, err);
	else
		dir->inode->dir.partial = false;
	return err;
}

bool node_is_empty(struct tree *t, struct node *dir)
{
	if (!dir->inode->dir.n)
		tree_load_folder(t, dir);
	return !dir->inode->dir.n;
}

errcode_t load_root(struct tree *t)
{
	struct node *n = node_alloc(t, "", 0);
	struct tree_inode *inode;
	errcode_t err;

	if (!n)
		return diag_nomem(t->options.diag);
	err = load_inode(t, FORMAT_ROOT_INO, &inode);
	if (err)
		return err;
	if (!S_ISDIR(inode->mode))
		return diag_error(t->options.diag, NULL, E4PACK_ET_BAD_IMAGE,
				  "the root is no folder: run e2fsck");
	inode->dir.node = n;
	n->inode = inode;
	n->parent = n;
	n->source = NODE_OF_IMAGE;
	t->root = n;
	return 0;
}
