// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The free runs of an image, in two orders.
 *
 * Conserved: each block is either in exactly one run or in none, and
 *
 *	blocks = sum of len over all runs
 *
 * Runs are disjoint and never touch: the end of one is below the start of
 * the next.  So the set of free blocks has one representation only, and what
 * is chosen from it depends on nothing but which blocks are free.
 *
 * give [s, e):	blocks += e - s.  With a = 1 where a run ends at s and b = 1
 *		where one begins at e:  n += 1 - a - b.
 * take [s, e):	inside one run [S, E):  blocks -= e - s.  With a = 1 where
 *		S < s and b = 1 where e < E:  n += a + b - 1.
 *
 * Only n += 1 needs a new node.  A take at either end of a run therefore
 * never fails, and free_runs_prepare() gives the same promise to the others.
 *
 * Both orders are red-black trees threaded through the same nodes: by start,
 * to find neighbours, and by (len, start), where the first run not below
 * (len, 0) is the best fit and the lowest of equals.  Each call is
 * O(log n).
 */
#include "alloc/free_runs.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"

static int compare_start(const struct free_run *a, const struct free_run *b)
{
	return a->start < b->start ? -1 : a->start > b->start;
}

static int compare_len(const struct free_run *a, const struct free_run *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return compare_start(a, b);
}

/* RB_GENERATE_STATIC() needs a name that libbsd does not define here. */
#define TREE_SCOPE static __attribute__((unused))
RB_GENERATE_INTERNAL(start_tree, free_run, by_start, compare_start, TREE_SCOPE)
RB_GENERATE_INTERNAL(len_tree, free_run, by_len, compare_len, TREE_SCOPE)

/* The generated look-ups change nothing, but do not say so. */
static struct start_tree *start_tree_of(const struct free_runs *fr)
{
	return (struct start_tree *)&fr->by_start;
}

static struct len_tree *len_tree_of(const struct free_runs *fr)
{
	return (struct len_tree *)&fr->by_len;
}

void free_runs_init(struct free_runs *fr)
{
	RB_INIT(&fr->by_start);
	RB_INIT(&fr->by_len);
	fr->spare = NULL;
	fr->blocks = 0;
	fr->n = 0;
}

void free_runs_release(struct free_runs *fr)
{
	struct free_run *run, *next;

	for (run = RB_MIN(start_tree, &fr->by_start); run; run = next) {
		next = RB_NEXT(start_tree, &fr->by_start, run);
		RB_REMOVE(start_tree, &fr->by_start, run);
		free(run);
	}
	free(fr->spare);
	free_runs_init(fr);
}

errcode_t free_runs_prepare(struct free_runs *fr)
{
	if (!fr->spare)
		fr->spare = malloc(sizeof(*fr->spare));
	return fr->spare ? 0 : ENOMEM;
}

/* The caller has laid a node by. */
static void insert_run(struct free_runs *fr, uint64_t start, uint64_t len)
{
	struct free_run *run = fr->spare;

	fr->spare = NULL;
	run->start = start;
	run->len = len;
	RB_INSERT(start_tree, &fr->by_start, run);
	RB_INSERT(len_tree, &fr->by_len, run);
	fr->n++;
}

static void remove_run(struct free_runs *fr, struct free_run *run)
{
	RB_REMOVE(start_tree, &fr->by_start, run);
	RB_REMOVE(len_tree, &fr->by_len, run);
	fr->n--;
	if (fr->spare)
		free(run);
	else
		fr->spare = run;
}

/* A run that grows or shrinks keeps its place among its neighbours: only the
 * order by length changes. */
static void resize_run(struct free_runs *fr, struct free_run *run,
		       uint64_t start, uint64_t len)
{
	RB_REMOVE(len_tree, &fr->by_len, run);
	run->start = start;
	run->len = len;
	RB_INSERT(len_tree, &fr->by_len, run);
}

struct free_run *free_runs_from(const struct free_runs *fr, uint64_t block)
{
	struct start_tree *tree = start_tree_of(fr);
	struct free_run key = { .start = block };
	struct free_run *next = RB_NFIND(start_tree, tree, &key);
	struct free_run *prev;

	if (next && next->start == block)
		return next;
	prev = next ? RB_PREV(start_tree, tree, next) :
		RB_MAX(start_tree, tree);
	if (prev && block - prev->start < prev->len)
		return prev;
	return next;
}

errcode_t free_runs_give(struct free_runs *fr, uint64_t start, uint64_t len)
{
	struct free_run *left = NULL, *right;
	uint64_t end;
	errcode_t err;

	if (!len || __builtin_add_overflow(start, len, &end))
		return E4PACK_ET_BUG;
	right = free_runs_from(fr, start);
	if (right && right->start < end)
		return E4PACK_ET_BUG;
	if (start)
		left = free_runs_from(fr, start - 1);
	if (left == right)
		left = NULL;
	if (right && right->start > end)
		right = NULL;

	if (!left && !right) {
		err = free_runs_prepare(fr);
		if (err)
			return err;
		insert_run(fr, start, len);
	} else if (!left) {
		resize_run(fr, right, start, len + right->len);
	} else {
		if (right) {
			end += right->len;
			remove_run(fr, right);
		}
		resize_run(fr, left, left->start, end - left->start);
	}
	fr->blocks += len;
	return 0;
}

errcode_t free_runs_take(struct free_runs *fr, uint64_t start, uint64_t len)
{
	struct free_run *run = free_runs_from(fr, start);
	uint64_t before, after;
	errcode_t err;

	if (!len || !run || run->start > start)
		return E4PACK_ET_BUG;
	before = start - run->start;
	if (len > run->len - before)
		return E4PACK_ET_BUG;
	after = run->len - before - len;

	if (before && after) {
		err = free_runs_prepare(fr);
		if (err)
			return err;
		insert_run(fr, start + len, after);
	}
	if (before)
		resize_run(fr, run, run->start, before);
	else if (after)
		resize_run(fr, run, start + len, after);
	else
		remove_run(fr, run);
	fr->blocks -= len;
	return 0;
}

struct free_run *free_runs_best(const struct free_runs *fr, uint64_t len)
{
	struct free_run key = { .len = len };

	return RB_NFIND(len_tree, len_tree_of(fr), &key);
}

struct free_run *free_runs_longest(const struct free_runs *fr)
{
	return RB_MAX(len_tree, len_tree_of(fr));
}

struct free_run *free_runs_shorter(struct free_run *run)
{
	return RB_PREV(len_tree, NULL, run);
}

struct free_run *free_runs_first(const struct free_runs *fr)
{
	return RB_MIN(start_tree, start_tree_of(fr));
}

struct free_run *free_runs_next(struct free_run *run)
{
	return RB_NEXT(start_tree, NULL, run);
}

#ifdef ENABLE_VERIFY
void free_runs_verify(const struct free_runs *fr)
{
	struct len_tree *by_len = len_tree_of(fr);
	struct free_run *run, *next;
	uint64_t blocks = 0;
	size_t n = 0, m = 0;

	for (run = free_runs_first(fr); run; run = next) {
		next = free_runs_next(run);
		if (!run->len || run->start + run->len < run->start)
			abort();
		if (next && next->start <= run->start + run->len)
			abort();
		if (RB_FIND(len_tree, by_len, run) != run)
			abort();
		blocks += run->len;
		n++;
	}
	for (run = free_runs_longest(fr); run; run = free_runs_shorter(run))
		m++;
	if (n != fr->n || m != fr->n || blocks != fr->blocks)
		abort();
}
#endif
