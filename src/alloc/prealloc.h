/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preallocations: stretches that were taken out of a buddy and are not yet
 * in use.  They live in memory only.  One kind belongs to an inode and maps a
 * stretch of its logical blocks; the other is a window of a locality group,
 * into which small files are packed from its beginning on.
 */
#ifndef E4PACK_ALLOC_PREALLOC_H
#define E4PACK_ALLOC_PREALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include "alloc/request.h"

struct prealloc {
	RB_ENTRY(prealloc) by_pblk, by_lblk;
	uint64_t pblk;		/* first physical block; moves in a window */
	uint32_t len;		/* clusters; shrinks in a window */
	uint32_t free;		/* clusters not in use yet */
	bool window;		/* of a locality group, not of an inode */
	uint32_t ino;		/* whose it is, where it is no window */
	uint32_t lblk;		/* what @pblk is for, where it is no window */
};

RB_HEAD(prealloc_pblk_tree, prealloc);
RB_HEAD(prealloc_lblk_tree, prealloc);

/* Windows are kept by the order of what is free in them: at most 8 of each
 * order, and when there are more, 5 of them stay. */
enum { WINDOW_ORDERS = 10, WINDOWS_MAX = 8, WINDOWS_KEPT = 5 };

struct prealloc_set {
	const struct request_geometry *geo;	/* not owned */
	struct prealloc_pblk_tree by_pblk;	/* all of them */
	struct prealloc_lblk_tree by_lblk;	/* inodes': by (ino, lblk) */
	struct prealloc *windows[WINDOW_ORDERS][WINDOWS_MAX + 1];
	size_t n_windows[WINDOW_ORDERS];
};

void prealloc_set_init(struct prealloc_set *s,
		       const struct request_geometry *geo);

/* Free all of them. */
void prealloc_set_release(struct prealloc_set *s);

/* Take in @pa, which now belongs to the set. */
void prealloc_add(struct prealloc_set *s, struct prealloc *pa);

/* Take @pa out of the set; the caller frees it. */
void prealloc_remove(struct prealloc_set *s, struct prealloc *pa);

/* The preallocation of inode @ino that holds @lblk, or NULL. */
struct prealloc *prealloc_of_inode(struct prealloc_set *s, uint32_t ino,
				   uint32_t lblk);

/* Any preallocation of inode @ino, or NULL. */
struct prealloc *prealloc_any_of_inode(struct prealloc_set *s, uint32_t ino);

/* Return: how many inode @ino has.  Linear in them. */
size_t prealloc_count_of_inode(struct prealloc_set *s, uint32_t ino);

/* What the preallocations of @ino leave around @lblk. */
struct request_room prealloc_room(struct prealloc_set *s, uint32_t ino,
				  uint32_t lblk);

/* The window with @len clusters to give that is closest to @goal, or NULL. */
struct prealloc *prealloc_window(struct prealloc_set *s, uint32_t len,
				 uint64_t goal);

/* How many windows like one with @free clusters left are to be given up, and
 * which of them is next. */
size_t prealloc_surplus(const struct prealloc_set *s, uint32_t free);
struct prealloc *prealloc_smallest(const struct prealloc_set *s,
				   uint32_t free);

/* The lowest preallocation that ends behind block @from, or NULL. */
struct prealloc *prealloc_from(struct prealloc_set *s, uint64_t from);

/* Count @len clusters of @pa as used; of a window, its first ones.  A
 * preallocation with nothing left stays until it is removed. */
void prealloc_use(struct prealloc_set *s, struct prealloc *pa, uint32_t len);

#endif
