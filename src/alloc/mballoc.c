// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Best fit: whole requests from one set of free runs.
 *
 * Block-group metadata (superblock backups, descriptors, bitmaps, inode
 * tables) cuts the image into gaps.  Nothing is ever placed outside them:
 *
 *	sum of gaps = free + used
 *
 * A request of L blocks does free -= L, used += L, a release the contrary;
 * a block of a gap is free or used, never both, never neither.
 *
 * L <= longest run.  The shortest run that holds L, the lowest of equals,
 * gives its first L blocks: one piece, and long runs are kept for those who
 * need them.  Where the goal begins a run that holds L, that run does, so
 * that a file goes on where its last block ended.
 *
 * L > longest run.  Some break is unavoidable, and the only break that costs
 * nothing is the one made by metadata.  A window is a row of free runs, each
 * ending where its gap ends and the next beginning where the next gap does,
 * and each gap but the last too short for the request were it empty: only then
 * had any allocator to break there.
 * The first gives its end, the last its beginning, those between give all:
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
 *
 * Nothing changes until the whole plan is made and there is room to tell it;
 * and since a plan takes the beginning, the end or all of a run only, taking
 * it cannot fail.
 */
#include "alloc/mballoc.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc/mb_trace.h"
#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"

static uint64_t run_end(const struct run *run)
{
	return run->start + run->len;
}

static errcode_t add_gaps(struct mballoc *mb, const struct run *gaps,
			  size_t n)
{
	uint64_t end;
	errcode_t err = 0;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		if (!gaps[i].len || __builtin_add_overflow(gaps[i].start,
							   gaps[i].len, &end))
			return E4PACK_ET_BUG;
		if (i && gaps[i].start <= run_end(&gaps[i - 1]))
			return E4PACK_ET_BUG;
		mb->gaps[i] = gaps[i];
		err = free_runs_give(&mb->free, gaps[i].start, gaps[i].len);
	}
	mb->n_gaps = i;
	return err;
}

