// SPDX-License-Identifier: GPL-2.0-or-later
/* The forms of a folder and linear ones: bytes and digests made by another
 * program, and limits. */
#include "base/errors.h"
#include "image_fnv.h"
#include "image_folder.h"

static void file_types(void **state)
{
	const struct {
		uint32_t mode;
		uint8_t type;
	} cases[] = {
		{ 0100644, 1 }, { 0040755, 2 }, { 0020666, 3 },
		{ 0060660, 4 }, { 0010600, 5 }, { 0140777, 6 },
		{ 0120777, 7 }, { 0644, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++)
		assert_int_equal(dir_file_type(cases[i].mode), cases[i].type);
}

static void one_block(void **state)
{
	const uint8_t head[72] = {
		17, 0, 0, 0, 12, 0, 1, 2, '.', 0, 0, 0,
		2, 0, 0, 0, 12, 0, 2, 2, '.', '.', 0, 0,
		12, 0, 0, 0, 12, 0, 1, 1, 'a', 0, 0, 0,
		13, 0, 0, 0, 0xd0, 3, 5, 7, 'b', 'c', 'd', 'e', 'f',
	};
	const uint8_t tail[12] = { 0, 0, 0, 0, 12, 0, 0, 0xde,
				   0xf8, 0x9c, 0x33, 0x38 };
	const struct dir_name names[] = { { "a", 1, 1, 12 },
					  { "bcdef", 5, 7, 13 } };
	struct format fmt = format(1024, true, true);
	struct dir_layout l;
	uint8_t *blocks;

	(void)state;
	assert_int_equal(dir_layout_init(&l, &fmt, names, 2, 0), 0);
	assert_int_equal(l.blocks, 1);
	assert_false(l.indexed);
	blocks = encode(&l, &fmt, names);
	assert_memory_equal(blocks, head, sizeof(head));
	assert_memory_equal(blocks + 1012, tail, sizeof(tail));
	test_free(blocks);
	dir_layout_release(&l);
}

struct linear_case {
	uint32_t block_size;
	bool csum, filetype;
	uint32_t n;
	uint8_t width;
	uint64_t min_blocks, blocks;
	uint64_t digest;
};

static void linear(void **state)
{
	const struct linear_case cases[] = {
		{ 1024, true, true, 0, 8, 1, 1, 0xcd253143e6d3ab43 },
		{ 1024, true, true, 3, 8, 1, 1, 0x32dec818a00abd64 },
		/* 61 names fill the block to its last byte but 24 */
		{ 1024, false, true, 61, 7, 1, 1, 0xa70ac2aa3872dadd },
		{ 1024, true, true, 1, 255, 1, 1, 0x1807f42aeac86df5 },
		{ 1024, true, true, 0, 8, 16, 16, 0x23ef5e5a8f1a3f7c },
		{ 1024, true, true, 200, 8, 16, 16, 0xb536030a017f5364 },
		{ 65536, false, true, 0, 8, 2, 2, 0x394b2596ada3b568 },
		{ 65536, true, true, 10, 8, 1, 1, 0x18d044dbf95fadde },
		{ 1024, false, false, 100, 9, 1, 2, 0xda1e1ee39919b5a7 },
		{ 4096, true, true, 1000, 99, 1, 28, 0x38ef45089b889c44 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		const struct linear_case *c = &cases[i];
		struct format fmt = format(c->block_size, c->csum,
					   c->filetype);
		struct folder f = make_folder(c->n, c->width);
		struct dir_layout l;
		uint8_t *blocks;

		fmt.dir_index = c->blocks <= c->min_blocks;
		assert_int_equal(dir_layout_init(&l, &fmt, f.names, f.n,
						 c->min_blocks), 0);
		assert_int_equal(l.blocks, c->blocks);
		assert_false(l.indexed);
		assert_null(l.slots);
		blocks = encode(&l, &fmt, f.names);
		assert_true(fnv(blocks, l.blocks * c->block_size) ==
			    c->digest);
		test_free(blocks);
		dir_layout_release(&l);
		free_folder(&f);
	}
}

/* The last name that a block has room for, and one more. */
static void one_block_limit(void **state)
{
	struct format fmt = format(1024, false, true);
	struct folder f = make_folder(63, 8);
	struct dir_layout l;

	(void)state;
	assert_int_equal(dir_layout_init(&l, &fmt, f.names, 62, 0), 0);
	assert_int_equal(l.blocks, 1);
	dir_layout_release(&l);
	f.names[62].len = 1;
	assert_int_equal(dir_layout_init(&l, &fmt, f.names, 63, 0), 0);
	assert_true(l.indexed);
	dir_layout_release(&l);
	fmt.metadata_csum = true;
	assert_int_equal(dir_layout_init(&l, &fmt, f.names, 62, 0), 0);
	assert_true(l.indexed);
	dir_layout_release(&l);
	free_folder(&f);
}

/* Without large_dir a folder ends at 2 GiB, however it is made. */
static void size_limit(void **state)
{
	struct format fmt = format(4096, true, true);
	struct dir_layout l;

	(void)state;
	assert_int_equal(dir_layout_init(&l, &fmt, NULL, 0, 524287), 0);
	assert_int_equal(l.blocks, 524287);
	assert_int_equal(dir_layout_init(&l, &fmt, NULL, 0, 524288),
			 E4PACK_ET_TOO_BIG);
	fmt.large_dir = true;
	assert_int_equal(dir_layout_init(&l, &fmt, NULL, 0, 524288), 0);
	assert_int_equal(dir_layout_init(&l, &fmt, NULL, 0, 0xffffffff),
			 E4PACK_ET_TOO_BIG);
}

/* Linear, long and short names in turn leave gaps that the index does not:
 * it must not have fewer blocks than asked for. */
static void min_blocks_hold(void **state)
{
	struct format fmt = format(1024, false, true);
	struct folder f = make_folder(130, 255);
	struct dir_layout l;
	uint64_t least;
	uint32_t i, kept_linear = 0;

	(void)state;
	for (i = 0; i < f.n; i++)
		if (i % 4 == 3)
			f.names[i].len = 235;
	for (least = 1; least < 50; least++) {
		assert_int_equal(dir_layout_init(&l, &fmt, f.names, f.n,
						 least), 0);
		assert_true(l.blocks >= least);
		kept_linear += !l.indexed && l.blocks > least;
		dir_layout_release(&l);
	}
	assert_true(kept_linear > 0);
	free_folder(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_types),
		cmocka_unit_test(one_block),
		cmocka_unit_test(linear),
		cmocka_unit_test(one_block_limit),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(min_blocks_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
