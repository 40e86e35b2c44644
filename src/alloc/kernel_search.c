// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the kernel looks for free space.
 *
 * find_by_goal: where the request continues a mapped neighbour, the extent
 * right there is taken if it is as long as the goal.
 *
 * Else criteria 0 to 4, each with another idea of a good group and of a good
 * extent, and each one from the goal's group on, around to it again:
 *
 *	0  the goal is a power of two: the first chunk of that order or the
 *	   next higher one there is; no free runs are measured.  The first
 *	   group of a flex group is left to metadata.
 *	1  free / fragments >= goal: some run must be long enough
 *	2  the same for the goal cut to a power of two, then halved up to
 *	   three times, but not below the request; regular files only
 *	3  free >= goal: some run might be
 *	4  anything
 *
 * With optimize_scan criteria 0 to 2 do not go from group to group: they look
 * groups up by the order of the largest chunk or of the average run.
 *
 * A stream begins where the last stream found something, instead of at its
 * goal, so that writers of large files fill the groups one after another.
 *
 * Measuring: an extent of exactly the wanted length ends the search; else the
 * shortest that is long enough is kept, or the longest that is too short.
 * After 10 extents in all anything long enough will do, as it will at the end
 * of a group; after 200 the search ends with what it has.
 */
#include "alloc/kernel_search.h"

#include "base/errors.h"

enum {
	MIN_TO_SCAN = 10,	/* extents, before good is good enough */
	MAX_TO_SCAN = 200,	/* extents in all */
	ORDER2_REQUESTS = 2,	/* bits of the least goal for criterion 0 */
	MAX_TRIM_ORDER = 3,	/* how often criterion 2 halves */
	FLEX_GROUPS_FOR_INODES = 4,
};

/* Bits that @n needs, as the kernel counts orders. */
static uint32_t bits_of(uint32_t n)
{
	return n ? 32 - (uint32_t)__builtin_clz(n) : 0;
}

static bool is_power2(uint32_t n)
{
	return n && !(n & (n - 1));
}

/* Whether it is worth while to search group @g. */
static bool good_group(const struct kernel_search *s, const struct group *g)
{
	const struct buddy_counts *counts = group_counts(g);
	uint32_t flex = s->groups->geo->flex_groups;

	if (!counts->free)
		return false;
	switch (s->criteria) {
	case CR_POWER2_ALIGNED:
		if (s->data && flex >= FLEX_GROUPS_FOR_INODES &&
		    g->number % flex == 0)
			return false;
		return counts->free >= s->wanted &&
			g->largest_order >= (int)s->order;
	case CR_GOAL_LEN_FAST:
	case CR_BEST_AVAIL_LEN:
		return counts->free / counts->fragments >= s->wanted;
	case CR_GOAL_LEN_SLOW:
		return counts->free >= s->wanted;
	default:
		return true;
	}
}

static void check_limits(struct kernel_search *s, bool group_ends)
{
	if (s->done)
		return;
	if (s->found > MAX_TO_SCAN)
		s->done = true;
	else if (s->best.len >= s->wanted)
		s->done = group_ends || s->found > MIN_TO_SCAN;
}

/* Whether the extent @e of @len serves better than the best so far. */
static bool is_better(const struct kernel_search *s, uint32_t len)
{
	if (!s->best.len || len == s->wanted)
		return true;
	if (s->best.len < s->wanted)
		return len > s->best.len;
	return len > s->wanted && len < s->best.len;
}

static void measure_extent(struct kernel_search *s, uint32_t group,
			   const struct buddy_run *e)
{
	bool first = !s->best.len;

	s->found++;
	if (is_better(s, e->len))
		s->best = (struct group_run){ group, e->start, e->len };
	if (e->len == s->wanted)
		s->done = true;
	else if (!first)
		check_limits(s, false);
}

/* Criterion 0: the first chunk, with nothing measured. */
static void simple_scan_group(struct kernel_search *s, const struct group *g)
{
	struct buddy_run e = buddy_first_chunk(g->buddy, s->order);

	if (!e.len)
		return;
	s->found++;
	s->best = (struct group_run){ g->number, e.start, e.len };
	s->done = true;
}

/* Criteria 1 to 4: free runs in order.  Where the average says that there is
 * a long one, short ones are passed over. */
static void complex_scan_group(struct kernel_search *s, const struct group *g)
{
	bool pass_short = s->criteria < CR_GOAL_LEN_SLOW;
	struct buddy_run run = buddy_next_run(g->buddy, 0);

	while (run.len && !s->done) {
		struct buddy_run e = run;

		if (!pass_short || run.len >= s->wanted) {
			e = buddy_extent_at(g->buddy, run.start, s->wanted);
			measure_extent(s, g->number, &e);
		}
		run = buddy_next_run(g->buddy, e.start + e.len);
	}
	check_limits(s, true);
}

static errcode_t search_group(struct kernel_search *s, struct group *g)
{
	errcode_t err;

	if (!good_group(s, g))
		return 0;
	err = group_load(s->groups, g->number, s->free);
	if (err)
		return err;
	s->scanned++;
	if (s->criteria == CR_POWER2_ALIGNED)
		simple_scan_group(s, g);
	else
		complex_scan_group(s, g);
	return 0;
}

