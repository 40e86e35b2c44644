// SPDX-License-Identifier: GPL-2.0-or-later
/* Where delayed blocks go: runs, on-disk limits, clusters with a place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errors.h"
#include "delay/writeback.h"

struct extents_case {
	uint32_t len[3];	/* runs; 0 ends */
	uint64_t start[3];
	uint64_t count;
};

static void extent_limits(void **state)
{
	const struct extents_case cases[] = {
		{ { 1 }, { 10 }, 1 },
		{ { 32768 }, { 10 }, 1 },
		{ { 32769 }, { 10 }, 2 },
		{ { 65536 }, { 10 }, 2 },
		{ { 100, 200 }, { 10, 110 }, 1 },
		{ { 100, 200 }, { 10, 111 }, 2 },
		{ { 32768, 1 }, { 10, 32778 }, 2 },
		{ { 100, 32768, 5 }, { 10, 1000, 9 }, 3 },
		{ { 100, 32768, 5 }, { 10, 110, 9 }, 3 },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct extents_case *c = &cases[i];
		struct extent_list list = { .n = 0 };
		struct run runs[3] = { { 0, 0 } };
		struct delayed_file f;
		struct delay d;
		uint64_t total = 0;

		delay_init(&d, 12, 0);
		d.reserve.unbounded = true;
		delayed_file_init(&f);
		for (n = 0; n < 3 && c->len[n]; n++) {
			runs[n] = (struct run){ c->start[n], c->len[n] };
			total += c->len[n];
		}
		assert_int_equal(da_write(&d, &f, 0, total << 12, NULL, 0),
				 0);
		assert_int_equal(delayed_file_extents(&f, &list),
				 E4PACK_ET_BUG);
		assert_int_equal(delayed_file_count_extents(&f, runs, n),
				 c->count);
		assert_int_equal(delayed_file_count_extents(&f, NULL, 0),
				 (total + 32767) / 32768);
		runs[0].len++;
		assert_int_equal(writeback_place(&d, &f, runs, n),
				 E4PACK_ET_BUG);
		runs[0].len--;
		assert_int_equal(writeback_place(&d, &f, runs, n), 0);
		assert_true(d.reserve.claimed_total == total);
		assert_int_equal(delayed_file_extents(&f, &list), 0);
		assert_int_equal(list.n, c->count);
		assert_int_equal(list.extents[0].pblk, c->start[0]);
		extent_list_release(&list);
		delayed_file_release(&f, &d);
		delay_release(&d);
	}
}

/* A cluster that is allocated already keeps its place in the middle of what
 * is placed: blocks 0 to 6 and 8 to 9 around block 7, four in a cluster. */
static void around_a_pending_cluster(void **state)
{
	const struct run first = { 40, 4 }, second = { 80, 8 };
	const struct run odd[] = { { 80, 4 }, { 86, 4 } };
	const struct extent expect[] = { { 0, 4, 80, false },
					 { 4, 4, 40, false },
					 { 8, 2, 84, false } };
	struct extent_list list = { .n = 0 };
	struct delayed_file f;
	struct delay d;
	size_t i;

	(void)state;
	delay_init(&d, 10, 2);
	d.reserve.free = 3;
	delayed_file_init(&f);
	assert_int_equal(da_write(&d, &f, 7 << 10, 1 << 10, NULL, 0), 0);
	assert_int_equal(writeback_place(&d, &f, &first, 1), 0);
	assert_int_equal(da_write(&d, &f, 0, 10 << 10, NULL, 0), 0);
	assert_int_equal(delayed_file_delayed_blocks(&f), 9);
	assert_int_equal(delayed_file_wanted_blocks(&f), 8);
	assert_true(is_pending(&f.pending, 1));
	assert_int_equal(delayed_file_count_extents(&f, &second, 1), 3);
	assert_int_equal(writeback_place(&d, &f, odd, 2), E4PACK_ET_BUG);
	assert_int_equal(writeback_place(&d, &f, &second, 1), 0);
	assert_int_equal(d.reserve.free, 0);
	assert_int_equal(delayed_file_extents(&f, &list), 0);
	assert_int_equal(list.n, 3);
	for (i = 0; i < 3; i++) {
		assert_int_equal(list.extents[i].lblk, expect[i].lblk);
		assert_int_equal(list.extents[i].len, expect[i].len);
		assert_int_equal(list.extents[i].pblk, expect[i].pblk);
	}
	extent_list_release(&list);
	delayed_file_release(&f, &d);
	delay_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(extent_limits),
		cmocka_unit_test(around_a_pending_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
