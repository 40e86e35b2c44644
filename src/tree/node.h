/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and inodes as data: no rule of merging, no message. */
#ifndef E4PACK_TREE_NODE_H
#define E4PACK_TREE_NODE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "tree/intern.h"
#include "tree/links.h"
#include "tree/tree.h"

/* What only this room knows of a tree. */
struct tree_tables {
	struct links hosts;	/* host device and inode number -> inode */
	struct links copies;	/* address of a full inode, 0 -> its copy that
				 * takes further names */
	struct intern xattrs;
	struct buf parent_path;	/* of the entry before, as it was given, ... */
	struct node *parent;	/* ... and its folder; NULL: not known */
};

static inline bool node_is_folder(const struct node *n)
{
	return S_ISDIR(n->inode->mode);
}

/* Whether @n is lost+found, which every image has. */
bool node_is_lost_found(const struct node *n);

/* An edit changed the names of folder @dir: its times follow if asked. */
void node_touch_folder(const struct tree *t, struct node *dir);

/* Return: the child of folder @dir with this name, or NULL. */
struct node *node_child(const struct node *dir, const char *name, size_t len);

/* Make an inode without a name.  Return: it, or NULL without memory. */
struct tree_inode *inode_new(struct tree *t, uint32_t mode);

/* Take an inode that has no name any more out of the image: its reservation
 * is released. */
void inode_drop(struct tree *t, struct tree_inode *inode);

/* Name @inode inside folder @dir, where the name is free; @len is at most
 * FORMAT_NAME_MAX.  Return: the node, or NULL without memory. */
struct node *node_insert(struct tree *t, struct node *dir, const char *name,
			 size_t len, struct tree_inode *inode);

/* Give the name @n, not the root, another folder and other bytes, in place of
 * what has them there, as node_remove(); @dir is not below @n.  What is below
 * @n comes with it, in no time.  Return: 0, or ENOMEM with nothing changed. */
errcode_t node_move(struct tree *t, struct node *n, struct node *dir,
		    const char *name, size_t len);

/* Take a name, not the root, out of the tree; a folder must be empty.  The
 * inode is dropped with its last name. */
void node_remove(struct tree *t, struct node *n);

#endif
