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
	bool unwritten;
};

static void extent_limits(void **state)
{
	const struct extents_case cases[] = {
		{ { 1 }, { 10 }, 1, false },
		{ { 32768 }, { 10 }, 1, false },
		{ { 32769 }, { 10 }, 2, false },
		{ { 65536 }, { 10 }, 2, false },
		{ { 100, 200 }, { 10, 110 }, 1, false },
		{ { 100, 200 }, { 10, 111 }, 2, false },
		{ { 32768, 1 }, { 10, 32778 }, 2, false },
		{ { 100, 32768, 5 }, { 10, 1000, 9 }, 3, false },
		{ { 100, 32768, 5 }, { 10, 110, 9 }, 3, false },
		{ { 32767 }, { 10 }, 1, true },
		{ { 32768 }, { 10 }, 2, true },
		{ { 65534 }, { 10 }, 2, true },
		{ { 100, 32768, 5 }, { 10, 110, 9 }, 3, true },
	};
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct extents_case *c = &cases[i];
		struct extent_list list = { .n = 0 };
		uint64_t limit = c->unwritten ? 32767 : 32768;
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
		assert_int_equal(c->unwritten ?
				 da_fallocate(&d, &f, 0, total << 12) :
				 da_write(&d, &f, 0, total << 12, NULL, 0),
				 0);
		assert_int_equal(delayed_file_extents(&f, &list),
				 E4PACK_ET_BUG);
		assert_int_equal(delayed_file_count_extents(&f, runs, n),
				 c->count);
		assert_int_equal(delayed_file_count_extents(&f, NULL, 0),
				 (total + limit - 1) / limit);
		runs[0].len++;
		assert_int_equal(writeback_place(&d, &f, runs, n),
				 E4PACK_ET_BUG);
		runs[0].len--;
		assert_int_equal(writeback_place(&d, &f, runs, n), 0);
		assert_true(d.reserve.claimed_total == total);
		assert_int_equal(delayed_file_extents(&f, &list), 0);
		assert_int_equal(list.n, c->count);
		assert_int_equal(list.extents[list.n - 1].unwritten,
				 c->unwritten);
		assert_int_equal(list.extents[0].pblk, c->start[0]);
		extent_list_release(&list);
		delayed_file_release(&f, &d);
		delay_release(&d);
	}
}

struct step {
	char what;		/* Write, Fallocate, Zeros, Punch, Truncate */
	uint32_t pos, len;	/* bytes; blocks have 1024 */
};

struct stretch_case {
	struct step steps[5];
	const char *blocks;	/* of each: W, U or - */
	uint64_t extents;	/* with clusters of one block */
};

static void make_step(struct delay *d, struct delayed_file *f,
		      const struct step *s)
{
	errcode_t err;

	if (s->what == 'F')
		err = da_fallocate(d, f, s->pos, s->len);
	else if (s->what == 'P')
		err = da_punch(d, f, s->pos, s->len);
	else if (s->what == 'T')
		err = da_truncate(d, f, s->pos);
	else
		err = da_write(d, f, s->pos, s->len, NULL, 0);
	assert_int_equal(err, 0);
}

/* What is preallocated and what is written, with bytes coming and going
 * before anything has its place. */
static void stretches(void **state)
{
	const struct stretch_case cases[] = {
		{ { { 'F', 0, 4096 } }, "UUUU", 1 },
		{ { { 'F', 1023, 2 } }, "UU", 1 },
		{ { { 'F', 0, 4096 }, { 'W', 1500, 1 } }, "UWUU", 3 },
		{ { { 'W', 1500, 1 }, { 'F', 0, 4096 } }, "UWUU", 3 },
		{ { { 'F', 0, 4096 }, { 'W', 0, 100 }, { 'P', 0, 100 } },
		  "WUUU", 2 },
		{ { { 'F', 0, 4096 }, { 'W', 900, 300 },
		    { 'P', 900, 300 } }, "WWUU", 2 },
		{ { { 'W', 0, 4096 }, { 'P', 1000, 2000 },
		    { 'F', 0, 4096 } }, "WUWW", 3 },
		{ { { 'W', 1500, 100 }, { 'T', 1200, 0 } }, "-W", 1 },
		{ { { 'F', 0, 4096 }, { 'T', 1200, 0 } }, "UU", 1 },
		{ { { 'W', 1500, 100 }, { 'T', 1200, 0 },
		    { 'T', 4096, 0 }, { 'P', 1024, 500 },
		    { 'F', 0, 3000 } }, "UWU-", 3 },
		{ { { 'F', 0, 8192 }, { 'W', 2048, 10 }, { 'W', 3500, 10 },
		    { 'W', 6000, 10 } }, "UUWWUWUU", 5 },
	};
	uint32_t bits;
	size_t i, k;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stretch_case *c = &cases[i / 2];
		struct run run = { .start = 64 };
		struct delayed_file f;
		struct es_extent e;
		struct delay d;

		bits = i % 2 * 2;
		delay_init(&d, 10, bits);
		d.reserve.free = 8;
		delayed_file_init(&f);
		for (k = 0; k < 5 && c->steps[k].what; k++)
			make_step(&d, &f, &c->steps[k]);
		run.len = delayed_file_wanted_blocks(&f);
		if (!bits)
			assert_int_equal(delayed_file_count_extents(
					 &f, &run, 1), c->extents);
		assert_int_equal(writeback_place(&d, &f, &run, 1), 0);
		assert_true(delayed_file_verify(&d, &f));
		for (k = 0; c->blocks[k]; k++) {
			if (!es_next_extent(&f.es, ES_MAPPED, k, &e) ||
			    e.lblk > k)
				e.status = '-';
			else
				e.status = e.status & ES_WRITTEN ? 'W' : 'U';
			assert_int_equal(e.status, c->blocks[k]);
		}
		assert_false(es_next_extent(&f.es, ES_MAPPED, k, &e));
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
		cmocka_unit_test(stretches),
		cmocka_unit_test(around_a_pending_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
