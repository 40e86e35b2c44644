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
 * L > longest run.  A row of runs that only metadata parts, see window.c.
 *
 * Nothing changes until the whole plan is made and there is room to tell it;
 * and since a plan takes the beginning, the end or all of a run only, taking
 * it cannot fail.
 */
#include "alloc/mballoc.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc/mb_trace.h"
#include "alloc/window.h"
#include "base/buf.h"
#include "base/errors.h"

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

static errcode_t take_window(struct mballoc *mb, struct run_list *out,
			     const struct alloc_request *req)
{
	struct window_choice choice = window_choose(mb, req->len);
	struct run_list plan = { NULL, 0, 0 };
	errcode_t err;

	if (!choice.extents)
		return E4PACK_ET_SCATTERED;
	err = window_plan(&plan, &choice, req->len);
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
	choice = window_choose(mb, req->len);
	err = plan_scattered(mb, &plan, req->len);
	for (i = 0; i < plan.n; i++)
		extents += window_extents(plan.runs[i].len);
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
