// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings: bytes and digests made by another program, every block looked up
 * again through the encoded map, and what cannot be mapped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/mapping.h"
#include "image_fnv.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct format format(uint32_t block_size, bool csum, bool extents)
{
	struct format fmt = { .block_size = block_size,
			      .block_bits = __builtin_ctz(block_size),
			      .csum_seed = 0x1234abcd,
			      .metadata_csum = csum, .extents = extents };

	return fmt;
}

/* Places that need all 48 bits of an index entry, or 32. */
static uint64_t *places(uint64_t n, uint64_t base)
{
	uint64_t *pblk = test_malloc((n + 1) * sizeof(*pblk)), i;

	for (i = 0; i < n; i++)
		pblk[i] = base + 3 * i;
	return pblk;
}

static void root_of_four(void **state)
{
	const struct extent extents[] = {
		{ 0, 32768, 0x123456789abc, false },
		{ 32768, 5, 100, true },
		{ 40000, 32767, 0xffff00000000, true },
		{ 0xfffffffe, 1, 7, false },
	};
	const uint8_t want[60] = {
		0x0a, 0xf3, 4, 0, 4, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0x00, 0x80, 0x34, 0x12, 0xbc, 0x9a, 0x78, 0x56,
		0, 0x80, 0, 0, 0x05, 0x80, 0, 0, 100, 0, 0, 0,
		0x40, 0x9c, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0,
		0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0, 7, 0, 0, 0,
	};
	struct format fmt = format(1024, true, true);
	uint8_t i_block[60];

	(void)state;
	memset(i_block, 0x5a, sizeof(i_block));
	assert_int_equal(mapping_encode(i_block, NULL, NULL, 0, &fmt, 12, 0,
					extents, 4), 0);
	assert_memory_equal(i_block, want, sizeof(want));
}

static void leaf_of_five(void **state)
{
	const uint8_t root[60] = {
		0x0a, 0xf3, 1, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x88, 0x77, 0x66, 0x55, 0x22, 0x11,
	};
	const uint8_t leaf[72] = {
		0x0a, 0xf3, 5, 0, 84, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 2, 0, 0, 0, 0xe8, 3, 0, 0,
		3, 0, 0, 0, 2, 0, 0, 0, 0xf2, 3, 0, 0,
		6, 0, 0, 0, 2, 0x80, 0, 0, 0xfc, 3, 0, 0,
		9, 0, 0, 0, 2, 0, 0, 0, 0x06, 4, 0, 0,
		12, 0, 0, 0, 2, 0, 0, 0, 0x10, 4, 0, 0,
	};
	const uint64_t place = 0x112255667788;
	struct format fmt = format(1024, true, true);
	struct extent extents[5];
	uint8_t i_block[60], block[1024], i;

	(void)state;
	for (i = 0; i < 5; i++)
		extents[i] = (struct extent){ 3 * i, 2, 1000 + 10 * i, i == 2 };
	memset(block, 0x5a, sizeof(block));
	assert_int_equal(mapping_encode(i_block, block, &place, 1, &fmt, 12, 0,
					extents, 5), 0);
	assert_memory_equal(i_block, root, sizeof(root));
	assert_memory_equal(block, leaf, sizeof(leaf));
	assert_int_equal(get_le32(block + 1020), 0xb456109d);
}

/* Read an extent tree below @node back into @out; -> entries read. */
static size_t read_tree(const uint8_t *node, const uint8_t *blocks,
			const uint64_t *meta, uint64_t n_meta,
			uint32_t block_size, unsigned int depth,
			struct extent *out)
{
	size_t n = get_le16(node + 2), done = 0, i;
	uint64_t k;

	assert_int_equal(get_le16(node), 0xf30a);
	assert_int_equal(get_le16(node + 6), depth);
	assert_true(n <= get_le16(node + 4));
	for (i = 0; i < n; i++) {
		const uint8_t *at = node + 12 + 12 * i;
		uint64_t child = get_le32(at + 4) |
			(uint64_t)get_le16(at + 8) << 32;
		uint32_t len = get_le16(at + 4);

		if (depth) {
			k = (child - meta[0]) / 3;
			assert_true(k < n_meta && meta[k] == child);
			done += read_tree(blocks + k * block_size, blocks,
					  meta, n_meta, block_size, depth - 1,
					  out + done);
			continue;
		}
		out[done].unwritten = len > 32768;
		out[done].lblk = get_le32(at);
		out[done].len = len > 32768 ? len - 32768 : len;
		out[done++].pblk = get_le32(at + 8) |
			(uint64_t)get_le16(at + 6) << 32;
	}
	return done;
}

