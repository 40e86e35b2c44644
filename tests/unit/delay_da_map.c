// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing, preallocating, truncating, punching and placing against a model
 * that keeps one status per block: a tiny world exhaustively, a larger one at
 * random, with and without bigalloc, new and with a map on disk; full images;
 * no memory.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errors.h"
#include "delay/da_map.h"
#include "delay_world.h"

enum { LETTERS = 16 };

static errcode_t letter(struct world *w, uint32_t which)
{
	switch (which) {
	case 0: return write_blocks(w, 0, 1);
	case 1: return write_blocks(w, 3, 2);
	case 2: return write_blocks(w, 0, 8);
	case 3: return write_blocks(w, 6, 2);
	case 4: return write_blocks(w, 2, 4);
	case 5: return truncate_parts(w, 0);
	case 6: return truncate_parts(w, 3 * 4 - 1);
	case 7: return truncate_parts(w, 8 * 4);
	case 8: return punch_parts(w, 1 * 4, 2 * 4);
	case 9: return punch_parts(w, 2 * 4 + 1, 4 * 4 + 2);
	case 10: return place_all(w);
	case 11: return fallocate_parts(w, 0, 8 * 4);
	case 12: return fallocate_parts(w, 3 * 4 + 3, 2);
	case 13: return write_parts(w, 2 * 4 + 3, 1, w->origins);
	case 14: return write_parts(w, 4 * 4 + 2, 4, NULL);
	default:
		delay_shrink(&w->d, 3);
		return 0;
	}
}

static void all_words(uint32_t bits, bool on_disk, uint32_t length)
{
	uint32_t words = 1, word, i, rest;
	struct world w;

	for (i = 0; i < length; i++)
		words *= LETTERS;
	for (word = 0; word < words; word++) {
		world_init(&w, 8, bits, 100, on_disk);
		for (i = 0, rest = word; i < length; i++, rest /= LETTERS) {
			assert_int_equal(letter(&w, rest % LETTERS), 0);
			compare(&w);
		}
		world_release(&w);
	}
}

static void tiny_world(void **state)
{
	(void)state;
	all_words(0, false, 4);
	all_words(2, false, 4);
}

static void tiny_world_on_disk(void **state)
{
	(void)state;
	all_words(0, true, 4);
	all_words(2, true, 4);
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 16) % below;
}

static errcode_t random_step(struct world *w, uint64_t *random)
{
	uint32_t part = draw(random, MAX_BLOCKS * 4), whole = draw(random, 2);
	uint32_t n, few;

	if (whole)
		part &= ~3u;
	n = 1 + draw(random, MAX_BLOCKS * 4 - part);
	if (whole)
		n = (n + 3) & ~3u;
	few = n % 36 ? n % 36 : 4;
	switch (draw(random, 12)) {
	case 0: return truncate_parts(w, part);
	case 1: return punch_parts(w, part, n);
	case 2: return place_all(w);
	case 3: return fallocate_parts(w, part, few);
	case 4: return write_parts(w, part, few, NULL);
	case 5: return punch_parts(w, part, few);
	default: return write_parts(w, part, few, w->origins);
	}
}

/* Space for half of the file, so that many steps are refused: nothing of
 * those may stay. */
static void random_when_full(void **state)
{
	uint64_t random = 88172645463325252u;
	uint32_t bits, i, refused = 0;
	struct world w;
	errcode_t err;

	(void)state;
	for (bits = 0; bits <= 4; bits += 2) {
		world_init(&w, MAX_BLOCKS, bits, MAX_BLOCKS / 2 >> bits,
			   false);
		for (i = 0; i < 20000; i++) {
			struct reserve before = w.d.reserve;

			err = random_step(&w, &random);
			assert_true(!err || err == E4PACK_ET_NO_SPACE);
			if (err) {
				assert_memory_equal(&before, &w.d.reserve,
						    sizeof(before));
				refused++;
			}
			compare(&w);
		}
		world_release(&w);
	}
	assert_true(refused > 1000);
}

/* Each allocation of each step fails once; then the step is made again. */
static void random_without_memory(void **state)
{
	uint64_t random = 123456789, same;
	uint32_t bits, i, failed = 0;
	struct world w;
	errcode_t err;
	int k;

	(void)state;
	for (bits = 0; bits < 8; bits++) {
		world_init(&w, MAX_BLOCKS, bits & 2, 200, bits & 1);
		for (i = 0; i < 300; i++) {
			for (k = 1, err = ENOMEM; err; k++) {
				same = random;
				fail_after = k;
				err = random_step(&w, &same);
				fail_after = 0;
				assert_true(!err || err == ENOMEM);
				failed += err != 0;
				compare(&w);
			}
			random = same;
		}
		world_release(&w);
	}
	assert_true(failed > 100);
}

