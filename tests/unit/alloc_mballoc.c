// SPDX-License-Identifier: GPL-2.0-or-later
/* Best fit: which runs a request gets, and that none is lost or given twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc/mballoc.h"
#include "base/errors.h"
#include "base/number.h"

enum { MAX_RUNS = 6 };

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct mballoc *allocator(const struct run *gaps, size_t n)
{
	struct mballoc *mb;

	assert_int_equal(mballoc_new(&mb, gaps, n, 32768, 0), 0);
	return mb;
}

static size_t count_runs(const struct run *runs)
{
	size_t n = 0;

	while (n < MAX_RUNS && runs[n].len)
		n++;
	return n;
}

static void assert_runs(const struct run_list *got, const struct run *want)
{
	size_t i, n = count_runs(want);

	assert_int_equal(got->n, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(got->runs[i].start, want[i].start);
		assert_int_equal(got->runs[i].len, want[i].len);
	}
}

struct fit_case {
	const char *what;
	struct run gaps[MAX_RUNS];
	struct run taken[MAX_RUNS];	/* before the request, by goal */
	uint64_t len, goal;
	errcode_t err;
	struct run want[MAX_RUNS];
	struct run scattered[MAX_RUNS];	/* of the same request */
};

static const struct fit_case fit_cases[] = {
	{ "shortest run that holds it, not the first",
	  { { 1, 50 }, { 100, 10 }, { 200, 20 } }, { { 0, 0 } },
	  10, 0, 0, { { 100, 10 } }, { { 100, 10 } } },
	{ "lowest of equals",
	  { { 1, 9 }, { 100, 10 }, { 200, 10 } }, { { 0, 0 } },
	  10, 0, 0, { { 100, 10 } }, { { 100, 10 } } },
	{ "beginning of a longer run",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  10, 0, 0, { { 1, 10 } }, { { 1, 10 } } },
	{ "goal begins a run that holds it",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  10, 100, 0, { { 100, 10 } }, { { 1, 10 } } },
	{ "goal begins a run that is too short",
	  { { 1, 50 }, { 100, 6 } }, { { 0, 0 } },
	  10, 100, 0, { { 1, 10 } }, { { 1, 10 } } },
	{ "goal inside a run",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  10, 120, 0, { { 1, 10 } }, { { 1, 10 } } },
	{ "goal in metadata",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  10, 99, 0, { { 1, 10 } }, { { 1, 10 } } },
	{ "over one obstacle, the first run whole",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  70, 0, 0, { { 1, 50 }, { 100, 20 } }, { { 1, 10 }, { 100, 60 } } },
	{ "over two obstacles",
	  { { 1, 50 }, { 100, 60 }, { 200, 10 } }, { { 0, 0 } },
	  115, 0, 0, { { 1, 50 }, { 100, 60 }, { 200, 5 } },
	  { { 1, 50 }, { 100, 60 }, { 200, 5 } } },
	{ "everything there is",
	  { { 1, 50 }, { 100, 60 }, { 200, 10 } }, { { 0, 0 } },
	  120, 0, 0, { { 1, 50 }, { 100, 60 }, { 200, 10 } },
	  { { 1, 50 }, { 100, 60 }, { 200, 10 } } },
	{ "one more than there is",
	  { { 1, 50 }, { 100, 60 } }, { { 0, 0 } },
	  111, 0, E4PACK_ET_NO_SPACE, { { 0, 0 } }, { { 0, 0 } } },
	{ "fewest pieces before lowest start",
	  { { 1, 5 }, { 10, 10 }, { 30, 5 }, { 50, 40 }, { 100, 40 } },
	  { { 0, 0 } },
	  55, 0, 0, { { 50, 40 }, { 100, 15 } }, { { 50, 15 }, { 100, 40 } } },
	{ "the end of a run whose beginning is used",
	  { { 1, 50 }, { 100, 60 } }, { { 1, 20 } },
	  70, 0, 0, { { 21, 30 }, { 100, 40 } }, { { 21, 10 }, { 100, 60 } } },
	{ "a used beginning breaks the row",
	  { { 1, 50 }, { 100, 60 } }, { { 100, 20 } },
	  70, 0, E4PACK_ET_SCATTERED, { { 0, 0 } },
	  { { 1, 50 }, { 120, 20 } } },
	{ "a used gap breaks the row",
	  { { 1, 50 }, { 100, 60 }, { 200, 60 } }, { { 100, 60 } },
	  70, 0, E4PACK_ET_SCATTERED, { { 0, 0 } },
	  { { 1, 10 }, { 200, 60 } } },
	{ "the row goes on behind a break",
	  { { 1, 50 }, { 100, 60 }, { 200, 60 }, { 300, 60 } },
	  { { 100, 60 } },
	  70, 0, 0, { { 200, 60 }, { 300, 10 } },
	  { { 1, 10 }, { 300, 60 } } },
	{ "scattered: rest in the shortest that holds it",
	  { { 1, 7 }, { 100, 60 }, { 200, 9 }, { 300, 60 } },
	  { { 1, 1 }, { 100, 1 }, { 200, 1 }, { 300, 1 } },
	  125, 0, E4PACK_ET_SCATTERED, { { 0, 0 } },
	  { { 101, 59 }, { 201, 7 }, { 301, 59 } } },
	{ "scattered: three equal runs",
	  { { 1, 10 }, { 100, 10 }, { 200, 10 } },
	  { { 1, 1 }, { 100, 1 }, { 200, 1 } },
	  14, 0, E4PACK_ET_SCATTERED, { { 0, 0 } },
	  { { 2, 5 }, { 201, 9 } } },
	{ "a row of more pieces than there are long runs",
	  { { 1, 50 }, { 100, 5 }, { 200, 5 }, { 300, 5 }, { 400, 30 } },
	  { { 400, 1 } },
	  60, 0, 0, { { 1, 50 }, { 100, 5 }, { 200, 5 } },
	  { { 1, 50 }, { 401, 10 } } },
	{ "an extent less by a cut at 32768",
	  { { 1, 33000 }, { 40000, 40000 } }, { { 0, 0 } },
	  65536, 0, 0, { { 233, 32768 }, { 40000, 32768 } },
	  { { 1, 25536 }, { 40000, 40000 } } },
	{ "no such cut where the last run is too short for it",
	  { { 1, 33000 }, { 40000, 32800 } }, { { 0, 0 } },
	  65600, 0, 0, { { 1, 33000 }, { 40000, 32600 } },
	  { { 1, 33000 }, { 40000, 32600 } } },
	{ "nothing asked", { { 1, 50 } }, { { 0, 0 } },
	  0, 0, E4PACK_ET_BUG, { { 0, 0 } }, { { 0, 0 } } },
	{ "no gap at all", { { 0, 0 } }, { { 0, 0 } },
	  1, 0, E4PACK_ET_NO_SPACE, { { 0, 0 } }, { { 0, 0 } } },
};