struct tree_case {
	uint32_t block_size;
	size_t n;
	bool csum;
	uint64_t blocks;
	uint32_t root;		/* crc32c of i_block from all ones */
	uint64_t digest;	/* FNV-1a of all blocks */
};

static void check_tree(const struct tree_case *c)
{
	struct format fmt = format(c->block_size, c->csum, true);
	struct extent *extents, *back;
	uint8_t i_block[60], *blocks;
	uint64_t n_meta, *meta;
	size_t i;

	extents = test_calloc(c->n + 1, sizeof(*extents));
	back = test_calloc(c->n + 1, sizeof(*back));
	for (i = 0; i < c->n; i++)
		extents[i] = (struct extent){ 2 * i, 1, 5 * i + (1ull << 32),
					      i % 3 == 0 };
	assert_int_equal(mapping_blocks(&n_meta, &fmt, NULL, c->n), 0);
	assert_int_equal(n_meta, c->blocks);
	assert_int_equal(mapping_extent_blocks(&fmt, c->n), c->blocks);
	meta = places(n_meta, 0xabc00000000);
	blocks = test_malloc(n_meta * c->block_size + 1);
	memset(blocks, 0x5a, n_meta * c->block_size + 1);
	assert_int_equal(mapping_encode(i_block, blocks, meta, n_meta, &fmt,
					12, 0, extents, c->n), 0);
	assert_int_equal(format_crc32c(UINT32_MAX, i_block, 60), c->root);
	assert_true(fnv(blocks, n_meta * c->block_size) == c->digest);
	assert_int_equal(blocks[n_meta * c->block_size], 0x5a);
	assert_int_equal(read_tree(i_block, blocks, meta, n_meta,
				   c->block_size, get_le16(i_block + 6), back),
			 c->n);
	for (i = 0; i < c->n; i++) {
		assert_int_equal(back[i].lblk, extents[i].lblk);
		assert_int_equal(back[i].len, extents[i].len);
		assert_true(back[i].pblk == extents[i].pblk);
		assert_int_equal(back[i].unwritten, extents[i].unwritten);
	}
	test_free(blocks);
	test_free(meta);
	test_free(back);
	test_free(extents);
}

