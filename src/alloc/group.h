/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The block groups of an image, as the criteria look for them: by order of
 * their largest free chunk, by order of their average free run.  The buddy
 * of a group is made when it is first needed; its counts are always there.
 */
#ifndef E4PACK_ALLOC_GROUP_H
#define E4PACK_ALLOC_GROUP_H

#include <stdint.h>

#include <bsd/sys/tree.h>
#include <et/com_err.h>

#include "alloc/buddy.h"
#include "alloc/free_runs.h"
#include "alloc/request.h"

struct group {
	RB_ENTRY(group) by_largest, by_average;
	uint32_t number;
	int largest_order, average_order;	/* -1: full, in no tree */
	struct buddy_counts counts;	/* until there is a buddy */
	struct buddy *buddy;		/* NULL: not made yet */
};

RB_HEAD(largest_tree, group);
RB_HEAD(average_tree, group);

struct group_set {
	struct group *groups;
	uint32_t n;
	uint32_t clusters;		/* of a whole group */
	uint32_t max_order;
	const struct request_geometry *geo;	/* not owned */
	struct trace *trace;		/* NULL: nobody is told */
	struct largest_tree by_largest;	/* ordered by (order, number) */
	struct average_tree by_average;
};

/* A stretch of one group. */
struct group_run {
	uint32_t group, start, len;	/* start and len in clusters */
};

/* Count the free runs of each group.
 * Return: 0, to be paired with group_set_release(); ENOMEM; E4PACK_ET_BUG
 * when a run is not made of whole clusters of the file system. */
errcode_t group_set_init(struct group_set *s,
			 const struct request_geometry *geo,
			 const struct free_runs *fr);
void group_set_release(struct group_set *s);

/* Make the buddy of group @number, if there is none, from the free runs.
 * Return: 0 or ENOMEM. */
errcode_t group_load(struct group_set *s, uint32_t number,
		     const struct free_runs *fr);

const struct buddy_counts *group_counts(const struct group *g);

/* Turn clusters of a loaded group used or free.
 * Return: 0 or E4PACK_ET_BUG, as of the buddy. */
errcode_t group_mark_used(struct group_set *s, const struct group_run *run);
errcode_t group_mark_free(struct group_set *s, const struct group_run *run);

/* The first group from @from on whose largest chunk is of @order, or whose
 * average free run is; NULL: none. */
struct group *group_by_largest(struct group_set *s, int order, uint32_t from);
struct group *group_by_average(struct group_set *s, int order, uint32_t from);

/* As buddy_first_broken(), for clusters of a loaded group. */
uint32_t group_first_broken(const struct group_set *s,
			    const struct group_run *run, uint32_t *tail);

/* Where block @block lies: its group and position, with a length of 0. */
struct group_run group_position(const struct group_set *s, uint64_t block);

/* The first block of @run. */
uint64_t group_block(const struct group_set *s, const struct group_run *run);

#endif
