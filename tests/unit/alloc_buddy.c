// SPDX-License-Identifier: GPL-2.0-or-later
/* The buddy of a group against one that is recounted from a plain map. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alloc/buddy.h"
#include "base/errors.h"

enum { MAX_CLUSTERS = 200 };

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A map of free clusters and what it makes, found the slow way. */
struct naive {
	bool free[2 * MAX_CLUSTERS];	/* false behind the group */
	uint32_t clusters, max_order;
};

static bool chunk_is_free(const struct naive *n, uint32_t order, uint32_t i)
{
	uint32_t c;

	for (c = i << order; c < (i + 1) << order; c++)
		if (c >= n->clusters || !n->free[c])
			return false;
	return true;
}

/* The order of the largest free chunk that holds a free cluster. */
static uint32_t order_at(const struct naive *n, uint32_t c)
{
	uint32_t order = n->max_order;

	while (!chunk_is_free(n, order, c >> order))
		order--;
	return order;
}

static struct buddy_counts naive_counts(const struct naive *n)
{
	struct buddy_counts counts;
	uint32_t c;

	memset(&counts, 0, sizeof(counts));
	for (c = 0; c < n->clusters; c++) {
		if (!n->free[c])
			continue;
		counts.free++;
		counts.fragments += !c || !n->free[c - 1];
		if (c % (1U << order_at(n, c)) == 0)
			counts.chunks[order_at(n, c)]++;
	}
	return counts;
}

static uint32_t run_len(const struct naive *n, uint32_t start)
{
	uint32_t end = start;

	while (end < n->clusters && n->free[end])
		end++;
	return end - start;
}

static void compare_runs(const struct naive *n, const struct buddy *b,
			 struct buddy_counts *counted)
{
	struct buddy_run run = buddy_next_run(b, 0);
	uint32_t c;

	memset(counted, 0, sizeof(*counted));
	for (c = 0; c < n->clusters; c++) {
		if (!n->free[c] || (c && n->free[c - 1]))
			continue;
		assert_int_equal(run.start, c);
		assert_int_equal(run.len, run_len(n, c));
		buddy_counts_add(counted, b->max_order, run.start, run.len);
		run = buddy_next_run(b, run.start + run.len);
	}
	assert_int_equal(run.len, 0);
}

static void compare_chunks(const struct naive *n, const struct buddy *b)
{
	uint32_t want, order, c, at;

	for (want = 0; want <= n->max_order + 1; want++) {
		struct buddy_run got = buddy_first_chunk(b, want);

		order = want;
		while (order <= n->max_order && !b->counts.chunks[order])
			order++;
		if (order > n->max_order) {
			assert_int_equal(got.len, 0);
			continue;
		}
		at = n->clusters;
		for (c = 0; c < n->clusters && at == n->clusters; c++)
			if (n->free[c] && order_at(n, c) == order)
				at = c;
		assert_int_equal(got.start, at);
		assert_int_equal(got.len, 1U << order);
	}
}

static void compare_extents(const struct naive *n, const struct buddy *b,
			    uint32_t start, uint32_t needed)
{
	struct buddy_run got = buddy_extent_at(b, start, needed);
	uint32_t end = start, order;

	assert_int_equal(buddy_is_free(b, start), n->free[start]);
	if (n->free[start]) {
		do {
			order = order_at(n, end);
			end = ((end >> order) + 1) << order;
		} while (end - start < needed && n->free[end]);
	}
	assert_int_equal(got.start, start);
	assert_int_equal(got.len, end - start);
}

static void compare(const struct naive *n, const struct buddy *b)
{
	struct buddy_counts counts = naive_counts(n), counted;

	assert_memory_equal(&counts, &b->counts, sizeof(counts));
	compare_runs(n, b, &counted);
	assert_memory_equal(&counts, &counted, sizeof(counts));
	compare_chunks(n, b);
	buddy_verify(b);
}

static bool all_are(const struct naive *n, uint32_t start, uint32_t len,
		    bool free)
{
	uint32_t i;

	for (i = start; i < start + len; i++)
		if (i >= n->clusters || n->free[i] != free)
			return false;
	return len != 0;
}

static void random_step(struct naive *n, struct buddy *b, uint64_t *seed)
{
	uint32_t start = (uint32_t)(next_random(seed) % n->clusters);
	uint32_t len = (uint32_t)(next_random(seed) % 40);
	bool give = next_random(seed) & 1;
	bool legal = all_are(n, start, len, !give);
	errcode_t err;
	uint32_t i;

	err = give ? buddy_mark_free(b, start, len) :
		buddy_mark_used(b, start, len);
	assert_int_equal(err, legal ? 0 : E4PACK_ET_BUG);
	for (i = start; legal && i < start + len; i++)
		n->free[i] = give;
}

static void against_a_map(void **state)
{
	static const uint32_t clusters[] = { 1, 2, 63, 64, 65, 128, 150, 200 };
	uint64_t seed = 11;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(clusters) / sizeof(clusters[0]); i++) {
		struct naive n = { .clusters = clusters[i],
				   .max_order = (uint32_t)i };
		struct buddy b;
		int round;

		assert_int_equal(buddy_init(&b, n.clusters, n.max_order), 0);
		compare(&n, &b);
		for (round = 0; round < 2000; round++) {
			random_step(&n, &b, &seed);
			compare(&n, &b);
			compare_extents(&n, &b, (uint32_t)
					(next_random(&seed) % n.clusters),
					(uint32_t)(next_random(&seed) % 50));
		}
		buddy_release(&b);
	}
}

