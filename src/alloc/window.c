// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which row of runs a request gets that no single run holds.
 *
 * Let L blocks be more than the longest run.  Some break is unavoidable, and
 * the only one that costs nothing is made by metadata.  A window is a row of
 * free runs, each ending where its gap ends and the next beginning where the
 * next gap does, and each gap but the last too short for the request were it
 * empty: only then had any allocator to break there.  The first gives its end,
 * the last its beginning, those between give all:
 *
 *	gap:	 |..used..|ffff|  meta  |ffffffff|  meta  |ffff|...
 *	piece:		   ssss		 mmmmmmmm	   tt
 *
 *	s + sum(m) + t = L,	0 < s <= first,	0 < t <= last
 *
 * An extent holds at most 32768 blocks, so a piece of p blocks costs
 * ceil(p / 32768) extents, and the window of the least cost is taken, the
 * lowest of equals.  For each first run only the shortest window must be
 * looked at: a longer one would make the last of the shorter one give all,
 * which the shorter one may do as well.  Two ends that move up through the
 * runs therefore see every candidate in one pass.
 *
 * With s + t = T given, s costs least when (s - 1) mod 32768 is not below
 * (T - 1) mod 32768; else the two roundings cost one extent more.  The first
 * run is taken whole where that holds, and cut at a multiple of 32768 where
 * it does not.
 */
#include "alloc/window.h"

#include "alloc/mballoc_state.h"
#include "base/number.h"

static uint64_t run_end(const struct run *run)
{
	return run->start + run->len;
}

uint64_t window_extents(uint64_t blocks)
{
	return div_round_up(blocks, EXTENT_WRITTEN_MAX);
}

static void window_grow(struct window *w, struct free_run *run)
{
	if (!w->first)
		w->first = run;
	w->last = run;
	w->blocks += run->len;
	w->extents += window_extents(run->len);
}

static void window_drop_first(struct window *w)
{
	w->blocks -= w->first->len;
	w->extents -= window_extents(w->first->len);
	w->first = free_runs_next(w->first);
}

/* How many blocks the first run gives, when first and last give @both. */
static uint64_t split_head(const struct window *w, uint64_t both)
{
	uint64_t whole = w->first->len;
	uint64_t cut = whole - whole % EXTENT_WRITTEN_MAX;
	uint64_t least = both > w->last->len ? both - w->last->len : 1;

	if ((whole - 1) % EXTENT_WRITTEN_MAX >=
	    (both - 1) % EXTENT_WRITTEN_MAX)
		return whole;
	return cut >= least ? cut : whole;
}

/* Keep @w when it holds @len blocks in fewer extents than the best so far. */
static void consider_window(struct window_choice *best,
			    const struct window *w, uint64_t len)
{
	uint64_t ends = w->first->len + w->last->len;
	uint64_t both = len - (w->blocks - ends);
	uint64_t head = split_head(w, both);
	uint64_t extents = w->extents - window_extents(w->first->len) -
		window_extents(w->last->len) + window_extents(head) +
		window_extents(both - head);

	if (!best->extents || extents < best->extents)
		*best = (struct window_choice){ *w, head, extents };
}

/* Whether only metadata stands between @run and @next, behind a gap that
 * could not hold @len blocks were it empty.  *@gap is a cursor that moves up
 * with @run. */
static bool across_metadata(const struct mballoc *mb, size_t *gap,
			    const struct free_run *run,
			    const struct free_run *next, uint64_t len)
{
	uint64_t end = run->start + run->len;

	while (run_end(&mb->gaps[*gap]) < end)
		++*gap;
	return mb->gaps[*gap].len < len && run_end(&mb->gaps[*gap]) == end &&
		next->start == mb->gaps[*gap + 1].start;
}

struct window_choice window_choose(const struct mballoc *mb, uint64_t len)
{
	struct free_run *run = free_runs_first(&mb->free), *next;
	struct window_choice best = { .extents = 0 };
	struct window w = { .first = NULL };
	size_t gap = 0;

	for (; run; run = next) {
		window_grow(&w, run);
		while (w.blocks >= len) {
			consider_window(&best, &w, len);
			window_drop_first(&w);
		}
		next = free_runs_next(run);
		if (next && !across_metadata(mb, &gap, run, next, len))
			w = (struct window){ .first = NULL };
	}
	return best;
}

errcode_t window_plan(struct run_list *plan, const struct window_choice *c,
		      uint64_t len)
{
	struct free_run *run = c->window.first;
	errcode_t err;

	err = run_list_add(plan, run->start + run->len - c->head, c->head);
	len -= c->head;
	while (!err && run != c->window.last) {
		uint64_t piece;

		run = free_runs_next(run);
		piece = run->len < len ? run->len : len;
		err = run_list_add(plan, run->start, piece);
		len -= piece;
	}
	return err;
}
