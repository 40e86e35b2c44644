// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Frames with and without clusters: what is fixed and what is free, and the
 * bitmaps and counts that are written of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/geometry.h"
#include "image/super.h"

enum { DESC_BYTES = 64, DESC_FREE = 0x0c, DESC_FREE_HI = 0x2c,
       BIGALLOC = 0x200 };

struct frame_case {
	uint32_t block_size;
	uint32_t ratio;		/* blocks per cluster */
	uint64_t blocks;	/* asked for */
	uint64_t made;		/* whole clusters of them, whole groups */
	uint32_t first_block;
	uint32_t group_blocks;
	uint32_t groups;
	uint64_t most_inodes;
};

static const struct frame_case cases[] = {
	{ 1024, 1, 30001, 30001, 1, 8192, 4, UINT32_MAX },
	{ 1024, 2, 30001, 30000, 0, 16384, 2, 2 * 8192 },
	{ 1024, 16, 300009, 300000, 0, 131072, 3, 3 * 8192 },
	{ 1024, 64, 4095, 4032, 0, 524288, 1, 8192 },
	{ 2048, 4, 70007, 70004, 0, 65536, 2, 2 * 16384 },
	{ 4096, 1, 40000, 40000, 0, 32768, 2, UINT32_MAX },
	{ 4096, 16, 1000015, 1000000, 0, 524288, 2, 2 * 32768 },
	/* What is left of the last group does not hold its own tables. */
	{ 4096, 16, 524288 + 16, 524288, 0, 524288, 1, 2 * 32768 },
	{ 4096, 65536, 1 << 20, 1 << 20, 0, UINT32_C(1) << 31, 1, 32768 },
	/* 16 bits count 65528 clusters, in whole bytes, and inodes up to a
	 * block of the table less than 65536. */
	{ 8192, 4, 300000, 300000, 0, 65528 * 4, 2, 2 * (65536 - 32) },
	{ 65536, 2, 131058, 131056, 0, 65528 * 2, 1, 2 * (65536 - 256) },
};

enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static struct geometry_options options(const struct frame_case *c)
{
	struct geometry_options o = {
		.features = features_default(), .blocks = c->blocks,
		.inodes = 100, .block_size = c->block_size,
		.cluster_size = c->block_size * c->ratio, .inode_size = 256,
		.time = 1,
	};

	if (c->ratio > 1)
		o.features.ro_compat |= BIGALLOC;
	return o;
}

/* Whether block @pblk is in one of the gaps. */
static bool in_gaps(const struct run *gaps, size_t n, uint64_t pblk)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pblk >= gaps[i].start &&
		    pblk - gaps[i].start < gaps[i].len)
			return true;
	return false;
}

/* Gaps are whole clusters that nothing fixed touches. */
static void check_gaps(const struct frame_case *c, const struct geometry *g,
		       const struct run *gaps, size_t n)
{
	uint64_t sum = 0, end = g->first_block;
	uint32_t group, i;
	size_t k;

	for (k = 0; k < n; k++) {
		assert_true(gaps[k].len && gaps[k].start > end);
		assert_int_equal(gaps[k].start % c->ratio, 0);
		assert_int_equal(gaps[k].len % c->ratio, 0);
		end = gaps[k].start + gaps[k].len;
		sum += gaps[k].len;
	}
	assert_true(end <= g->blocks);
	assert_int_equal(sum, g->free_blocks);
	assert_int_equal(g->free_blocks + g->fixed_blocks, g->blocks);
	assert_false(in_gaps(gaps, n, 1024 / c->block_size));
	for (group = 0; group < g->groups; group++)
		for (i = 0; i < g->table_blocks; i++)
			assert_false(in_gaps(gaps, n,
					     geometry_inode_table(g, group) +
					     i));
}

static void frames(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < CASES; i++) {
		const struct frame_case *c = &cases[i];
		struct geometry_options o = options(c);
		struct run *gaps = NULL;
		struct geometry g;

		assert_int_equal(geometry_init(&g, &o), 0);
		assert_int_equal(g.blocks, c->made);
		assert_int_equal(g.first_block, c->first_block);
		assert_int_equal(geometry_first_block(&o), c->first_block);
		assert_int_equal(g.group_blocks, c->group_blocks);
		assert_int_equal(geometry_group_blocks(&o), c->group_blocks);
		assert_int_equal(g.groups, c->groups);
		assert_int_equal(1 << g.format.cluster_bits, c->ratio);
		assert_int_equal(geometry_most_inodes(&o, o.blocks),
				 c->most_inodes);
		assert_int_equal(geometry_gaps(&g, &gaps, &n), 0);
		check_gaps(c, &g, gaps, n);
		free(gaps);
		geometry_release(&g);
	}
}

