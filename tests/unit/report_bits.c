// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets of numbers, against one byte for each number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/bits.h"

enum { N = 1500, ROUNDS = 60 };

static void runs_agree_with_bytes(void **state)
{
	uint8_t model[N] = { 0 };
	struct bits b;
	uint64_t start, len, first, i, there, want_first;
	int round;

	(void)state;
	assert_int_equal(bits_init(&b, N), 0);
	srand(1);
	for (round = 0; round < ROUNDS; round++) {
		start = (uint64_t)rand() % N;
		len = (uint64_t)rand() % (round % 3 ? 9 : 200) + 1;
		if (len > N - start)
			len = N - start;
		there = want_first = first = 0;
		for (i = start + len; i-- > start; ) {
			if (model[i]) {
				there++;
				want_first = i;
			}
			model[i] = 1;
		}
		assert_int_equal(bits_add_run(&b, start, len, &first), there);
		assert_int_equal(first, want_first);
	}
	for (i = 0; i < N; i++)
		assert_int_equal(bits_has(&b, i), model[i]);
	bits_release(&b);
}

static void ranks_count_what_is_below(void **state)
{
	struct bits b;
	uint32_t below = 0;
	uint64_t i;

	(void)state;
	assert_int_equal(bits_init(&b, N), 0);
	for (i = 0; i < N; i++)
		if (i % 7 == 3 || (i > 700 && i < 900))
			bits_add(&b, i);
	assert_int_equal(bits_index(&b), 0);
	for (i = 0; i < N; i++) {
		assert_int_equal(bits_rank(&b, i), below);
		below += bits_has(&b, i);
	}
	bits_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_agree_with_bytes),
		cmocka_unit_test(ranks_count_what_is_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
