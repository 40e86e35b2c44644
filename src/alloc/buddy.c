// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buddy of one block group.
 *
 * A chunk of order k is 2^k clusters at a multiple of 2^k; its buddy is the
 * chunk beside it with which it makes one of order k + 1.  Each free cluster
 * lies in exactly one free chunk, the largest possible: two free buddies
 * below the highest order do not exist, they are joined.  Hence
 *
 *	free      = sum over k of chunks[k] * 2^k
 *	fragments = number of maximal free runs
 *	used bits + free = clusters
 *
 * and the set of free clusters alone decides which chunks there are.
 *
 * free [s, e):	free += e - s.  With a, b = 1 where the cluster before s, or
 *		e itself, is free:  fragments += 1 - a - b.  The range is cut
 *		into aligned pieces, and each is joined with its buddy as long
 *		as that is a free chunk.
 * use [s, e):	free -= e - s;  fragments += a + b - 1.  Each chunk that the
 *		range touches is taken away, and what sticks out of the range
 *		on either side is put back in smaller pieces.
 *
 * Both are O(orders) for each chunk touched.
 *
 * Order 0 up to log2(block size) + 1 is what the kernel has: the bitmaps of
 * all its orders from 1 up share one block.  Here order 0 has a bitmap of
 * its own chunks too, beside the one of used clusters.
 */
#include "alloc/buddy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

enum { WORD_BITS = 64 };

static bool bit_test(const uint64_t *map, uint32_t i)
{
	return map[i / WORD_BITS] >> (i % WORD_BITS) & 1;
}

static void bit_set(uint64_t *map, uint32_t i)
{
	map[i / WORD_BITS] |= UINT64_C(1) << (i % WORD_BITS);
}

static void bit_clear(uint64_t *map, uint32_t i)
{
	map[i / WORD_BITS] &= ~(UINT64_C(1) << (i % WORD_BITS));
}

/* The first bit of @value in [@from, @end), or @end. */
static uint32_t bit_find(const uint64_t *map, uint32_t from, uint32_t end,
			 bool value)
{
	uint64_t flip = value ? 0 : UINT64_MAX, word;
	uint32_t i;

	if (from >= end)
		return end;
	i = from / WORD_BITS;
	word = (map[i] ^ flip) & UINT64_MAX << (from % WORD_BITS);
	while (!word) {
		if ((uint64_t)++i * WORD_BITS >= end)
			return end;
		word = map[i] ^ flip;
	}
	i = i * WORD_BITS + (uint32_t)__builtin_ctzll(word);
	return i < end ? i : end;
}

/* floor(log2 n); @n is not 0. */
static uint32_t log2_floor(uint32_t n)
{
	return 31 - (uint32_t)__builtin_clz(n);
}

/* The order of the largest chunk that begins at @start and has @len clusters
 * to fill. */
static uint32_t piece_order(uint32_t max_order, uint32_t start, uint32_t len)
{
	uint32_t order = log2_floor(len);

	if (start && order > (uint32_t)__builtin_ctz(start))
		order = (uint32_t)__builtin_ctz(start);
	return order < max_order ? order : max_order;
}

void buddy_counts_add(struct buddy_counts *c, uint32_t max_order,
		      uint32_t start, uint32_t len)
{
	c->free += len;
	c->fragments++;
	while (len) {
		uint32_t order = piece_order(max_order, start, len);

		c->chunks[order]++;
		start += 1U << order;
		len -= 1U << order;
	}
}

int buddy_counts_largest_order(const struct buddy_counts *c)
{
	int order = BUDDY_MAX_ORDER;

	while (order >= 0 && !c->chunks[order])
		order--;
	return order;
}

int buddy_order_of_average(uint32_t len, uint32_t max_order)
{
	uint32_t order;

	if (len < 4)
		return 0;
	order = log2_floor(len) - 1;
	return (int)(order < max_order ? order : max_order);
}