/* Take beginnings of runs, to make the state of the case. */
static struct mballoc *prepared(const struct fit_case *c)
{
	struct mballoc *mb = allocator(c->gaps, count_runs(c->gaps));
	struct run_list out = { NULL, 0, 0 };
	size_t i, n = count_runs(c->taken);

	for (i = 0; i < n; i++) {
		const struct alloc_request req = {
			.len = c->taken[i].len, .goal = c->taken[i].start,
		};

		assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
		assert_int_equal(out.runs[out.n - 1].start, req.goal);
	}
	run_list_release(&out);
	return mb;
}

typedef errcode_t serve_fn(struct mballoc *mb, struct run_list *out,
			   const struct alloc_request *req);

static void one_fit(const struct fit_case *c, serve_fn *serve, errcode_t err,
		    const struct run *want)
{
	const struct alloc_request req = { .len = c->len, .goal = c->goal };
	struct mballoc *mb = prepared(c);
	struct run_list out = { NULL, 0, 0 }, before = { NULL, 0, 0 };
	struct run_list after = { NULL, 0, 0 };
	uint64_t served = mballoc_requests(mb);
	size_t i;

	assert_int_equal(mballoc_free_runs(mb, &before), 0);
	assert_int_equal(serve(mb, &out, &req), err);
	assert_runs(&out, want);
	assert_int_equal(mballoc_requests(mb), served + !err);
	for (i = 0; i < out.n; i++)
		assert_int_equal(mballoc_release(mb, out.runs[i].start,
						 out.runs[i].len), 0);
	assert_int_equal(mballoc_free_runs(mb, &after), 0);
	assert_int_equal(before.n, after.n);
	if (after.n)
		assert_memory_equal(before.runs, after.runs,
				    after.n * sizeof(*after.runs));
	run_list_release(&before);
	run_list_release(&after);
	run_list_release(&out);
	mballoc_free(mb);
}