static void trees(void **state)
{
	const struct tree_case cases[] = {
		{ 1024, 0, true, 0, 0x6ac85f5f, UINT64_C(0xcbf29ce484222325) },
		{ 1024, 4, true, 0, 0x996b6f16, UINT64_C(0xcbf29ce484222325) },
		{ 1024, 5, true, 1, 0x2b3fb667, UINT64_C(0xab37b0f336af68e9) },
		{ 1024, 84, true, 1, 0x2b3fb667, UINT64_C(0xa27cff662575d8ae) },
		{ 1024, 85, true, 2, 0x3dd15222, UINT64_C(0x15f5fc5f8b29f136) },
		{ 1024, 336, true, 4, 0xe987c3de,
		  UINT64_C(0xeeb5920e98c80f43) },
		{ 1024, 337, true, 6, 0x34096d9c,
		  UINT64_C(0x3f06bd6e5515d6f9) },
		{ 1024, 28225, true, 343, 0x3ee4db35,
		  UINT64_C(0x3203c3051d05f301) },
		{ 4096, 1361, false, 6, 0x34096d9c,
		  UINT64_C(0x2ad1d97bfe4c5ed7) },
		{ 2048, 677, true, 6, 0x34096d9c,
		  UINT64_C(0xf204d86092ca74fe) },
		{ 65536, 30000, true, 7, 0x34096d9c,
		  UINT64_C(0x9a96a1cb092dac92) },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		check_tree(&cases[i]);
}

static void tree_sizes(void **state)
{
	const struct {
		uint32_t block_size;
		uint64_t n, blocks;
	} cases[] = {
		{ 4096, 340, 1 }, { 4096, 341, 2 }, { 4096, 1360, 4 },
		{ 4096, 462400, 1364 }, { 4096, 462401, 1361 + 5 + 1 },
		/* a file of 2^32 - 1 single blocks, in the smallest blocks */
		{ 1024, 4294967295, 51130564 + 608698 + 7247 + 87 + 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct format fmt = format(cases[i].block_size, false, true);

		assert_int_equal(mapping_extent_blocks(&fmt, cases[i].n),
				 cases[i].blocks);
	}
}

static void malformed(void **state)
{
	const struct {
		bool extents;
		size_t n;
		struct extent e[2];
	} cases[] = {
		{ true, 1, { { 0, 0, 5, false } } },
		{ true, 1, { { 0, 32769, 5, false } } },
		{ true, 1, { { 0, 32768, 5, true } } },
		{ true, 1, { { 0xffffffff, 1, 5, false } } },
		{ true, 1, { { 0xfffffffe, 2, 5, false } } },
		{ true, 1, { { 0, 2, 0xffffffffffff, false } } },
		{ true, 1, { { 0, 1, 0x1000000000000, false } } },
		{ true, 2, { { 0, 2, 5, false }, { 1, 1, 9, false } } },
		{ true, 2, { { 5, 1, 5, false }, { 2, 1, 9, false } } },
		{ false, 1, { { 0, 1, 5, true } } },
	};
	uint8_t i_block[60] = { 1, 2, 3 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		struct format fmt = format(1024, true, cases[i].extents);

		assert_int_equal(mapping_encode(i_block, NULL, NULL, 0, &fmt,
						12, 0, cases[i].e, cases[i].n),
				 E4PACK_ET_BUG);
	}
	assert_int_equal(i_block[0], 1);
}

static void counts_disagree(void **state)
{
	const struct extent far = { 12, 1, 5, false };
	const uint64_t places_of[2] = { 6, 7 };
	struct format tree = format(1024, true, true);
	struct format map = format(1024, false, false);
	uint8_t i_block[60], blocks[2048];

	(void)state;
	assert_int_equal(mapping_encode(i_block, blocks, places_of, 1, &tree,
					12, 0, &far, 1), E4PACK_ET_BUG);
	assert_int_equal(mapping_encode(i_block, blocks, places_of, 0, &map,
					12, 0, &far, 1), E4PACK_ET_BUG);
	assert_int_equal(mapping_encode(i_block, blocks, places_of, 2, &map,
					12, 0, &far, 1), E4PACK_ET_BUG);
	assert_int_equal(mapping_encode(i_block, blocks, places_of, 1, &map,
					12, 0, &far, 1), 0);
}

/* The block number of @lblk in a block map, 0 for a hole. */
static uint32_t look_up(const uint8_t *i_block, const uint8_t *blocks,
			const uint64_t *meta, uint64_t n_meta,
			uint32_t block_size, uint64_t lblk)
{
	const uint64_t per = block_size / 4;
	uint64_t span = 1, k;
	uint32_t at;
	int depth;

	if (lblk < 12)
		return get_le32(i_block + 4 * lblk);
	lblk -= 12;
	for (depth = 1, span = per; lblk >= span; depth++, span *= per)
		lblk -= span;
	at = get_le32(i_block + 4 * (11 + depth));
	for (; depth > 0 && at; depth--) {
		span /= per;
		k = (at - meta[0]) / 3;
		assert_true(k < n_meta && meta[k] == at);
		at = get_le32(blocks + k * block_size + 4 * (lblk / span));
		lblk %= span;
	}
	return at;
}

struct map_case {
	uint32_t block_size;
	uint64_t blocks;
	size_t n;
	struct extent e[3];
};

static void check_map(const struct map_case *c)
{
	struct format fmt = format(c->block_size, false, false);
	uint8_t i_block[60], *blocks;
	uint64_t n_meta, *meta, lblk, end = 0;
	size_t i;

	assert_int_equal(mapping_blocks(&n_meta, &fmt, c->e, c->n), 0);
	assert_int_equal(n_meta, c->blocks);
	meta = places(n_meta, 0xf0000000);
	blocks = test_malloc(n_meta * c->block_size + 1);
	memset(blocks, 0x5a, n_meta * c->block_size + 1);
	memset(i_block, 0x5a, sizeof(i_block));
	assert_int_equal(mapping_encode(i_block, blocks, meta, n_meta, &fmt,
					12, 0, c->e, c->n), 0);
	assert_int_equal(blocks[n_meta * c->block_size], 0x5a);
	for (i = 0; i < c->n; i++) {
		if (c->e[i].lblk > end)
			assert_int_equal(look_up(i_block, blocks, meta,
						 n_meta, c->block_size,
						 c->e[i].lblk - 1), 0);
		end = (uint64_t)c->e[i].lblk + c->e[i].len;
		for (lblk = c->e[i].lblk; lblk < end; lblk++)
			assert_int_equal(look_up(i_block, blocks, meta,
						 n_meta, c->block_size, lblk),
					 c->e[i].pblk + lblk - c->e[i].lblk);
	}
	test_free(blocks);
	test_free(meta);
}

/* With 1 KiB blocks: 256 numbers a block; the double tree begins at 268, the
 * triple one at 65804, and the last block is 16843019. */
static void maps(void **state)
{
	const struct map_case cases[] = {
		{ 1024, 0, 0, { { 0, 0, 0, false } } },
		{ 1024, 0, 1, { { 0, 12, 100, false } } },
		{ 1024, 1, 1, { { 0, 13, 100, false } } },
		{ 1024, 1, 1, { { 11, 257, 100, false } } },
		{ 1024, 3, 1, { { 267, 2, 100, false } } },
		{ 1024, 1, 1, { { 12, 256, 100, false } } },
		{ 1024, 2, 1, { { 268, 256, 100, false } } },
		{ 1024, 3, 1, { { 523, 2, 100, false } } },
		{ 1024, 5, 1, { { 65803, 2, 100, false } } },
		{ 1024, 3, 2, { { 65804, 1, 100, false },
				{ 65806, 1, 9, false } } },
		{ 1024, 5, 1, { { 65804 + 65535, 2, 100, false } } },
		{ 1024, 3, 1, { { 16843019, 1, 0xffffffff, false } } },
		{ 1024, 1 + 2 + 3, 3, { { 100, 1, 5, false },
					{ 300, 1, 6, false },
					{ 70000, 1, 7, false } } },
		{ 1024, 1 + 1 + 127, 1, { { 0, 12 + 256 + 32500, 1000,
					    false } } },
		{ 4096, 1 + 1 + 31, 1, { { 0, 32768, 1000, false } } },
		{ 65536, 1 + 2, 2, { { 12 + 16383, 2, 1000, false },
				     { 16400, 1, 0xffffffff, false } } },
		/* 64 KiB: the last block of all is in the triple tree */
		{ 65536, 3, 1, { { 0xfffffffe, 1, 77, false } } },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		check_map(&cases[i]);
}

static void map_order(void **state)
{
	const struct extent e[] = { { 12, 1, 50, false }, { 268, 1, 51, false },
				    { 524, 1, 52, false },
				    { 65804, 1, 53, false } };
	const uint64_t meta[] = { 70, 71, 72, 73, 74, 75, 76 };
	struct format fmt = format(1024, false, false);
	uint8_t i_block[60], blocks[7 * 1024];

	(void)state;
	assert_int_equal(mapping_encode(i_block, blocks, meta, 7, &fmt, 12, 0, e,
					4), 0);
	assert_int_equal(get_le32(i_block + 48), 70);
	assert_int_equal(get_le32(i_block + 52), 71);
	assert_int_equal(get_le32(i_block + 56), 74);
	assert_int_equal(get_le32(blocks), 50);
	assert_int_equal(get_le32(blocks + 1024), 72);
	assert_int_equal(get_le32(blocks + 1024 + 4), 73);
	assert_int_equal(get_le32(blocks + 2048), 51);
	assert_int_equal(get_le32(blocks + 3072), 52);
	assert_int_equal(get_le32(blocks + 4096), 75);
	assert_int_equal(get_le32(blocks + 5120), 76);
	assert_int_equal(get_le32(blocks + 6144), 53);
}

static void out_of_reach(void **state)
{
	const struct extent far[] = { { 16843019, 2, 5, false } };
	const struct extent high[] = { { 0, 1, 0x100000000, false } };
	const struct extent across[] = { { 0, 2, 0xffffffff, false } };
	const struct extent one[] = { { 12, 1, 5, false } };
	const uint64_t meta = 0x100000000;
	struct format fmt = format(1024, false, false);
	uint8_t i_block[60], block[1024];
	uint64_t n = 99;

	(void)state;
	assert_int_equal(mapping_blocks(&n, &fmt, far, 1), E4PACK_ET_TOO_BIG);
	assert_int_equal(n, 99);
	assert_int_equal(mapping_encode(i_block, NULL, NULL, 0, &fmt, 12, 0,
					far, 1), E4PACK_ET_TOO_BIG);
	assert_int_equal(mapping_encode(i_block, NULL, NULL, 0, &fmt, 12, 0,
					high, 1), E4PACK_ET_TOO_BIG);
	assert_int_equal(mapping_encode(i_block, NULL, NULL, 0, &fmt, 12, 0,
					across, 1), E4PACK_ET_TOO_BIG);
	assert_int_equal(mapping_encode(i_block, block, &meta, 1, &fmt, 12, 0,
					one, 1), E4PACK_ET_TOO_BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_of_four),
		cmocka_unit_test(leaf_of_five),
		cmocka_unit_test(trees),
		cmocka_unit_test(tree_sizes),
		cmocka_unit_test(malformed),
		cmocka_unit_test(counts_disagree),
		cmocka_unit_test(maps),
		cmocka_unit_test(map_order),
		cmocka_unit_test(out_of_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
