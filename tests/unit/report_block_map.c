// SPDX-License-Identifier: GPL-2.0-or-later
/* Cells of an image against counting block by block. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/block_map.h"

static uint64_t sum(const struct block_cell *c)
{
	uint64_t blocks = 0;
	int kind;

	for (kind = 0; kind < BLOCK_KINDS; kind++)
		blocks += c->blocks[kind];
	return blocks;
}

static void sizes(void **state)
{
	static const struct {
		uint64_t blocks;
		uint32_t bits, n;
	} cases[] = {
		{ 1, 0, 1 },
		{ 4096, 0, 4096 },
		{ 4097, 1, 2049 },
		{ 16384, 2, 4096 },		/* 64 MiB */
		{ UINT64_C(1) << 28, 16, 4096 },	/* 1 TiB */
		{ (UINT64_C(1) << 28) + 1, 17, 2049 },
		{ (UINT64_C(1) << 48) - 1, 36, 4096 },
	};
	struct image_geometry geo = { 0 };
	struct block_map m;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		geo.blocks = cases[i].blocks;
		assert_int_equal(block_map_init(&m, &geo), 0);
		assert_int_equal(m.cell_bits, cases[i].bits);
		assert_int_equal(m.n, cases[i].n);
		assert_int_equal((uint64_t)(m.n - 1) * block_map_size(&m, 0) +
				 block_map_size(&m, m.n - 1), geo.blocks);
		block_map_add(&m, BLOCKS_FREE, 0, 0, geo.blocks);
		block_map_finish(&m);
		assert_int_equal(m.cells[m.n - 1].blocks[BLOCKS_FREE],
				 block_map_size(&m, m.n - 1));
		assert_int_equal(m.cells[0].blocks[BLOCKS_FREE],
				 block_map_size(&m, 0));
		block_map_release(&m);
	}
}

enum { BLOCKS = 40003, RUNS = 400 };

/* Runs that do not overlap, of random kinds, counted twice over. */
static void like_single_blocks(void **state)
{
	static uint8_t kinds[BLOCKS];
	struct image_geometry geo = { .blocks = BLOCKS };
	struct block_map m;
	uint64_t at = 0, len, i;

	(void)state;
	srand(1);
	memset(kinds, BLOCKS_OTHER, sizeof(kinds));
	assert_int_equal(block_map_init(&m, &geo), 0);
	while (at < BLOCKS) {
		enum block_kind kind = rand() % BLOCK_KINDS;

		len = rand() % (2 * BLOCKS / RUNS) + 1;
		if (len > BLOCKS - at)
			len = BLOCKS - at;
		memset(kinds + at, kind, len);
		if (kind != BLOCKS_OTHER)
			block_map_add(&m, kind, 7, at, len);
		at += len;
	}
	block_map_finish(&m);
	for (i = 0; i < m.n; i++) {
		uint64_t want[BLOCK_KINDS] = { 0 };

		len = block_map_size(&m, i);
		for (at = i << m.cell_bits; len; len--)
			want[kinds[at++]]++;
		assert_memory_equal(m.cells[i].blocks, want, sizeof(want));
	}
	block_map_release(&m);
}

/* A cell is of whom the largest piece is, unless something is fragmented. */
static void owners(void **state)
{
	struct image_geometry geo = { .blocks = 16 * BLOCK_MAP_CELLS };
	struct block_map m;

	(void)state;
	assert_int_equal(block_map_init(&m, &geo), 0);
	assert_int_equal(m.cell_bits, 4);
	block_map_add(&m, BLOCKS_FILE, 12, 30, 4);
	block_map_add(&m, BLOCKS_FOLDER, 13, 34, 1);
	assert_int_equal(m.cells[1].owner, 12);
	assert_int_equal(m.cells[2].owner, 12);
	assert_int_equal(m.cells[2].owners, 2);
	block_map_add(&m, BLOCKS_FILE, 14, 35, 3);
	assert_int_equal(m.cells[2].owner, 14);
	block_map_add(&m, BLOCKS_FILE, 11, 48, 3);
	block_map_add(&m, BLOCKS_FILE, 10, 51, 3);
	block_map_add(&m, BLOCKS_FILE, 17, 54, 3);
	assert_int_equal(m.cells[3].owner, 10);
	block_map_add(&m, BLOCKS_FRAGMENTED, 15, 38, 1);
	assert_int_equal(m.cells[2].owner, 15);
	assert_int_equal(m.cells[2].owner_kind, BLOCKS_FRAGMENTED);
	block_map_add(&m, BLOCKS_FRAGMENTED, 15, 39, 2);
	block_map_add(&m, BLOCKS_FILE, 16, 41, 7);
	assert_int_equal(m.cells[2].owner, 15);
	assert_int_equal(m.cells[2].piece, 2);
	assert_int_equal(m.cells[2].owners, 5);
	block_map_add(&m, BLOCKS_FREE, 0, 64, 32);
	assert_int_equal(m.cells[4].owner, 0);
	block_map_release(&m);
}

/* Extents of one cluster count it once, and the whole of it. */
static void clusters(void **state)
{
	static const struct extent e[] = {
		{ .lblk = 1, .len = 2, .pblk = 65 },
		{ .lblk = 5, .len = 4, .pblk = 69, .unwritten = true },
		{ .lblk = 17, .len = 1, .pblk = 97 },
		{ .lblk = 31, .len = 2, .pblk = 47 },
	};
	struct image_geometry geo = { .blocks = 120, .cluster_bits = 4 };
	struct block_map m;
	uint64_t i, got = 0;

	(void)state;
	assert_int_equal(block_map_init(&m, &geo), 0);
	block_map_add_extents(&m, BLOCKS_FILE, 12, e, 3);
	for (i = 0; i < geo.blocks; i++) {
		bool in = (i >= 64 && i < 80) || (i >= 96 && i < 112);

		assert_int_equal(m.cells[i].blocks[BLOCKS_FILE], in);
		got += m.cells[i].blocks[BLOCKS_FILE];
	}
	assert_int_equal(got, 32);
	block_map_add_extents(&m, BLOCKS_FOLDER, 13, e + 3, 1);
	for (i = 0; i < geo.blocks; i++)
		assert_int_equal(m.cells[i].blocks[BLOCKS_FOLDER],
				 i >= 32 && i < 64);
	block_map_release(&m);
}

/* What is claimed too often fills its cells and no more, in no time. */
static void overlaps(void **state)
{
	struct image_geometry geo = { .blocks = UINT64_C(1) << 30 };
	struct block_map m;
	uint32_t i;

	(void)state;
	assert_int_equal(block_map_init(&m, &geo), 0);
	for (i = 0; i < 4000000; i++)
		block_map_add(&m, BLOCKS_FILE, 12 + i, i, geo.blocks - i);
	block_map_add(&m, BLOCKS_FREE, 0, 0, geo.blocks);
	block_map_finish(&m);
	for (i = 0; i < m.n; i++) {
		assert_int_equal(sum(&m.cells[i]), block_map_size(&m, i));
		assert_int_equal(m.cells[i].blocks[BLOCKS_FILE],
				 block_map_size(&m, i));
	}
	block_map_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(like_single_blocks),
		cmocka_unit_test(owners),
		cmocka_unit_test(clusters),
		cmocka_unit_test(overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