/* With bigalloc groups do not get smaller for more inodes. */
static void inodes(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < CASES; i++) {
		struct geometry_options o = options(&cases[i]);
		struct geometry g;

		if (cases[i].ratio == 1 || cases[i].blocks / 3 < 32768)
			continue;
		o.blocks = cases[i].made;
		o.inodes = geometry_most_inodes(&o, o.blocks);
		assert_int_equal(geometry_init(&g, &o), 0);
		assert_true(g.inodes >= o.inodes);
		geometry_release(&g);
		o.inodes++;
		assert_int_equal(geometry_init(&g, &o), E4PACK_ET_NO_INODES);
	}
}

static void read_at(int fd, void *out, size_t len, uint64_t offset)
{
	assert_int_equal(pread(fd, out, len, (off_t)offset), len);
}

/* Compare one group's bitmap with the gaps.  Return: its free clusters. */
static uint32_t check_bitmap(const struct frame_case *c,
			     const struct geometry *g, const uint8_t *desc,
			     const uint8_t *bitmap, uint32_t group,
			     const struct run *gaps, size_t n)
{
	uint64_t first = g->first_block + (uint64_t)group * g->group_blocks;
	uint32_t bits = c->block_size * 8, count = 0, b;

	for (b = 0; b < bits; b++) {
		uint64_t pblk = first + (uint64_t)b * c->ratio;
		bool free = b < g->group_blocks / c->ratio &&
			    in_gaps(gaps, n, pblk);

		assert_int_equal(!(bitmap[b / 8] >> b % 8 & 1), free);
		count += free;
	}
	assert_int_equal(get_le16(desc + DESC_FREE) |
			 (uint32_t)get_le16(desc + DESC_FREE_HI) << 16, count);
	return count;
}

static void check_written(const struct frame_case *c, const struct geometry *g,
			  const struct run *gaps, size_t n, int fd)
{
	uint64_t table = (1024 / c->block_size + 1) * c->block_size, free = 0;
	uint8_t *bitmap = test_malloc(c->block_size), desc[DESC_BYTES];
	uint8_t sb[1024];
	uint32_t group;

	for (group = 0; group < g->groups; group++) {
		read_at(fd, desc, sizeof(desc), table + group * DESC_BYTES);
		read_at(fd, bitmap, c->block_size,
			(uint64_t)get_le32(desc) * c->block_size);
		free += check_bitmap(c, g, desc, bitmap, group, gaps, n);
	}
	read_at(fd, sb, sizeof(sb), 1024);
	assert_int_equal(get_le32(sb + 0x0c), free * c->ratio);
	assert_int_equal(free * c->ratio, g->free_blocks);
	test_free(bitmap);
}

/* An image with nothing in it but its frame. */
static void bitmaps(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < CASES; i++) {
		const struct frame_case *c = &cases[i];
		struct geometry_options o = options(c);
		FILE *file = tmpfile();
		struct blockio io = { .block_size = c->block_size };
		static const uint8_t in_use[] = { 0xff, 0x07 };
		struct image_usage usage = { .inodes = in_use,
					     .last_ino = 11 };
		struct run *gaps = NULL;
		struct geometry g;
		uint32_t *dirs;

		/* Without clusters some groups have no bitmap on disk. */
		if (c->ratio == 1 || !file)
			continue;
		assert_int_equal(geometry_init(&g, &o), 0);
		assert_int_equal(geometry_gaps(&g, &gaps, &n), 0);
		dirs = test_calloc(g.groups, sizeof(*dirs));
		usage.free = gaps;
		usage.n_free = n;
		usage.dirs = dirs;
		io.fd = fileno(file);
		io.blocks = g.blocks;
		assert_int_equal(super_write_groups(&g, &io, &usage), 0);
		assert_int_equal(super_write_primary(&g, &io), 0);
		check_written(c, &g, gaps, n, io.fd);
		test_free(dirs);
		free(gaps);
		geometry_release(&g);
		fclose(file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(inodes),
		cmocka_unit_test(bitmaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
