// SPDX-License-Identifier: GPL-2.0-or-later
/* The set of free runs against a plain array of blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc/free_runs.h"
#include "base/errors.h"

enum { BLOCKS = 96 };

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

enum op { GIVE, TAKE };

struct step {
	enum op op;
	uint64_t start, len;
	errcode_t err;
	size_t n;		/* runs afterwards */
	uint64_t blocks;	/* free afterwards */
};

static void steps(void **state)
{
	static const struct step cases[] = {
		{ TAKE, 0, 1, E4PACK_ET_BUG, 0, 0 },
		{ GIVE, 10, 0, E4PACK_ET_BUG, 0, 0 },
		{ GIVE, UINT64_MAX, 1, E4PACK_ET_BUG, 0, 0 },
		{ GIVE, 10, 10, 0, 1, 10 },
		{ GIVE, 30, 10, 0, 2, 20 },
		/* twice, at each overlap there is */
		{ GIVE, 10, 10, E4PACK_ET_BUG, 2, 20 },
		{ GIVE, 9, 2, E4PACK_ET_BUG, 2, 20 },
		{ GIVE, 19, 1, E4PACK_ET_BUG, 2, 20 },
		{ GIVE, 20, 11, E4PACK_ET_BUG, 2, 20 },
		{ GIVE, 5, 50, E4PACK_ET_BUG, 2, 20 },
		/* joined left, right, both */
		{ GIVE, 20, 2, 0, 2, 22 },
		{ GIVE, 28, 2, 0, 2, 24 },
		{ GIVE, 22, 6, 0, 1, 30 },
		{ GIVE, 0, 10, 0, 1, 40 },
		/* beginning, end, middle, whole */
		{ TAKE, 0, 5, 0, 1, 35 },
		{ TAKE, 0, 6, E4PACK_ET_BUG, 1, 35 },
		{ TAKE, 39, 1, 0, 1, 34 },
		{ TAKE, 39, 1, E4PACK_ET_BUG, 1, 34 },
		{ TAKE, 38, 2, E4PACK_ET_BUG, 1, 34 },
		{ TAKE, 10, 0, E4PACK_ET_BUG, 1, 34 },
		{ TAKE, 10, UINT64_MAX, E4PACK_ET_BUG, 1, 34 },
		{ TAKE, 10, 10, 0, 2, 24 },
		{ TAKE, 5, 16, E4PACK_ET_BUG, 2, 24 },
		{ TAKE, 5, 5, 0, 1, 19 },
		{ TAKE, 20, 19, 0, 0, 0 },
	};
	struct free_runs fr;
	size_t i;

	(void)state;
	free_runs_init(&fr);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct step *s = &cases[i];

		assert_int_equal(s->op == GIVE ?
				 free_runs_give(&fr, s->start, s->len) :
				 free_runs_take(&fr, s->start, s->len),
				 s->err);
		free_runs_verify(&fr);
		assert_int_equal(fr.n, s->n);
		assert_int_equal(fr.blocks, s->blocks);
	}
	free_runs_release(&fr);
}

/* Runs at 10 (4), 20 (8), 40 (4), 60 (16). */
static void some_runs(struct free_runs *fr)
{
	free_runs_init(fr);
	assert_int_equal(free_runs_give(fr, 60, 16), 0);
	assert_int_equal(free_runs_give(fr, 40, 4), 0);
	assert_int_equal(free_runs_give(fr, 10, 4), 0);
	assert_int_equal(free_runs_give(fr, 20, 8), 0);
}

static void questions(void **state)
{
	static const struct { uint64_t len, start; } best[] = {
		{ 1, 10 }, { 4, 10 }, { 5, 20 }, { 8, 20 }, { 9, 60 },
		{ 16, 60 }, { 17, 0 },
	};
	static const struct { uint64_t block, start; } from[] = {
		{ 0, 10 }, { 10, 10 }, { 13, 10 }, { 14, 20 }, { 27, 20 },
		{ 75, 60 }, { 76, 0 }, { UINT64_MAX, 0 },
	};
	static const uint64_t falling[] = { 60, 20, 40, 10 };
	struct free_run *run;
	struct free_runs fr;
	size_t i;

	(void)state;
	some_runs(&fr);
	for (i = 0; i < sizeof(best) / sizeof(best[0]); i++) {
		run = free_runs_best(&fr, best[i].len);
		assert_int_equal(run ? run->start : 0, best[i].start);
	}
	for (i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
		run = free_runs_from(&fr, from[i].block);
		assert_int_equal(run ? run->start : 0, from[i].start);
	}
	run = free_runs_longest(&fr);
	for (i = 0; i < 4; i++, run = free_runs_shorter(run))
		assert_int_equal(run->start, falling[i]);
	assert_null(run);
	free_runs_release(&fr);
	assert_null(free_runs_first(&fr));
	assert_null(free_runs_longest(&fr));
}

/* A node laid by is used for the split, and one is kept from a merge. */
static void nodes_in_hand(void **state)
{
	struct free_runs fr;

	(void)state;
	some_runs(&fr);
	assert_int_equal(free_runs_prepare(&fr), 0);
	assert_non_null(fr.spare);
	assert_int_equal(free_runs_take(&fr, 22, 2), 0);
	assert_null(fr.spare);
	assert_int_equal(free_runs_give(&fr, 22, 2), 0);
	assert_non_null(fr.spare);
	assert_int_equal(free_runs_take(&fr, 10, 4), 0);
	free_runs_verify(&fr);
	free_runs_release(&fr);
}

static bool all_are(const bool *map, uint64_t start, uint64_t len, bool free)
{
	while (len--)
		if (map[start++] != free)
			return false;
	return true;
}

static void compare(const struct free_runs *fr, const bool *map)
{
	const struct free_run *run = free_runs_first(fr);
	uint64_t start, end;

	for (start = 0; start < BLOCKS; start = end) {
		for (end = start; end < BLOCKS && map[end] == map[start]; )
			end++;
		if (!map[start])
			continue;
		assert_non_null(run);
		assert_int_equal(run->start, start);
		assert_int_equal(run->len, end - start);
		run = free_runs_next((struct free_run *)run);
	}
	assert_null(run);
	free_runs_verify(fr);
}

static void against_a_map(void **state)
{
	bool map[BLOCKS] = { false };
	uint64_t seed = 7, start, len, i;
	struct free_runs fr;
	int round;

	(void)state;
	free_runs_init(&fr);
	for (round = 0; round < 20000; round++) {
		bool give = next_random(&seed) & 1;
		bool legal;
		errcode_t err;

		start = next_random(&seed) % BLOCKS;
		len = next_random(&seed) % 9;
		if (len > BLOCKS - start)
			len = BLOCKS - start;
		legal = len && all_are(map, start, len, !give);
		err = give ? free_runs_give(&fr, start, len) :
			free_runs_take(&fr, start, len);
		assert_int_equal(err, legal ? 0 : E4PACK_ET_BUG);
		for (i = start; legal && i < start + len; i++)
			map[i] = give;
		compare(&fr, map);
	}
	free_runs_release(&fr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps),
		cmocka_unit_test(questions),
		cmocka_unit_test(nodes_in_hand),
		cmocka_unit_test(against_a_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