static void fits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(fit_cases) / sizeof(fit_cases[0]); i++) {
		const struct fit_case *c = &fit_cases[i];
		errcode_t err = c->err == E4PACK_ET_SCATTERED ? 0 : c->err;

		print_message("%s\n", c->what);
		one_fit(c, mballoc_best_fit, c->err, c->want);
		one_fit(c, mballoc_scattered, err, c->scattered);
		one_fit(c, mballoc_fewest_runs, err, c->err ||
			count_runs(c->want) > count_runs(c->scattered) ?
			c->scattered : c->want);
	}
}

static void bad_gaps(void **state)
{
	static const struct run cases[][2] = {
		{ { 1, 10 }, { 11, 10 } },
		{ { 1, 10 }, { 5, 10 } },
		{ { 50, 10 }, { 1, 10 } },
		{ { 1, 10 }, { 20, 0 } },
		{ { 1, 10 }, { UINT64_MAX, 2 } },
	};
	struct mballoc *mb;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(mballoc_new(&mb, cases[i], 2, 8192, 1),
				 E4PACK_ET_BUG);
	assert_int_equal(mballoc_new(&mb, cases[0], 1, 0, 1), E4PACK_ET_BUG);
	assert_int_equal(mballoc_new(&mb, cases[0], 1, 8192, 2),
			 E4PACK_ET_BUG);
	mballoc_free(NULL);
}

static void bad_releases(void **state)
{
	static const struct run gaps[] = { { 10, 10 }, { 30, 10 } };
	static const struct run bad[] = {
		{ 0, 1 },	/* below the first gap */
		{ 9, 2 },	/* begins in metadata */
		{ 15, 1 },	/* free already */
		{ 14, 2 },	/* half of it */
		{ 20, 1 },	/* between the gaps */
		{ 30, 11 },	/* ends in metadata */
		{ 10, 30 },	/* over metadata */
		{ 40, 1 },	/* behind the last */
		{ 10, 0 },
		{ 10, UINT64_MAX },
	};
	const struct alloc_request req = { .len = 5 };
	struct run_list out = { NULL, 0, 0 };
	struct mballoc *mb = allocator(gaps, 2);
	size_t i;

	(void)state;
	assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
	assert_int_equal(out.runs[0].start, 10);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mballoc_release(mb, bad[i].start,
						 bad[i].len), E4PACK_ET_BUG);
	assert_int_equal(mballoc_free_blocks(mb), 15);
	assert_int_equal(mballoc_release(mb, 12, 1), 0);
	assert_int_equal(mballoc_release(mb, 12, 1), E4PACK_ET_BUG);
	assert_int_equal(mballoc_longest_run(mb), 10);
	run_list_release(&out);
	mballoc_free(mb);
}

/* What is appended joins the last run where it continues it. */
static void appends(void **state)
{
	static const struct run gaps[] = { { 10, 10 }, { 30, 10 } };
	static const struct run want[] = { { 10, 10 }, { 30, 1 }, { 0, 0 } };
	struct alloc_request req = { .len = 4 };
	struct run_list out = { NULL, 0, 0 };
	struct mballoc *mb = allocator(gaps, 2);

	(void)state;
	assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
	req.goal = 14;
	req.len = 6;
	assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
	req.goal = 20;
	req.len = 1;
	assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
	assert_runs(&out, want);
	run_list_release(&out);
	mballoc_free(mb);
}

/* A world small enough to try every window by force. */
enum { WORLD = 64 };

struct world {
	bool gap[WORLD], free[WORLD];
};

static size_t world_runs(const bool *map, struct run *runs)
{
	size_t n = 0, i;

	for (i = 0; i < WORLD; i++) {
		if (!map[i])
			continue;
		if (n && runs[n - 1].start + runs[n - 1].len == i)
			runs[n - 1].len++;
		else
			runs[n++] = (struct run){ i, 1 };
	}
	return n;
}

/* Whether a gap that ends behind block @last could hold @len blocks. */
static bool gap_holds(const struct world *w, size_t last, uint64_t len)
{
	size_t first = last;

	while (w->gap[first - 1])
		first--;
	return last - first + 1 >= len;
}

/* The fewest pieces of @len blocks that only metadata breaks, behind gaps that
 * are too short for them; 0: none. */
