// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of fragmentation, on layouts small enough to count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "report/frag_count.h"
#include "report/frag_worst.h"

enum { MAX_EXTENTS = 6 };

/* Fixed metadata: gaps of 900, 32000 and 100 blocks before the runs. */
static const struct run fixed_list[] = {
	{ 0, 100 }, { 1000, 50 }, { 33050, 10 }, { 33160, 40 },
};

struct count_case {
	const char *what;
	struct extent e[MAX_EXTENTS];
	size_t n;
	struct frag_counts want;
};

static const struct count_case cases[] = {
	{ "nothing", { { 0 } }, 0, { 0, 0, 0, 0 } },
	{ "one piece", { { 0, 10, 200, false } }, 1, { 10, 1, 1, 0 } },
	{ "a hole is no break",
	  { { 0, 10, 200, false }, { 20, 10, 300, false } }, 2,
	  { 20, 2, 2, 0 } },
	{ "a status change is no break",
	  { { 0, 10, 200, false }, { 10, 10, 210, true } }, 2,
	  { 20, 2, 2, 0 } },
	{ "two pieces of one run",
	  { { 0, 10, 200, false }, { 10, 10, 300, false } }, 2,
	  { 20, 2, 1, 0 } },
	{ "split entries of one piece",
	  { { 0, 10, 200, false }, { 10, 10, 210, false } }, 2,
	  { 20, 2, 1, 0 } },
	{ "the longest written extent and one more",
	  { { 0, 32768, 40000, false }, { 32768, 1, 72768, false } }, 2,
	  { 32769, 2, 2, 0 } },
	{ "the longest unwritten extent and one more",
	  { { 0, 32767, 40000, true }, { 32767, 1, 72767, true } }, 2,
	  { 32768, 2, 2, 0 } },
	{ "metadata between, longer than the gap",
	  { { 0, 900, 100, false }, { 900, 1, 1050, false } }, 2,
	  { 901, 2, 1, 1 } },
	{ "metadata between, as long as the gap",
	  { { 0, 899, 101, false }, { 899, 1, 1050, false } }, 2,
	  { 900, 2, 1, 0 } },
	{ "metadata between, but not up to it",
	  { { 0, 900, 99, false }, { 900, 10, 1050, false } }, 2,
	  { 910, 2, 1, 0 } },
	{ "metadata between, but not right behind it",
	  { { 0, 900, 100, false }, { 900, 10, 1051, false } }, 2,
	  { 910, 2, 1, 0 } },
	{ "more than metadata between",
	  { { 0, 900, 100, false }, { 900, 200, 33060, false } }, 2,
	  { 1100, 2, 1, 0 } },
	{ "a chain over two gaps",
	  { { 0, 900, 100, false }, { 900, 32000, 1050, false },
	    { 32900, 50, 33060, false } }, 3,
	  { 32950, 3, 2, 1 } },
	{ "a chain and a break of the allocator's own",
	  { { 0, 900, 100, false }, { 900, 10, 1050, false },
	    { 910, 5, 2000, false } }, 3,
	  { 915, 3, 1, 1 } },
	{ "unwritten pieces make a chain, too",
	  { { 0, 900, 100, true }, { 900, 10, 1050, true } }, 2,
	  { 910, 2, 1, 1 } },
};

static void counts(void **state)
{
	const struct fixed_runs fixed = {
		fixed_list, sizeof(fixed_list) / sizeof(fixed_list[0]), 0,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct count_case *c = &cases[i];
		struct frag_counts got;

		frag_count(&got, c->e, c->n, &fixed);
		if (got.blocks != c->want.blocks ||
		    got.extents != c->want.extents ||
		    got.ideal != c->want.ideal ||
		    got.unavoidable != c->want.unavoidable)
			fail_msg("%s: %u %u %u %u", c->what,
				 (unsigned int)got.blocks,
				 (unsigned int)got.extents,
				 (unsigned int)got.ideal,
				 (unsigned int)got.unavoidable);
	}
}

static void no_metadata(void **state)
{
	const struct fixed_runs none = { NULL, 0, 0 };
	struct frag_counts got;

	(void)state;
	frag_count(&got, cases[8].e, cases[8].n, &none);
	assert_int_equal(got.unavoidable, 0);
	assert_int_equal(frag_counts_excess(&got), 1);
}

/* 899 blocks do not fit into the gap of 900 when they begin 2 blocks into a
 * cluster of 4. */
static void clusters(void **state)
{
	const struct extent e[] = {
		{ 2, 898, 102, false }, { 900, 1, 1050, false },
	};
	struct fixed_runs fixed = {
		fixed_list, sizeof(fixed_list) / sizeof(fixed_list[0]), 2,
	};
	struct frag_counts got;

	(void)state;
	frag_count(&got, e, 2, &fixed);
	assert_int_equal(got.unavoidable, 1);
	fixed.cluster_bits = 0;
	frag_count(&got, e, 2, &fixed);
	assert_int_equal(got.unavoidable, 0);
}

static void scores(void **state)
{
	const struct frag_counts none = { 0, 0, 0, 0 };
	const struct frag_counts worst = { 10, 10, 1, 0 };
	const struct frag_counts best = { 10, 3, 1, 2 };
	const struct frag_counts half = { 11, 6, 1, 0 };
	const struct frag_counts huge = { 40000000, 1600, 1567, 0 };

	(void)state;
	assert_true(frag_counts_score(&none) == 100.0);
	assert_true(frag_counts_score(&worst) == 0.0);
	assert_true(frag_counts_score(&best) == 100.0);
	assert_true(frag_counts_score(&half) == 50.0);
	assert_true(frag_counts_score_shown(&half) == 50.0);
	assert_true(frag_counts_score_shown(&best) == 100.0);
	assert_true(frag_counts_score_shown(&huge) == 99.99);
}

static void worst_files(void **state)
{
	struct frag_worst w = { NULL, 0, 0, 3 };
	uint32_t ino;

	(void)state;
	for (ino = 11; ino < 111; ino++) {
		const struct frag_file f = {
			.ino = ino,
			.counts = { 100, 1 + ino * 37 % 50, 1, 0 },
		};

		assert_int_equal(frag_worst_add(&w, &f), 0);
	}
	frag_worst_sort(&w);
	assert_int_equal(w.n, 3);
	/* 37 * 27 and 37 * 77 end in 49 of 50; 37 * 54 ends in 48. */
	assert_int_equal(w.files[0].ino, 27);
	assert_int_equal(w.files[1].ino, 77);
	assert_int_equal(w.files[2].ino, 54);
	frag_worst_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts),
		cmocka_unit_test(no_metadata),
		cmocka_unit_test(clusters),
		cmocka_unit_test(scores),
		cmocka_unit_test(worst_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
