// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The set of preallocations.
 *
 *	buddy free = free on disk - sum of what is free in preallocations
 *
 * new:		buddy free -= len;	free = len
 * use:		on disk free -= n;	free -= n
 * discard:	buddy free += free;	free = 0
 *
 * The sum is right after each of them, so that at the end, with all of them
 * discarded, buddy and disk agree and no preallocation has left a trace.
 */
#include "alloc/prealloc.h"

#include <stdlib.h>
#include <string.h>

static int compare_pblk(const struct prealloc *a, const struct prealloc *b)
{
	return a->pblk < b->pblk ? -1 : a->pblk > b->pblk;
}

static int compare_lblk(const struct prealloc *a, const struct prealloc *b)
{
	if (a->ino != b->ino)
		return a->ino < b->ino ? -1 : 1;
	return a->lblk < b->lblk ? -1 : a->lblk > b->lblk;
}

/* RB_GENERATE_STATIC() needs a name that libbsd does not define here. */
#define TREE_SCOPE static __attribute__((unused))
RB_GENERATE_INTERNAL(prealloc_pblk_tree, prealloc, by_pblk, compare_pblk,
		     TREE_SCOPE)
RB_GENERATE_INTERNAL(prealloc_lblk_tree, prealloc, by_lblk, compare_lblk,
		     TREE_SCOPE)

void prealloc_set_init(struct prealloc_set *s,
		       const struct request_geometry *geo)
{
	memset(s, 0, sizeof(*s));
	s->geo = geo;
	RB_INIT(&s->by_pblk);
	RB_INIT(&s->by_lblk);
}

void prealloc_set_release(struct prealloc_set *s)
{
	struct prealloc *pa;

	while ((pa = RB_MIN(prealloc_pblk_tree, &s->by_pblk))) {
		prealloc_remove(s, pa);
		free(pa);
	}
}

static size_t window_order(uint32_t clusters)
{
	size_t order = 0;

	while (clusters >>= 1)
		order++;
	return order < WINDOW_ORDERS ? order : WINDOW_ORDERS - 1;
}

/* Windows of one order are sorted by what is free in them, older first. */
static void window_add(struct prealloc_set *s, struct prealloc *pa)
{
	size_t order = window_order(pa->free);
	struct prealloc **list = s->windows[order];
	size_t i = s->n_windows[order]++;

	for (; i && list[i - 1]->free > pa->free; i--)
		list[i] = list[i - 1];
	list[i] = pa;
}

static void window_remove(struct prealloc_set *s, const struct prealloc *pa)
{
	size_t order = window_order(pa->free);
	struct prealloc **list = s->windows[order];
	size_t i = 0;

	while (list[i] != pa)
		i++;
	s->n_windows[order]--;
	for (; i < s->n_windows[order]; i++)
		list[i] = list[i + 1];
}

void prealloc_add(struct prealloc_set *s, struct prealloc *pa)
{
	RB_INSERT(prealloc_pblk_tree, &s->by_pblk, pa);
	if (pa->window)
		window_add(s, pa);
	else
		RB_INSERT(prealloc_lblk_tree, &s->by_lblk, pa);
}

void prealloc_remove(struct prealloc_set *s, struct prealloc *pa)
{
	RB_REMOVE(prealloc_pblk_tree, &s->by_pblk, pa);
	if (pa->window)
		window_remove(s, pa);
	else
		RB_REMOVE(prealloc_lblk_tree, &s->by_lblk, pa);
}

static uint64_t lblk_end(const struct prealloc_set *s,
			 const struct prealloc *pa)
{
	return pa->lblk + ((uint64_t)pa->len << s->geo->cluster_bits);
}

/* The preallocation of @ino that begins above @lblk, and with @left the one
 * before that; each may be NULL. */