/* Measuring goes on past the end, and the accounts still hold. */
static void past_the_end(void **state)
{
	struct world w;

	(void)state;
	world_init(&w, MAX_BLOCKS, 0, 2, false);
	w.d.reserve.measure = true;
	assert_int_equal(write_blocks(&w, 0, 2), 0);
	assert_false(w.d.reserve.overrun);
	assert_int_equal(write_blocks(&w, 4, 3), 0);
	assert_true(w.d.reserve.overrun);
	assert_int_equal(w.f.es.reserved, 5);
	assert_true(da_accounting_holds(&w.d, &w.f));
	assert_int_equal(da_truncate(&w.d, &w.f, 0), 0);
	assert_int_equal(w.d.reserve.dirty, 0);
	assert_true(da_accounting_holds(&w.d, &w.f));
	world_release(&w);
}

struct limit_case {
	uint64_t pos, len;
	errcode_t err;
};

static void limits(void **state)
{
	const uint64_t end = (uint64_t)ES_MAX_BLOCKS * BS;
	const struct limit_case cases[] = {
		{ 0, 0, 0 },
		{ end - 1, 1, 0 },
		{ end - 1, 2, EFBIG },
		{ end, 1, EFBIG },
		{ UINT64_MAX, 1, EFBIG },
		{ 1, UINT64_MAX, EFBIG },
	};
	struct world w;
	size_t i;

	(void)state;
	world_init(&w, 1, 0, 100, false);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(da_write(&w.d, &w.f, cases[i].pos,
					  cases[i].len, NULL, 0),
				 cases[i].err);
	assert_true(w.f.size == end);
	assert_int_equal(w.f.es.reserved, 1);
	assert_int_equal(da_write(&w.d, &w.f, 0, end, NULL, 0),
			 E4PACK_ET_NO_SPACE);
	assert_int_equal(w.f.es.reserved, 1);
	w.d.reserve.unbounded = true;
	assert_int_equal(da_write(&w.d, &w.f, 0, end, NULL, 0), 0);
	assert_true(delayed_file_delayed_blocks(&w.f) == ES_MAX_BLOCKS);
	assert_int_equal(w.f.es.all, 1);
	assert_int_equal(delayed_file_count_extents(&w.f, NULL, 0), 131072);
	assert_int_equal(da_truncate(&w.d, &w.f, end + 1), EFBIG);
	assert_int_equal(da_truncate(&w.d, &w.f, UINT64_MAX), EFBIG);
	assert_int_equal(da_truncate(&w.d, &w.f, 1), 0);
	assert_int_equal(w.f.es.reserved, 1);
	assert_int_equal(da_truncate(&w.d, &w.f, end), 0);
	world_release(&w);
}

static void answers(void **state)
{
	struct world w;
	struct da_map map = { .lblk = 1, .len = 100 };
	uint64_t seq;

	(void)state;
	world_init(&w, 8, 0, 100, true);
	seq = delayed_file_seq(&w.f);
	assert_int_equal(da_map_blocks(&w.d, &w.f, &map), 0);
	assert_int_equal(map.status, ES_WRITTEN);
	assert_int_equal(map.len, 2);
	assert_int_equal(map.pblk, 65);
	assert_int_equal(delayed_file_check_seq(&w.f, seq), 0);
	map = (struct da_map){ .lblk = 3, .len = 100 };
	assert_int_equal(da_map_blocks(&w.d, &w.f, &map), 0);
	assert_int_equal(map.status, ES_DELAYED);
	assert_int_equal(map.len, 2);
	assert_true(map.inserted);
	assert_int_equal(delayed_file_check_seq(&w.f, map.seq), 0);
	assert_int_equal(delayed_file_check_seq(&w.f, seq), E4PACK_ET_STALE);
	map = (struct da_map){ .lblk = 4, .len = 100 };
	assert_int_equal(da_map_blocks(&w.d, &w.f, &map), 0);
	assert_false(map.inserted);
	assert_int_equal(map.len, 1);
	/* A hole that the disk tells is known up to the next delayed block. */
	assert_int_equal(write_blocks(&w, 7, 1), 0);
	delay_shrink(&w.d, 100);
	delay_shrink(&w.d, 100);
	assert_int_equal(w.f.es.reclaimable, 0);
	map = (struct da_map){ .lblk = 6, .len = 100 };
	assert_int_equal(da_look_up(&w.d, &w.f, &map), 0);
	assert_int_equal(map.status, ES_HOLE);
	assert_int_equal(map.len, 1);
	assert_true(es_scan_range(&w.f.es, ES_HOLE, 6, 6));
	world_release(&w);
	if (sizeof(void *) == 8)
		assert_true(sizeof(struct delayed_file) <= 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiny_world),
		cmocka_unit_test(tiny_world_on_disk),
		cmocka_unit_test(random_when_full),
		cmocka_unit_test(random_without_memory),
		cmocka_unit_test(past_the_end),
		cmocka_unit_test(limits),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