errcode_t mballoc_new(struct mballoc **ret, const struct run *free, size_t n,
		      uint32_t group_blocks, uint32_t first_block)
{
	struct mballoc *mb;
	errcode_t err;

	if (!group_blocks || (n && free[0].start < first_block))
		return E4PACK_ET_BUG;
	mb = calloc(1, sizeof(*mb));
	if (!mb)
		return ENOMEM;
	free_runs_init(&mb->free);
	mb->group_blocks = group_blocks;
	mb->first_block = first_block;
	mb->gaps = calloc(n ? n : 1, sizeof(*mb->gaps));
	err = mb->gaps ? add_gaps(mb, free, n) : ENOMEM;
	if (err) {
		mballoc_free(mb);
		return err;
	}
	*ret = mb;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

errcode_t mballoc_add_free(struct mballoc *mb, const struct run *free,
			   size_t n)
{
	struct run *gaps;
	size_t i, out = 0;
	errcode_t err = 0;

	gaps = reallocarray(mb->gaps, mb->n_gaps + n + 1, sizeof(*gaps));
	if (!gaps)
		return ENOMEM;
	mb->gaps = gaps;
	for (i = 0; i < n && !err; i++) {
		gaps[mb->n_gaps++] = free[i];
		err = free_runs_give(&mb->free, free[i].start, free[i].len);
	}
	qsort(gaps, mb->n_gaps, sizeof(*gaps), by_start);
	/* What crosses the border of two groups is one gap. */
	for (i = 0; i < mb->n_gaps; i++) {
		if (out && run_end(&gaps[out - 1]) == gaps[i].start)
			gaps[out - 1].len += gaps[i].len;
		else
			gaps[out++] = gaps[i];
	}
	mb->n_gaps = out;
	return err;
}

void mballoc_free(struct mballoc *mb)
{
	if (!mb)
		return;
	kernel_mode_free(mb->kernel);
	free_runs_release(&mb->free);
	free(mb->gaps);
	free(mb);
}

void mballoc_set_trace(struct mballoc *mb, struct trace *trace,
		       uint32_t cluster_bits)
{
	mb->trace = trace;
	mb->cluster_bits = cluster_bits;
	if (mb->kernel)
		mb->kernel->groups.trace = trace;
}

/* Take what @plan says for @req and tell it in @out. */
static errcode_t take_plan(struct mballoc *mb, struct run_list *out,
			   const struct alloc_request *req,
			   const struct run *plan, size_t n)
{
	errcode_t err;
	size_t i;

	err = array_reserve(&out->runs, &out->cap, out->n + n,
			    sizeof(*out->runs));
	for (i = 0; i < n && !err; i++) {
		err = free_runs_take(&mb->free, plan[i].start, plan[i].len);
		if (err)
			break;
		mb->used += plan[i].len;
		err = run_list_add(out, plan[i].start, plan[i].len);
	}
	if (!err)
		mb->requests++;
	if (!err && trace_on(mb->trace))
		mb_trace_best_fit(mb, req, plan, n);
	mballoc_verify(mb);
	return err;
}

/* The run that holds all of @req from its beginning on, or NULL. */
static const struct free_run *whole_run(const struct mballoc *mb,
					const struct alloc_request *req)
{
	const struct free_run *run;

	if (req->goal) {
		run = free_runs_from(&mb->free, req->goal);
		if (run && run->start == req->goal && run->len >= req->len)
			return run;
	}
	return free_runs_best(&mb->free, req->len);
}

/* A row of free runs with nothing but metadata between them. */
struct window {
	struct free_run *first, *last;
	uint64_t blocks;	/* of all its runs */
	uint64_t extents;	/* of all its runs, each taken whole */
};

/* A window and how much of its first run is taken. */
struct window_choice {
	struct window window;
	uint64_t head;		/* blocks from the end of the first run */
	uint64_t extents;	/* what all pieces cost; 0: nothing chosen */
};

static uint64_t extents_of(uint64_t blocks)
{
	return div_round_up(blocks, EXTENT_WRITTEN_MAX);
}

static void window_grow(struct window *w, struct free_run *run)
{
	if (!w->first)
		w->first = run;
	w->last = run;
	w->blocks += run->len;
	w->extents += extents_of(run->len);
}

static void window_drop_first(struct window *w)
{
	w->blocks -= w->first->len;
	w->extents -= extents_of(w->first->len);
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
	uint64_t extents = w->extents - extents_of(w->first->len) -
		extents_of(w->last->len) + extents_of(head) +
		extents_of(both - head);

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

/* For a request that no single run holds. */
static struct window_choice choose_window(const struct mballoc *mb,
					  uint64_t len)
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

static errcode_t plan_window(struct run_list *plan,
			     const struct window_choice *c, uint64_t len)
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

static errcode_t take_window(struct mballoc *mb, struct run_list *out,
			     const struct alloc_request *req)
{
	struct window_choice choice = choose_window(mb, req->len);
	struct run_list plan = { NULL, 0, 0 };
	errcode_t err;

	if (!choice.extents)
		return E4PACK_ET_SCATTERED;
	err = plan_window(&plan, &choice, req->len);
	if (!err)
		err = take_plan(mb, out, req, plan.runs, plan.n);
	run_list_release(&plan);
	return err;
}

/* What no allocator can serve; and kernel mode has preallocations in what
 * the free runs say is free. */
static errcode_t check_request(const struct mballoc *mb,
			       const struct alloc_request *req)
{
	if (mb->kernel)
		return E4PACK_ET_SEQUENCE;
	if (!req->len)
		return E4PACK_ET_BUG;
	return req->len > mb->free.blocks ? E4PACK_ET_NO_SPACE : 0;
}

errcode_t mballoc_best_fit(struct mballoc *mb, struct run_list *out,
			   const struct alloc_request *req)
{
	errcode_t err = check_request(mb, req);
	const struct free_run *run;
	struct run whole;

	if (err)
		return err;
	run = whole_run(mb, req);
	if (!run)
		return take_window(mb, out, req);
	whole = (struct run){ run->start, req->len };
	return take_plan(mb, out, req, &whole, 1);
}

static int compare_runs(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* From the longest run down, so that of equal runs the highest goes first;
 * the best fit for the rest is then never one of those taken. */
static errcode_t plan_scattered(const struct mballoc *mb,
				struct run_list *plan, uint64_t len)
{
	struct free_run *run = free_runs_longest(&mb->free);
	errcode_t err = 0;

	while (!err && run && run->len < len) {
		err = run_list_add(plan, run->start, run->len);
		len -= run->len;
		run = free_runs_shorter(run);
	}
	run = free_runs_best(&mb->free, len);
	return err ? err : run_list_add(plan, run->start, len);
}

errcode_t mballoc_scattered(struct mballoc *mb, struct run_list *out,
			    const struct alloc_request *req)
{
	struct run_list plan = { NULL, 0, 0 };
	errcode_t err = check_request(mb, req);

	if (!err)
		err = plan_scattered(mb, &plan, req->len);
	if (!err) {
		qsort(plan.runs, plan.n, sizeof(*plan.runs), compare_runs);
		err = take_plan(mb, out, req, plan.runs, plan.n);
	}
	run_list_release(&plan);
	return err;
}

/* What is scattered, unless a window costs no more. */
errcode_t mballoc_fewest_runs(struct mballoc *mb, struct run_list *out,
			      const struct alloc_request *req)
{
	struct run_list plan = { NULL, 0, 0 };
	struct window_choice choice;
	errcode_t err = check_request(mb, req);
	uint64_t extents = 0;
	size_t i;

	if (err || whole_run(mb, req))
		return err ? err : mballoc_best_fit(mb, out, req);
	choice = choose_window(mb, req->len);
	err = plan_scattered(mb, &plan, req->len);
	for (i = 0; i < plan.n; i++)
		extents += extents_of(plan.runs[i].len);
	run_list_release(&plan);
	if (err)
		return err;
	return choice.extents && choice.extents <= extents ?
		take_window(mb, out, req) : mballoc_scattered(mb, out, req);
}

/* The last gap that begins at or below @block, or NULL. */
static const struct run *gap_below(const struct mballoc *mb, uint64_t block)
{
	size_t low = 0, high = mb->n_gaps;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (mb->gaps[middle].start <= block)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &mb->gaps[low - 1] : NULL;
}

errcode_t mballoc_release(struct mballoc *mb, uint64_t start, uint64_t len)
{
	const struct run *gap = gap_below(mb, start);
	errcode_t err;

	if (!gap || start >= run_end(gap) || len > run_end(gap) - start)
		return E4PACK_ET_BUG;
	err = mb->kernel ? kernel_mode_release(mb, start, len) :
		free_runs_give(&mb->free, start, len);
	if (!err)
		mb->used -= len;
	mballoc_verify(mb);
	return err;
}

uint64_t mballoc_free_blocks(const struct mballoc *mb)
{
	return mb->free.blocks;
}

uint64_t mballoc_longest_run(const struct mballoc *mb)
{
	const struct free_run *run = free_runs_longest(&mb->free);

	return run ? run->len : 0;
}

errcode_t mballoc_free_runs(const struct mballoc *mb, struct run_list *out)
{
	struct free_run *run;
	errcode_t err;

	err = array_reserve(&out->runs, &out->cap, out->n + mb->free.n,
			    sizeof(*out->runs));
	for (run = free_runs_first(&mb->free); run && !err;
	     run = free_runs_next(run))
		err = run_list_add(out, run->start, run->len);
	return err;
}

uint64_t mballoc_requests(const struct mballoc *mb)
{
	return mb->requests;
}

#ifdef ENABLE_VERIFY
void mballoc_verify(const struct mballoc *mb)
{
	const struct free_run *run;
	const struct run *gap;
	uint64_t blocks = 0;
	size_t i;

	free_runs_verify(&mb->free);
	for (run = free_runs_first(&mb->free); run;
	     run = free_runs_next((struct free_run *)run)) {
		gap = gap_below(mb, run->start);
		if (!gap || run->start + run->len > run_end(gap))
			abort();
	}
	for (i = 0; i < mb->n_gaps; i++)
		blocks += mb->gaps[i].len;
	if (mb->free.blocks + mb->used != blocks)
		abort();
	if (mb->kernel)
		kernel_mode_verify(mb);
}
#endif