typedef struct group *group_finder(struct group_set *set, int order,
				   uint32_t from);

/* The groups of one order with numbers in [@from, @end). */
static errcode_t search_order(struct kernel_search *s, group_finder *find,
			      uint32_t order, uint32_t from, uint32_t end)
{
	struct group *g = find(s->groups, (int)order, from);
	errcode_t err = 0;

	while (g && g->number < end && !s->done && !err) {
		err = search_group(s, g);
		g = find(s->groups, (int)order, g->number + 1);
	}
	return err;
}

static errcode_t search_orders_up(struct kernel_search *s, group_finder *find,
				  uint32_t order, uint32_t from, uint32_t end)
{
	errcode_t err = 0;

	for (; order <= s->groups->max_order && !s->done && !err; order++)
		err = search_order(s, find, order, from, end);
	return err;
}

/* Criterion 2: look for ever shorter extents of whole powers of two. */
static errcode_t search_trimmed(struct kernel_search *s, uint32_t from,
				uint32_t end)
{
	int order = (int)bits_of(s->goal.extent.len) - 1;
	int least = order > MAX_TRIM_ORDER ? order - MAX_TRIM_ORDER : 0;
	uint32_t class;
	errcode_t err = 0;

	if (1U << least < s->original.len)
		least = (int)bits_of(s->original.len);
	for (; order >= least && !s->done && !err; order--) {
		s->wanted = 1U << order;
		class = (uint32_t)buddy_order_of_average(s->wanted,
							 s->groups->max_order);
		err = search_order(s, group_by_average, class, from, end);
	}
	return err;
}

static errcode_t search_part_by_order(struct kernel_search *s, uint32_t from,
				      uint32_t end)
{
	if (s->criteria == CR_POWER2_ALIGNED)
		return search_orders_up(s, group_by_largest, s->order, from,
					end);
	if (s->criteria == CR_BEST_AVAIL_LEN)
		return search_trimmed(s, from, end);
	return search_orders_up(s, group_by_average, (uint32_t)
				buddy_order_of_average(s->wanted,
						       s->groups->max_order),
				from, end);
}

static errcode_t search_part_linear(struct kernel_search *s, uint32_t from,
				    uint32_t end)
{
	errcode_t err = 0;

	for (; from < end && !s->done && !err; from++)
		err = search_group(s, &s->groups->groups[from]);
	return err;
}

/* All groups by one criterion, from @start on and around. */
static errcode_t search_groups(struct kernel_search *s, uint32_t start)
{
	bool by_order = s->by_order && s->criteria < CR_GOAL_LEN_SLOW;
	uint32_t n = s->groups->n;
	errcode_t err;

	s->wanted = s->goal.extent.len;
	err = by_order ? search_part_by_order(s, start, n) :
		search_part_linear(s, start, n);
	if (err || s->done)
		return err;
	return by_order ? search_part_by_order(s, 0, start) :
		search_part_linear(s, 0, start);
}

static enum criteria next_criteria(const struct kernel_search *s)
{
	if (s->criteria == CR_GOAL_LEN_FAST && !(s->data && s->by_order))
		return CR_GOAL_LEN_SLOW;
	return s->criteria + 1;
}

static errcode_t search_by_criteria(struct kernel_search *s, uint32_t start)
{
	uint32_t bits = bits_of(s->goal.extent.len);
	errcode_t err = 0;

	s->criteria = CR_GOAL_LEN_FAST;
	if (bits >= ORDER2_REQUESTS && bits - 1 <= s->groups->max_order &&
	    is_power2(s->goal.extent.len)) {
		s->order = bits - 1;
		s->criteria = CR_POWER2_ALIGNED;
	}
	for (;;) {
		err = search_groups(s, start);
		if (err || s->done || s->criteria == CR_ANY_FREE)
			return err;
		s->criteria = next_criteria(s);
	}
}

/* At the goal itself, and only if all of it is free there. */
static errcode_t find_by_goal(struct kernel_search *s,
			      const struct group_run *at)
{
	struct group *g = &s->groups->groups[at->group];
	struct buddy_run e;
	errcode_t err;

	if (!group_counts(g)->free)
		return 0;
	err = group_load(s->groups, at->group, s->free);
	if (err)
		return err;
	e = buddy_extent_at(g->buddy, at->start, s->goal.extent.len);
	if (e.len < s->goal.extent.len)
		return 0;
	s->found++;
	s->criteria = CR_NONE;
	s->best = (struct group_run){ at->group, e.start, e.len };
	s->done = true;
	return 0;
}

errcode_t kernel_search_run(struct kernel_search *s)
{
	struct group_run at = group_position(s->groups, s->goal.pblk);
	errcode_t err = 0;

	s->best.len = 0;
	s->wanted = s->goal.extent.len;
	s->done = false;
	s->found = 0;
	s->scanned = 0;
	if (s->goal.try_pblk)
		err = find_by_goal(s, &at);
	if (!err && !s->done)
		err = search_by_criteria(s, s->stream_group ?
					 *s->stream_group : at.group);
	if (err)
		return err;
	if (!s->best.len)
		return E4PACK_ET_NO_SPACE;
	if (s->best.len > s->wanted)
		s->best.len = s->wanted;
	if (s->stream_group)
		*s->stream_group = s->best.group;
	return 0;
}
