// SPDX-License-Identifier: GPL-2.0-or-later
/* Which file of one image is which of the other, against a plain table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/diff_links.h"

enum { INODES = 40, ROUNDS = 4000 };

static void like_a_table(void **state)
{
	uint32_t of_a[INODES] = { 0 }, of_b[INODES] = { 0 }, ways[INODES];
	struct diff_links l;
	unsigned int met[LINK_OTHER + 1] = { 0 };
	int round;

	(void)state;
	srand(1);
	diff_links_init(&l);
	for (round = 0; round < ROUNDS; round++) {
		uint32_t a = 1 + rand() % (INODES - 1);
		uint32_t b = 1 + rand() % (INODES - 1), got = 77;
		enum link_state want = LINK_OTHER;

		if (!of_a[a] && !of_b[b])
			want = LINK_NEW;
		else if (of_a[a] == b)
			want = LINK_SAME;
		met[want]++;
		assert_int_equal(diff_links_find(&l, a, b, &got), want);
		assert_int_equal(got, want == LINK_SAME ? ways[a] : 77);
		if (want != LINK_NEW)
			continue;
		of_a[a] = b;
		of_b[b] = a;
		ways[a] = (uint32_t)rand();
		assert_int_equal(diff_links_add(&l, a, b, ways[a]), 0);
	}
	assert_true(met[LINK_NEW] && met[LINK_SAME] && met[LINK_OTHER]);
	diff_links_release(&l);
	assert_int_equal(diff_links_find(&l, 1, 1, ways), LINK_NEW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_a_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