int buddy_counts_average_order(const struct buddy_counts *c,
			       uint32_t max_order)
{
	if (!c->fragments)
		return -1;
	return buddy_order_of_average(c->free / c->fragments, max_order);
}

static size_t words_of(uint32_t bits)
{
	return bits / WORD_BITS + 1;
}

errcode_t buddy_init(struct buddy *b, uint32_t clusters, uint32_t max_order)
{
	size_t words = words_of(clusters);
	uint64_t *map;
	uint32_t k;

	if (max_order > BUDDY_MAX_ORDER)
		return E4PACK_ET_BUG;
	/* One bit more than there are chunks: the buddy of the last is asked
	 * for, too. */
	for (k = 0; k <= max_order; k++)
		words += words_of((clusters >> k) + 1);
	map = calloc(words, sizeof(*map));
	if (!map)
		return ENOMEM;
	memset(b, 0, sizeof(*b));
	b->clusters = clusters;
	b->max_order = max_order;
	b->first_free = clusters;
	b->used = map;
	map += words_of(clusters);
	for (k = 0; k <= max_order; k++) {
		b->chunks[k] = map;
		map += words_of((clusters >> k) + 1);
	}
	memset(b->used, 0xff, words_of(clusters) * sizeof(*b->used));
	return 0;
}

void buddy_release(struct buddy *b)
{
	free(b->used);
	memset(b, 0, sizeof(*b));
}

static void chunk_add(struct buddy *b, uint32_t start, uint32_t order)
{
	uint32_t i = start >> order;

	while (order < b->max_order && bit_test(b->chunks[order], i ^ 1)) {
		bit_clear(b->chunks[order], i ^ 1);
		b->counts.chunks[order]--;
		i >>= 1;
		order++;
	}
	bit_set(b->chunks[order], i);
	b->counts.chunks[order]++;
}

static void chunks_add(struct buddy *b, uint32_t start, uint32_t end)
{
	while (start < end) {
		uint32_t order = piece_order(b->max_order, start, end - start);

		chunk_add(b, start, order);
		start += 1U << order;
	}
}

/* The order of the chunk that holds the free @cluster. */
static uint32_t chunk_order(const struct buddy *b, uint32_t cluster)
{
	uint32_t order = 0;

	while (!bit_test(b->chunks[order], cluster >> order))
		order++;
	return order;
}

static void chunks_remove(struct buddy *b, uint32_t start, uint32_t end)
{
	uint32_t at = start;

	while (at < end) {
		uint32_t order = chunk_order(b, at);
		uint32_t i = at >> order;
		uint32_t first = i << order, behind = first + (1U << order);

		bit_clear(b->chunks[order], i);
		b->counts.chunks[order]--;
		chunks_add(b, first, start);
		chunks_add(b, end, behind);
		at = behind;
	}
}

bool buddy_is_free(const struct buddy *b, uint32_t cluster)
{
	return cluster < b->clusters && !bit_test(b->used, cluster);
}

/* How many of the two neighbours of [@start, @end) are free. */
static uint32_t free_neighbours(const struct buddy *b, uint32_t start,
				uint32_t end)
{
	return (start && buddy_is_free(b, start - 1)) + buddy_is_free(b, end);
}

/* Whether the range lies in the group and each cluster of it is @used. */
static bool range_is(const struct buddy *b, uint32_t start, uint32_t len,
		     bool used)
{
	if (!len || start >= b->clusters || len > b->clusters - start)
		return false;
	return bit_find(b->used, start, start + len, !used) == start + len;
}

errcode_t buddy_mark_used(struct buddy *b, uint32_t start, uint32_t len)
{
	uint32_t end = start + len, i;

	if (!range_is(b, start, len, false))
		return E4PACK_ET_BUG;
	b->counts.fragments += free_neighbours(b, start, end) - 1;
	b->counts.free -= len;
	chunks_remove(b, start, end);
	for (i = start; i < end; i++)
		bit_set(b->used, i);
	if (b->first_free == start)
		b->first_free = end;
	buddy_verify(b);
	return 0;
}

