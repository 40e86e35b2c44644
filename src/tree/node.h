/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and inodes as data: no rule of merging, no message. */
#ifndef E4PACK_TREE_NODE_H
#define E4PACK_TREE_NODE_H

#include <sys/stat.h>

#include "base/buf.h"
#include "tree/intern.h"
#include "tree/links.h"
#include "tree/tree.h"

/* Make the root of the image that of the tree.  Reports.
 * Return: 0, ENOMEM, or what the image's calls returned. */
errcode_t load_root(struct tree *t);

/* Ask the image whether the content of @inode, a file, may be changed.
 * Reports.  Return: 0, or why not. */
errcode_t load_open(struct tree *t, const struct tree_inode *inode);

/* What only this room knows of a tree. */
struct tree_tables {
	struct links hosts;	/* host device and inode number -> inode */
	struct links copies;	/* address of a full inode, 0 -> its copy that
				 * takes further names */
	struct links numbers;	/* 0, number of an inode of the image ->
				 * inode */
	struct intern xattrs;
	struct name_leaf *spare;	/* for the next name, or NULL, ... */
	struct name_leaf *gone_spare;	/* ... and the next that is gone */
	struct buf parent_path;	/* of the entry before, as it was given, ... */
	struct node *parent;	/* ... and its folder; NULL: not known */
};

/* Inodes lie side by side, so that all of them can be gone through. */
enum { CHUNK_INODES = 32 };

struct inode_chunk {
	struct inode_chunk *next;	/* older ones, all in use */
	uint32_t used;
	struct tree_inode inodes[CHUNK_INODES];
};

/* The "source" of names that the image has. */
#define NODE_OF_IMAGE UINT32_MAX

static inline bool node_is_folder(const struct node *n)
{
	return S_ISDIR(n->inode->mode);
}

/* Bytes that the name takes in a block of its folder. */
static inline uint32_t node_bytes(const struct node *n)
{
	return 8 + ((n->name_len + 3u) & ~3u);
}

/* Whether @n is lost+found, which every image has. */
bool node_is_lost_found(const struct node *n);

/* An edit changed what @inode holds, names or bytes, or only what it is: its
 * times follow if asked. */
void inode_touch_content(const struct tree *t, struct tree_inode *inode);
void inode_touch(const struct tree *t, struct tree_inode *inode);

/* Return: the child of folder @dir with this name, or NULL: also where the
 * image could not be read, see t->failed. */
struct node *node_child(struct tree *t, const struct node *dir,
			const char *name, size_t len);

/* As node_child(), but only what is in the tree already. */
struct node *node_known_child(const struct tree_inode *dir, const char *name,
			      size_t len);

/* Whether folder @dir has no names; as node_child(). */
bool node_is_empty(struct tree *t, struct node *dir);

/* Put a name that the image has into the tree, and what it names.
 * Return: it, or NULL with t->failed set. */
struct node *node_load(struct tree *t, const struct node *dir,
		       const char *name, size_t len, uint32_t ino);

/* Make room for a node with a name of @len bytes.
 * Return: it, all zero but the name, or NULL without memory. */
struct node *node_alloc(struct tree *t, const char *name, size_t len);

/* Link @n, whose name is set, into the names of @dir; nothing is counted.
 * Return: 0 or ENOMEM. */
errcode_t node_link(struct tree *t, struct tree_inode *dir, struct node *n);

/* Make room for an inode.  Return: it, all zero, or NULL without memory. */
struct tree_inode *inode_alloc(struct tree *t);

/* Make an inode that will be named in folder @dir; NULL: the root.
 * Return: it, or NULL without memory. */
struct tree_inode *inode_new(struct tree *t, const struct node *dir,
			     uint32_t mode);

/* Take an inode that has no name any more out of the image: its reservation
 * is released. */
void inode_drop(struct tree *t, struct tree_inode *inode);

/* Name @inode inside folder @dir, where the name is free; @len is at most
 * FORMAT_NAME_MAX.  Return: the node, or NULL without memory. */
struct node *node_insert(struct tree *t, struct node *dir, const char *name,
			 size_t len, struct tree_inode *inode);

/* Give the name @n, not the root, another folder and other bytes, in place of
 * what has them there, as node_remove(); @dir is not below @n.  What is below
 * @n comes with it.  For a longer name @n may become another node.
 * Return: 0, or ENOMEM with nothing changed. */
errcode_t node_move(struct tree *t, struct node *n, struct node *dir,
		    const char *name, size_t len);

/* Take a name, not the root, out of the tree; a folder must be empty.  The
 * inode is dropped with its last name. */
void node_remove(struct tree *t, struct node *n);

#endif