/* Each pair of ranges of a group of 8: freed, used, and all back. */
static void every_pair(void **state)
{
	uint32_t a, alen, c, clen;

	(void)state;
	for (a = 0; a < 8; a++)
	for (alen = 1; alen <= 8 - a; alen++)
	for (c = a; c < a + alen; c++)
	for (clen = 1; clen <= a + alen - c; clen++) {
		struct naive n = { .clusters = 8, .max_order = 3 };
		struct buddy b;

		assert_int_equal(buddy_init(&b, 8, 3), 0);
		assert_int_equal(buddy_mark_free(&b, a, alen), 0);
		memset(n.free + a, true, alen);
		compare(&n, &b);
		assert_int_equal(buddy_mark_used(&b, c, clen), 0);
		memset(n.free + c, false, clen);
		compare(&n, &b);
		assert_int_equal(buddy_mark_free(&b, c, clen), 0);
		memset(n.free + c, true, clen);
		compare(&n, &b);
		buddy_release(&b);
	}
}

static void from_a_bitmap(void **state)
{
	/* free: 1 to 3, 8 to 17, 23 */
	static const uint8_t bitmap[] = { 0xf1, 0x00, 0x7c };
	struct naive n = { .clusters = 24, .max_order = 4 };
	struct buddy b;

	(void)state;
	memset(n.free + 1, true, 3);
	memset(n.free + 8, true, 10);
	n.free[23] = true;
	assert_int_equal(buddy_init(&b, 24, 4), 0);
	assert_int_equal(buddy_load(&b, bitmap), 0);
	compare(&n, &b);
	assert_int_equal(b.first_free, 1);
	assert_int_equal(buddy_counts_largest_order(&b.counts), 3);
	assert_int_equal(buddy_counts_average_order(&b.counts, 4), 1);
	assert_int_equal(buddy_load(&b, bitmap), E4PACK_ET_BUG);
	buddy_release(&b);
}

/* A full-sized group: 32768 clusters make four chunks of the highest order. */
static void whole_group(void **state)
{
	struct buddy b;

	(void)state;
	assert_int_equal(buddy_init(&b, 32768, 13), 0);
	assert_int_equal(buddy_counts_largest_order(&b.counts), -1);
	assert_int_equal(buddy_counts_average_order(&b.counts, 13), -1);
	assert_int_equal(buddy_mark_free(&b, 0, 32768), 0);
	assert_int_equal(b.counts.chunks[13], 4);
	assert_int_equal(buddy_counts_largest_order(&b.counts), 13);
	assert_int_equal(buddy_counts_average_order(&b.counts, 13), 13);
	assert_int_equal(buddy_extent_at(&b, 100, 9000).len, 16384 - 100);
	assert_int_equal(buddy_mark_used(&b, 0, 1), 0);
	assert_int_equal(b.counts.chunks[13], 3);
	assert_int_equal(b.counts.chunks[0], 1);
	assert_int_equal(b.counts.chunks[12], 1);
	assert_int_equal(buddy_first_chunk(&b, 5).start, 32);
	buddy_release(&b);
	assert_int_equal(buddy_init(&b, 8, BUDDY_MAX_ORDER + 1),
			 E4PACK_ET_BUG);
}

static void average_orders(void **state)
{
	static const struct { uint32_t len; int order; } cases[] = {
		{ 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 1 }, { 7, 1 }, { 8, 2 },
		{ 32, 4 }, { 4096, 11 }, { 8192, 12 }, { 16384, 13 },
		{ 32768, 13 }, { UINT32_MAX, 13 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(buddy_order_of_average(cases[i].len, 13),
				 cases[i].order);
}

static void bad_ranges(void **state)
{
	static const struct buddy_run bad[] = {
		{ 0, 0 }, { 10, 0 }, { 0, 65 }, { 64, 1 }, { 63, 2 },
		{ UINT32_MAX, 1 }, { 1, UINT32_MAX },
	};
	struct buddy b;
	size_t i;

	(void)state;
	assert_int_equal(buddy_init(&b, 64, 6), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(buddy_mark_free(&b, bad[i].start,
						 bad[i].len), E4PACK_ET_BUG);
	assert_int_equal(buddy_mark_free(&b, 0, 64), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(buddy_mark_used(&b, bad[i].start,
						 bad[i].len), E4PACK_ET_BUG);
	assert_false(buddy_is_free(&b, 64));
	assert_int_equal(buddy_extent_at(&b, 64, 1).len, 0);
	assert_int_equal(b.counts.chunks[6], 1);
	buddy_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(against_a_map),
		cmocka_unit_test(every_pair),
		cmocka_unit_test(from_a_bitmap),
		cmocka_unit_test(whole_group),
		cmocka_unit_test(average_orders),
		cmocka_unit_test(bad_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
