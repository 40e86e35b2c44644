/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inodes by a pair of numbers: the identity of a file on the host, or the
 * inode that a further copy belongs to. */
#ifndef E4PACK_TREE_LINKS_H
#define E4PACK_TREE_LINKS_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct tree_inode;

struct link_slot {
	uint64_t a, b;
	struct tree_inode *inode;	/* NULL: the slot is free */
};

/* A hash table.  Zero it, or links_release(). */
struct links {
	struct link_slot *slots;
	size_t n;	/* in use, at most half of size */
	size_t size;	/* a power of two, or 0 */
};

/* Return: what links_set() put there last, or NULL. */
struct tree_inode *links_find(const struct links *l, uint64_t a, uint64_t b);

/* Put @inode there, in place of another.  Return: 0 or ENOMEM. */
errcode_t links_set(struct links *l, uint64_t a, uint64_t b,
		    struct tree_inode *inode);

void links_release(struct links *l);

#endif