static size_t fewest_pieces(const struct world *w, uint64_t len)
{
	size_t best = 0, start, i;

	for (start = 0; start < WORLD; start++) {
		uint64_t left = len;
		size_t pieces = 1;

		if (!w->free[start])
			continue;
		for (i = start; i < WORLD && left; i++) {
			if (w->free[i])
				left--;
			else if (w->gap[i])
				break;
			if (!left || i + 1 == WORLD || !w->gap[i] ||
			    w->gap[i + 1])
				continue;
			if (gap_holds(w, i, len))
				break;
			pieces++;
		}
		if (!left && (!best || pieces < best))
			best = pieces;
	}
	return best;
}

static size_t fewest_runs(const struct world *w, uint64_t len)
{
	struct run runs[WORLD], longest;
	size_t n = world_runs(w->free, runs), i, pieces = 0;

	for (; len; pieces++) {
		size_t at = 0;

		for (i = 1; i < n; i++)
			if (runs[i].len > runs[at].len)
				at = i;
		longest = runs[at];
		runs[at].len = 0;
		len -= longest.len < len ? longest.len : len;
	}
	return pieces;
}

static uint64_t count_free(const struct world *w)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < WORLD; i++)
		n += w->free[i];
	return n;
}

static void use_runs(struct world *w, const struct run_list *l, uint64_t len)
{
	uint64_t i, b;

	for (i = 0; i < l->n; i++)
		for (b = 0; b < l->runs[i].len; b++, len--) {
			assert_true(w->free[l->runs[i].start + b]);
			w->free[l->runs[i].start + b] = false;
		}
	assert_int_equal(len, 0);
}

static void random_request(struct world *w, struct mballoc *mb,
			   uint64_t *seed)
{
	const struct alloc_request req = {
		.len = 1 + next_random(seed) % (WORLD / 2),
		.goal = next_random(seed) % WORLD,
	};
	struct run_list out = { NULL, 0, 0 };
	size_t pieces = fewest_pieces(w, req.len);
	errcode_t err = mballoc_best_fit(mb, &out, &req);

	if (req.len > count_free(w)) {
		assert_int_equal(err, E4PACK_ET_NO_SPACE);
	} else if (pieces) {
		assert_int_equal(err, 0);
		assert_int_equal(out.n, pieces);
		use_runs(w, &out, req.len);
	} else {
		assert_int_equal(err, E4PACK_ET_SCATTERED);
		assert_int_equal(mballoc_scattered(mb, &out, &req), 0);
		assert_int_equal(out.n, fewest_runs(w, req.len));
		use_runs(w, &out, req.len);
	}
	run_list_release(&out);
}

/* One used block of a gap, and up to 7 behind it. */
static void random_release(struct world *w, struct mballoc *mb,
			   uint64_t *seed)
{
	size_t start = next_random(seed) % WORLD, end = start;
	size_t max = 1 + next_random(seed) % 8;

	while (end < WORLD && end - start < max && w->gap[end] &&
	       !w->free[end])
		w->free[end++] = true;
	assert_int_equal(mballoc_release(mb, start, end - start),
			 end > start ? 0 : E4PACK_ET_BUG);
}

static void compare_world(const struct world *w, const struct mballoc *mb)
{
	struct run_list out = { NULL, 0, 0 };
	struct run runs[WORLD];
	size_t n = world_runs(w->free, runs);

	assert_int_equal(mballoc_free_runs(mb, &out), 0);
	assert_int_equal(out.n, n);
	if (n)
		assert_memory_equal(out.runs, runs, n * sizeof(runs[0]));
	assert_int_equal(mballoc_free_blocks(mb), count_free(w));
	run_list_release(&out);
}

static void random_world(struct world *w, uint64_t *seed)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	for (i = 1; i < WORLD; i++)
		w->gap[i] = w->free[i] = next_random(seed) % 8 != 0;
}

static void against_a_map(void **state)
{
	struct run gaps[WORLD];
	struct mballoc *mb;
	uint64_t seed;
	struct world w;
	int round;

	(void)state;
	for (seed = 1; seed < 300; seed++) {
		uint64_t random = seed;

		random_world(&w, &random);
		mb = allocator(gaps, world_runs(w.gap, gaps));
		for (round = 0; round < 100; round++) {
			if (next_random(&random) % 3 == 0)
				random_request(&w, mb, &random);
			else
				random_release(&w, mb, &random);
			compare_world(&w, mb);
		}
		mballoc_free(mb);
	}
}

/* Files of many sizes that together are as long as the space: every block is
 * used in the end, and the last request fits exactly. */