errcode_t buddy_mark_free(struct buddy *b, uint32_t start, uint32_t len)
{
	uint32_t end = start + len, i;

	if (!range_is(b, start, len, true))
		return E4PACK_ET_BUG;
	b->counts.fragments += 1 - free_neighbours(b, start, end);
	b->counts.free += len;
	chunks_add(b, start, end);
	for (i = start; i < end; i++)
		bit_clear(b->used, i);
	if (b->first_free > start)
		b->first_free = start;
	buddy_verify(b);
	return 0;
}

uint32_t buddy_first_broken(const struct buddy *b, uint32_t start,
			    uint32_t len, uint32_t *tail)
{
	while (len) {
		uint32_t order = chunk_order(b, start);
		uint32_t chunk = UINT32_C(1) << order;

		if (start & (chunk - 1) || len < chunk) {
			*tail = len;
			return chunk;
		}
		start += chunk;
		len -= chunk;
	}
	*tail = 0;
	return 0;
}

static bool bitmap_test(const uint8_t *bitmap, uint32_t i)
{
	return bitmap[i / 8] >> (i % 8) & 1;
}

errcode_t buddy_load(struct buddy *b, const uint8_t *bitmap)
{
	uint32_t start = 0, end;
	errcode_t err = 0;

	while (start < b->clusters && !err) {
		for (end = start; end < b->clusters &&
		     !bitmap_test(bitmap, end); )
			end++;
		if (end > start)
			err = buddy_mark_free(b, start, end - start);
		start = end + 1;
	}
	return err;
}

struct buddy_run buddy_first_chunk(const struct buddy *b, uint32_t order)
{
	uint32_t i;

	while (order <= b->max_order && !b->counts.chunks[order])
		order++;
	if (order > b->max_order)
		return (struct buddy_run){ 0, 0 };
	i = bit_find(b->chunks[order], 0, b->clusters >> order, true);
	return (struct buddy_run){ i << order, 1U << order };
}

struct buddy_run buddy_next_run(const struct buddy *b, uint32_t from)
{
	uint32_t start, end;

	if (from < b->first_free)
		from = b->first_free;
	start = bit_find(b->used, from, b->clusters, false);
	end = bit_find(b->used, start, b->clusters, true);
	return (struct buddy_run){ start, end - start };
}

struct buddy_run buddy_extent_at(const struct buddy *b, uint32_t start,
				 uint32_t needed)
{
	uint32_t order, end;

	if (!buddy_is_free(b, start))
		return (struct buddy_run){ start, 0 };
	order = chunk_order(b, start);
	end = ((start >> order) + 1) << order;
	while (end - start < needed && buddy_is_free(b, end))
		end += 1U << chunk_order(b, end);
	return (struct buddy_run){ start, end - start };
}

#ifdef ENABLE_VERIFY
void buddy_verify(const struct buddy *b)
{
	struct buddy_counts counts = { .free = 0 };
	struct buddy_run run = buddy_next_run(b, 0);
	uint32_t k;

	if (bit_find(b->used, 0, b->clusters, false) < b->first_free)
		abort();
	for (; run.len; run = buddy_next_run(b, run.start + run.len)) {
		uint32_t at = run.start, end = run.start + run.len;

		buddy_counts_add(&counts, b->max_order, run.start, run.len);
		while (at < end) {
			k = piece_order(b->max_order, at, end - at);
			if (chunk_order(b, at) != k)
				abort();
			at += 1U << k;
		}
	}
	/* Each chunk expected is there; no other is, as the numbers agree. */
	if (memcmp(&counts, &b->counts, sizeof(counts)))
		abort();
	for (k = 0; k <= b->max_order; k++) {
		uint32_t i, end = (b->clusters >> k) + 1, n = 0;

		for (i = 0; i < end; i++)
			n += bit_test(b->chunks[k], i);
		if (n != counts.chunks[k])
			abort();
	}
}
#endif