static struct prealloc *neighbours(struct prealloc_set *s, uint32_t ino,
				   uint32_t lblk, struct prealloc **left)
{
	struct prealloc key = { .ino = ino, .lblk = lblk };
	struct prealloc *pa = RB_NFIND(prealloc_lblk_tree, &s->by_lblk, &key);
	struct prealloc *prev;

	if (pa && pa->ino == ino && pa->lblk == lblk) {
		prev = pa;
		pa = RB_NEXT(prealloc_lblk_tree, &s->by_lblk, pa);
	} else if (pa) {
		prev = RB_PREV(prealloc_lblk_tree, &s->by_lblk, pa);
	} else {
		prev = RB_MAX(prealloc_lblk_tree, &s->by_lblk);
	}
	*left = prev && prev->ino == ino ? prev : NULL;
	return pa && pa->ino == ino ? pa : NULL;
}

struct prealloc *prealloc_of_inode(struct prealloc_set *s, uint32_t ino,
				   uint32_t lblk)
{
	struct prealloc *left;

	neighbours(s, ino, lblk, &left);
	return left && lblk_end(s, left) > lblk ? left : NULL;
}

struct prealloc *prealloc_any_of_inode(struct prealloc_set *s, uint32_t ino)
{
	struct prealloc *left, *right = neighbours(s, ino, 0, &left);

	return left ? left : right;
}

size_t prealloc_count_of_inode(struct prealloc_set *s, uint32_t ino)
{
	struct prealloc key = { .ino = ino };
	struct prealloc *pa = RB_NFIND(prealloc_lblk_tree, &s->by_lblk, &key);
	size_t n = 0;

	for (; pa && pa->ino == ino; n++)
		pa = RB_NEXT(prealloc_lblk_tree, &s->by_lblk, pa);
	return n;
}

struct request_room prealloc_room(struct prealloc_set *s, uint32_t ino,
				  uint32_t lblk)
{
	struct prealloc *left, *right = neighbours(s, ino, lblk, &left);
	struct request_room room = { 0, UINT64_MAX };

	if (left)
		room.start = lblk_end(s, left);
	if (right)
		room.end = right->lblk;
	return room;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a < b ? b - a : a - b;
}

struct prealloc *prealloc_window(struct prealloc_set *s, uint32_t len,
				 uint64_t goal)
{
	struct prealloc *best = NULL;
	size_t order, i;

	for (order = window_order(len); order < WINDOW_ORDERS; order++) {
		for (i = 0; i < s->n_windows[order]; i++) {
			struct prealloc *pa = s->windows[order][i];

			if (pa->free < len)
				continue;
			if (!best || distance(pa->pblk, goal) <
			    distance(best->pblk, goal))
				best = pa;
		}
	}
	return best;
}

size_t prealloc_surplus(const struct prealloc_set *s, uint32_t free)
{
	size_t n = s->n_windows[window_order(free)];

	return n > WINDOWS_MAX ? n - WINDOWS_KEPT : 0;
}

struct prealloc *prealloc_smallest(const struct prealloc_set *s, uint32_t free)
{
	return s->windows[window_order(free)][0];
}

struct prealloc *prealloc_from(struct prealloc_set *s, uint64_t from)
{
	struct prealloc key = { .pblk = from };
	struct prealloc *pa = RB_NFIND(prealloc_pblk_tree, &s->by_pblk, &key);
	struct prealloc *prev = pa ?
		RB_PREV(prealloc_pblk_tree, &s->by_pblk, pa) :
		RB_MAX(prealloc_pblk_tree, &s->by_pblk);

	if (prev && prev->pblk +
	    ((uint64_t)prev->len << s->geo->cluster_bits) > from)
		return prev;
	return pa;
}

void prealloc_use(struct prealloc_set *s, struct prealloc *pa, uint32_t len)
{
	if (!pa->window) {
		pa->free -= len;
		return;
	}
	/* A window keeps its place by block: nothing lies between its old
	 * beginning and its new one. */
	window_remove(s, pa);
	pa->free -= len;
	pa->len -= len;
	pa->pblk += (uint64_t)len << s->geo->cluster_bits;
	window_add(s, pa);
}