static void fill_exactly(void **state)
{
	static const struct run gaps[] = {
		{ 300, 32468 }, { 33000, 32536 }, { 65800, 32504 },
		{ 98604, 20000 },
	};
	uint64_t seed = 3, left = 32468 + 32536 + 32504 + 20000;
	struct mballoc *mb = allocator(gaps, 4);
	struct run_list out = { NULL, 0, 0 };

	(void)state;
	while (left) {
		struct alloc_request req = {
			.len = 1 + next_random(&seed) % 3000,
		};
		errcode_t err;

		if (next_random(&seed) % 16 == 0)
			req.len *= 15;
		if (req.len > left)
			req.len = left;
		err = mballoc_best_fit(mb, &out, &req);
		if (err == E4PACK_ET_SCATTERED)
			err = mballoc_scattered(mb, &out, &req);
		assert_int_equal(err, 0);
		left -= req.len;
		assert_int_equal(mballoc_free_blocks(mb), left);
	}
	assert_int_equal(mballoc_longest_run(mb), 0);
	run_list_release(&out);
	mballoc_free(mb);
}

/* A file longer than several gaps: here the obstacles cost nothing, since
 * each whole gap is just under a multiple of 32768. */
static void large_file(void **state)
{
	static const struct run gaps[] = {
		{ 1000, 523288 }, { 524800, 523776 }, { 1049000, 523864 },
		{ 1573500, 200000 },
	};
	const struct alloc_request req = { .len = 1400000 };
	struct run_list out = { NULL, 0, 0 };
	struct mballoc *mb = allocator(gaps, 4);
	uint64_t extents = 0;
	size_t i;

	(void)state;
	assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
	assert_int_equal(out.n, 3);
	for (i = 0; i < out.n; i++)
		extents += div_round_up(out.runs[i].len, EXTENT_WRITTEN_MAX);
	assert_int_equal(extents, 43);
	run_list_release(&out);
	mballoc_free(mb);
}

/* The cost of @len blocks over @gaps, each free as a whole, by trying every
 * first gap and every number of blocks from its end. */
static uint64_t least_extents(const struct run *gaps, size_t n, uint64_t len)
{
	uint64_t best = UINT64_MAX, head, left, cost;
	size_t i, j;

	for (i = 0; i < n; i++)
		for (head = 1; head <= gaps[i].len; head++) {
			cost = div_round_up(head, EXTENT_WRITTEN_MAX);
			left = len - head;
			for (j = i + 1; j < n && left; j++) {
				uint64_t piece = gaps[j].len < left ?
					gaps[j].len : left;

				cost += div_round_up(piece,
						     EXTENT_WRITTEN_MAX);
				left -= piece;
			}
			if (!left && cost < best)
				best = cost;
		}
	return best;
}

/* Gaps of about one to three extents, so that where the pieces are cut
 * decides how many extents there are. */
static void fewest_extents(void **state)
{
	uint64_t seed = 5, at, total, extents;
	struct run gaps[4];
	int round;
	size_t i;

	(void)state;
	for (round = 0; round < 60; round++) {
		struct alloc_request req = { .len = 0 };
		struct run_list out = { NULL, 0, 0 };
		struct mballoc *mb;

		for (i = 0, at = 1, total = 0; i < 4; i++) {
			gaps[i].start = at;
			gaps[i].len = EXTENT_WRITTEN_MAX *
				(1 + next_random(&seed) % 3) - 2 +
				next_random(&seed) % 5;
			at += gaps[i].len + 10;
			total += gaps[i].len;
		}
		mb = allocator(gaps, 4);
		req.len = mballoc_longest_run(mb) + 1;
		req.len += next_random(&seed) % (total - req.len + 1);
		if (round % 2)
			req.len = div_round_up(req.len, EXTENT_WRITTEN_MAX) *
				EXTENT_WRITTEN_MAX;
		if (req.len > total)
			req.len = total;
		assert_int_equal(mballoc_best_fit(mb, &out, &req), 0);
		for (i = 0, extents = 0; i < out.n; i++)
			extents += div_round_up(out.runs[i].len,
						EXTENT_WRITTEN_MAX);
		assert_int_equal(extents, least_extents(gaps, 4, req.len));
		run_list_release(&out);
		mballoc_free(mb);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits),
		cmocka_unit_test(bad_gaps),
		cmocka_unit_test(bad_releases),
		cmocka_unit_test(appends),
		cmocka_unit_test(against_a_map),
		cmocka_unit_test(fill_exactly),
		cmocka_unit_test(large_file),
		cmocka_unit_test(fewest_extents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
