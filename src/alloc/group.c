// SPDX-License-Identifier: GPL-2.0-or-later
/* Block groups: their counts, their buddies, and the trees to find them by. */
#include "alloc/group.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/trace.h"

static int compare_orders(int order_a, uint32_t a, int order_b, uint32_t b)
{
	if (order_a != order_b)
		return order_a < order_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int compare_largest(const struct group *a, const struct group *b)
{
	return compare_orders(a->largest_order, a->number,
			      b->largest_order, b->number);
}

static int compare_average(const struct group *a, const struct group *b)
{
	return compare_orders(a->average_order, a->number,
			      b->average_order, b->number);
}

/* RB_GENERATE_STATIC() needs a name that libbsd does not define here. */
#define TREE_SCOPE static __attribute__((unused))
RB_GENERATE_INTERNAL(largest_tree, group, by_largest, compare_largest,
		     TREE_SCOPE)
RB_GENERATE_INTERNAL(average_tree, group, by_average, compare_average,
		     TREE_SCOPE)

const struct buddy_counts *group_counts(const struct group *g)
{
	return g->buddy ? &g->buddy->counts : &g->counts;
}

/* Put @g where its counts say. */
static void group_file(struct group_set *s, struct group *g)
{
	const struct buddy_counts *counts = group_counts(g);
	int largest = buddy_counts_largest_order(counts);
	int average = buddy_counts_average_order(counts, s->max_order);

	if (largest != g->largest_order) {
		if (g->largest_order >= 0)
			RB_REMOVE(largest_tree, &s->by_largest, g);
		g->largest_order = largest;
		if (largest >= 0)
			RB_INSERT(largest_tree, &s->by_largest, g);
	}
	if (average != g->average_order) {
		if (g->average_order >= 0)
			RB_REMOVE(average_tree, &s->by_average, g);
		g->average_order = average;
		if (average >= 0)
			RB_INSERT(average_tree, &s->by_average, g);
	}
}

struct group_run group_position(const struct group_set *s, uint64_t block)
{
	uint64_t at = block - s->geo->first_block;
	struct group_run run = { .len = 0 };

	run.group = (uint32_t)(at / s->geo->group_blocks);
	run.start = (uint32_t)(at % s->geo->group_blocks >>
			       s->geo->cluster_bits);
	return run;
}

uint64_t group_block(const struct group_set *s, const struct group_run *run)
{
	return s->geo->first_block +
		(uint64_t)run->group * s->geo->group_blocks +
		((uint64_t)run->start << s->geo->cluster_bits);
}

/* The part of the free run @run that lies in group @g; len 0: none. */
static struct group_run run_in_group(const struct group_set *s, uint32_t g,
				     const struct free_run *run)
{
	struct group_run part = { .group = g };
	uint64_t first = group_block(s, &part);
	uint64_t behind = first + s->geo->group_blocks;
	uint64_t start = run->start > first ? run->start : first;
	uint64_t end = run->start + run->len;

	if (end > behind)
		end = behind;
	if (start >= end)
		return part;
	part.start = (uint32_t)((start - first) >> s->geo->cluster_bits);
	part.len = (uint32_t)((end - start) >> s->geo->cluster_bits);
	return part;
}

static bool whole_clusters(const struct group_set *s,
			   const struct free_run *run)
{
	uint64_t mask = (UINT64_C(1) << s->geo->cluster_bits) - 1;
	uint64_t at;

	if (run->start < s->geo->first_block ||
	    run->start + run->len > s->geo->blocks)
		return false;
	at = run->start - s->geo->first_block;
	/* A last cluster that the end of the file system cuts is no gap. */
	return !((at | run->len) & mask);
}

static errcode_t count_run(struct group_set *s, const struct free_run *run)
{
	uint32_t g;
	struct group_run part;

	if (!whole_clusters(s, run))
		return E4PACK_ET_BUG;
	g = group_position(s, run->start).group;
	for (; g < s->n; g++) {
		part = run_in_group(s, g, run);
		if (!part.len)
			break;
		buddy_counts_add(&s->groups[g].counts, s->max_order,
				 part.start, part.len);
	}
	return 0;
}

errcode_t group_set_init(struct group_set *s,
			 const struct request_geometry *geo,
			 const struct free_runs *fr)
{
	uint64_t blocks = geo->blocks - geo->first_block;
	struct free_run *run;
	errcode_t err = 0;
	uint32_t i;

	s->n = (uint32_t)((blocks + geo->group_blocks - 1) /
			  geo->group_blocks);
	s->clusters = geo->group_blocks >> geo->cluster_bits;
	s->max_order = geo->block_bits + 1;
	s->geo = geo;
	RB_INIT(&s->by_largest);
	RB_INIT(&s->by_average);
	s->groups = calloc(s->n, sizeof(*s->groups));
	if (!s->groups)
		return ENOMEM;
	for (run = free_runs_first(fr); run && !err; run = free_runs_next(run))
		err = count_run(s, run);
	for (i = 0; i < s->n && !err; i++) {
		s->groups[i].number = i;
		s->groups[i].largest_order = -1;
		s->groups[i].average_order = -1;
		group_file(s, &s->groups[i]);
	}
	if (err)
		group_set_release(s);
	return err;
}

void group_set_release(struct group_set *s)
{
	uint32_t i;

	for (i = 0; s->groups && i < s->n; i++) {
		if (!s->groups[i].buddy)
			continue;
		buddy_release(s->groups[i].buddy);
		free(s->groups[i].buddy);
	}
	free(s->groups);
	s->groups = NULL;
}

static errcode_t load_runs(struct buddy *b, const struct group_set *s,
			   uint32_t number, const struct free_runs *fr)
{
	struct group_run part = { .group = number };
	struct free_run *run = free_runs_from(fr, group_block(s, &part));
	errcode_t err = 0;

	for (; run && !err; run = free_runs_next(run)) {
		part = run_in_group(s, number, run);
		if (!part.len)
			break;
		err = buddy_mark_free(b, part.start, part.len);
	}
	return err;
}

errcode_t group_load(struct group_set *s, uint32_t number,
		     const struct free_runs *fr)
{
	struct group *g = &s->groups[number];
	struct buddy *b;
	errcode_t err;

	if (g->buddy)
		return 0;
	b = malloc(sizeof(*b));
	if (!b)
		return ENOMEM;
	err = buddy_init(b, s->clusters, s->max_order);
	if (!err) {
		err = load_runs(b, s, number, fr);
		if (err)
			buddy_release(b);
	}
	if (err) {
		free(b);
		return err;
	}
	g->buddy = b;
	TRACE(s->trace, TRACE_MB_BITMAP_LOAD, number);
	TRACE(s->trace, TRACE_MB_BUDDY_BITMAP_LOAD, number);
	return 0;
}

errcode_t group_mark_used(struct group_set *s, const struct group_run *run)
{
	struct group *g = &s->groups[run->group];
	errcode_t err = buddy_mark_used(g->buddy, run->start, run->len);

	group_file(s, g);
	return err;
}

errcode_t group_mark_free(struct group_set *s, const struct group_run *run)
{
	struct group *g = &s->groups[run->group];
	errcode_t err = buddy_mark_free(g->buddy, run->start, run->len);

	group_file(s, g);
	return err;
}

uint32_t group_first_broken(const struct group_set *s,
			    const struct group_run *run, uint32_t *tail)
{
	return buddy_first_broken(s->groups[run->group].buddy, run->start,
				  run->len, tail);
}

struct group *group_by_largest(struct group_set *s, int order, uint32_t from)
{
	struct group key = { .number = from, .largest_order = order };
	struct group *g = RB_NFIND(largest_tree, &s->by_largest, &key);

	return g && g->largest_order == order ? g : NULL;
}

struct group *group_by_average(struct group_set *s, int order, uint32_t from)
{
	struct group key = { .number = from, .average_order = order };
	struct group *g = RB_NFIND(average_tree, &s->by_average, &key);

	return g && g->average_order == order ? g : NULL;
}
