// SPDX-License-Identifier: GPL-2.0-or-later
/* Goals, the 16-block rule and normalisation, as tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alloc/request.h"

static struct request_geometry geometry(uint32_t block_bits)
{
	const struct request_geometry geo = {
		.blocks = UINT64_C(1) << 30,
		.first_block = block_bits == 10,
		.group_blocks = 8U << block_bits,
		.flex_groups = 16,
		.block_bits = block_bits,
		.group_prealloc = 512,
	};

	return geo;
}

static const struct request_room anywhere = { 0, UINT64_MAX };

static void goals(void **state)
{
	struct request_geometry geo = geometry(10);

	(void)state;
	assert_int_equal(request_goal_near(30, 20, 1000), 1010);
	assert_int_equal(request_goal_near(20, 20, 1000), 1000);
	assert_int_equal(request_goal_near(10, 20, 1000), 990);
	assert_int_equal(request_goal_near(0, 1000, 1000), 0);

	assert_int_equal(request_goal_group(&geo, 0, true), 8193);
	assert_int_equal(request_goal_group(&geo, 15, true), 8193);
	assert_int_equal(request_goal_group(&geo, 15, false), 1);
	assert_int_equal(request_goal_group(&geo, 17, true), 1 + 17 * 8192);
	geo.blocks = 8193;
	assert_int_equal(request_goal_group(&geo, 0, true), 1);
	geo = geometry(12);
	geo.flex_groups = 2;
	assert_int_equal(request_goal_group(&geo, 5, true), 5 * 32768);
}

struct locality_case {
	uint32_t flags, lblk;
	uint64_t len, file_blocks;
	enum locality want;
};

static void localities(void **state)
{
	static const struct locality_case cases[] = {
		{ 0, 0, 1, 1, LOCALITY_NONE },
		{ REQUEST_DATA, 0, 1, 1, LOCALITY_GROUP },
		{ REQUEST_DATA, 0, 16, 16, LOCALITY_GROUP },
		{ REQUEST_DATA, 0, 17, 17, LOCALITY_STREAM },
		{ REQUEST_DATA, 0, 1, 17, LOCALITY_STREAM },
		{ REQUEST_DATA, 16, 1, 1, LOCALITY_STREAM },
		{ REQUEST_DATA | REQUEST_CLOSED, 0, 16, 16, LOCALITY_GROUP },
		{ REQUEST_DATA | REQUEST_CLOSED, 0, 17, 17, LOCALITY_NONE },
		{ REQUEST_DATA | REQUEST_CLOSED, 0, 17, 18,
		  LOCALITY_STREAM },
		{ REQUEST_DATA | REQUEST_CLOSED, 20, 17, 37, LOCALITY_NONE },
	};
	struct request_geometry geo = geometry(12);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct locality_case *c = &cases[i];
		const struct alloc_request req = {
			.flags = c->flags, .lblk = c->lblk, .len = c->len,
			.file_blocks = c->file_blocks,
		};

		assert_int_equal(request_locality(&geo, &req), c->want);
	}
	geo.group_prealloc = 0;
	assert_int_equal(request_locality(&geo, &(struct alloc_request){
				.flags = REQUEST_DATA, .len = 1,
				.file_blocks = 1 }), LOCALITY_STREAM);
}

struct original_case {
	uint32_t cluster_bits, flags, lblk;
	uint64_t len;
	uint32_t lright;
	uint64_t pright;
	uint32_t want_lblk, want_len;
};

static void originals(void **state)
{
	static const struct original_case cases[] = {
		{ 0, 0, 5, 7, 0, 0, 5, 7 },
		{ 0, 0, 0, 40000, 0, 0, 0, 32768 },
		{ 0, REQUEST_UNWRITTEN, 0, 40000, 0, 0, 0, 32767 },
		{ 0, 0, 0, UINT64_MAX, 0, 0, 0, 32768 },
		{ 0, 0, 5, 7, 8, 900, 5, 3 },
		{ 0, 0, 5, 7, 12, 900, 5, 7 },
		{ 0, 0, 0xfffffffe, 9, 0, 0, 0xfffffffe, 1 },
		{ 4, 0, 5, 7, 0, 0, 0, 1 },
		{ 4, 0, 16, 17, 0, 0, 16, 2 },
		{ 4, 0, 31, 2, 0, 0, 16, 2 },
		{ 4, 0, 5, 40000, 0, 0, 0, 2048 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct original_case *c = &cases[i];
		struct request_geometry geo = geometry(12);
		const struct alloc_request req = {
			.flags = c->flags, .lblk = c->lblk, .len = c->len,
			.lright = c->lright, .pright = c->pright,
		};
		struct request_extent got;

		geo.cluster_bits = c->cluster_bits;
		got = request_original(&geo, &req);
		assert_int_equal(got.lblk, c->want_lblk);
		assert_int_equal(got.len, c->want_len);
	}
	assert_int_equal(request_original(&(struct request_geometry){
				.group_blocks = 256, .blocks = 4096 },
				&(struct alloc_request){ .len = 300 }).len,
			 256);
}

struct normal_case {
	uint32_t block_bits;
	uint32_t lblk;
	uint64_t len, file_blocks;
	uint32_t want_lblk, want_len;
};

/* The size classes, for a stream with nothing around it. */
static void classes(void **state)
{
	static const struct normal_case cases[] = {
		/* measured: 24 blocks of 1 KiB look for 32 */
		{ 10, 0, 24, 24, 0, 32 },
		{ 10, 0, 17, 17, 0, 32 },
		{ 10, 0, 16, 16, 0, 16 },
		{ 10, 0, 32, 32, 0, 32 },
		{ 10, 0, 33, 33, 0, 64 },
		{ 10, 0, 65, 65, 0, 128 },
		{ 10, 0, 129, 129, 0, 256 },
		{ 10, 0, 257, 257, 0, 512 },
		{ 10, 0, 513, 513, 0, 1024 },
		{ 10, 0, 1024, 1024, 0, 1024 },
		/* 2 MiB and never more with 1 KiB blocks */
		{ 10, 0, 1025, 1025, 0, 2048 },
		{ 10, 3000, 10, 3010, 2048, 2048 },
		{ 10, 0, 8192, 100000, 0, 2048 },
		{ 10, 100000, 8192, 200000, 98304, 2048 },
		/* 4 MiB with 2 KiB blocks */
		{ 11, 0, 1000, 1000, 0, 1024 },
		{ 11, 0, 2048, 2048, 0, 1024 },
		{ 11, 0, 2049, 2049, 0, 2048 },
		{ 11, 90000, 16000, 106000, 88064, 2048 },
		/* 8 MiB with 4 KiB blocks */
		{ 12, 0, 4, 4, 0, 4 },
		{ 12, 0, 17, 17, 0, 32 },
		{ 12, 0, 256, 256, 0, 256 },
		{ 12, 0, 257, 257, 0, 512 },
		{ 12, 600, 1, 601, 512, 512 },
		{ 12, 0, 1024, 1024, 0, 512 },
		{ 12, 0, 1025, 1025, 0, 1024 },
		{ 12, 0, 2048, 2048, 0, 1024 },
		{ 12, 0, 2049, 2049, 0, 2048 },
		{ 12, 5000, 3000, 8000, 4096, 2048 },
		{ 12, 0, 32768, 1000000, 0, 2048 },
		/* the request itself where larger, with larger blocks */
		{ 14, 0, 512, 513, 0, 512 },
		{ 14, 0, 513, 513, 0, 513 },
		{ 14, 700, 600, 5000, 700, 600 },
		{ 16, 0, 1, 1, 0, 1 },
		{ 16, 0, 2, 2, 0, 2 },
		{ 16, 3, 1, 20, 0, 32 },
		/* the size of the file counts, not the request's end */
		{ 12, 0, 1, 100, 0, 128 },
		{ 12, 0, 100, 1, 0, 128 },
		/* the highest block a file has */
		{ 12, 0xfffffff0, 4, 0xfffffff4, 0xfffff800, 2047 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct normal_case *c = &cases[i];
		const struct request_geometry geo = geometry(c->block_bits);
		const struct alloc_request req = {
			.flags = REQUEST_DATA, .lblk = c->lblk, .len = c->len,
			.file_blocks = c->file_blocks, .goal = 5000,
		};
		struct request_goal got = request_normalize(&geo, &req,
			LOCALITY_STREAM, &anywhere);

		print_message("%u: %u+%llu\n", c->block_bits, c->lblk,
			      (unsigned long long)c->len);
		assert_int_equal(got.extent.lblk, c->want_lblk);
		assert_int_equal(got.extent.len, c->want_len);
		assert_int_equal(got.pblk, 5000);
		assert_false(got.try_pblk);
	}
}

struct clip_case {
	const char *what;
	uint32_t lblk;
	uint64_t len, file_blocks;
	uint32_t lleft;
	uint64_t pleft;
	uint32_t lright;
	uint64_t pright;
	struct request_room room;
	uint32_t want_lblk, want_len;
	uint64_t want_pblk;		/* 0: not tried */
};

/* 1 KiB blocks, groups of 8192. */
static const struct clip_case clip_cases[] = {
	{ "left neighbour: begin behind it, goal behind it",
	  24, 24, 48, 23, 8504, 0, 0, { 0, UINT64_MAX }, 24, 40, 8505 },
	{ "left neighbour inside the class",
	  1030, 24, 2000, 23, 8504, 0, 0, { 0, UINT64_MAX }, 24, 2024, 8505 },
	{ "left neighbour below the class",
	  3000, 24, 4000, 23, 8504, 0, 0, { 0, UINT64_MAX }, 2048, 2048, 0 },
	{ "right neighbour: end before it, goal before it",
	  0, 20, 60, 0, 0, 50, 20000, { 0, UINT64_MAX }, 0, 50, 19950 },
	{ "right neighbour behind the class",
	  0, 20, 60, 0, 0, 70, 20000, { 0, UINT64_MAX }, 0, 64, 0 },
	{ "right neighbour at the end of the class",
	  0, 20, 60, 0, 0, 64, 20000, { 0, UINT64_MAX }, 0, 64, 19936 },
	{ "right neighbour too low for a goal",
	  0, 20, 60, 0, 0, 50, 50, { 0, UINT64_MAX }, 0, 50, 0 },
	{ "between two neighbours: the left goal wins",
	  30, 5, 60, 29, 9000, 40, 20000, { 0, UINT64_MAX }, 30, 10, 9001 },
	{ "left neighbour ends the file system",
	  24, 24, 48, 23, (UINT64_C(1) << 30) - 1, 0, 0,
	  { 0, UINT64_MAX }, 24, 40, 0 },
	{ "between two preallocations",
	  30, 5, 60, 0, 0, 0, 0, { 28, 36 }, 28, 8, 0 },
	{ "a preallocation inside the request",
	  30, 5, 60, 0, 0, 0, 0, { 0, 33 }, 0, 33, 0 },
};

static void clips(void **state)
{
	const struct request_geometry geo = geometry(10);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(clip_cases) / sizeof(clip_cases[0]); i++) {
		const struct clip_case *c = &clip_cases[i];
		const struct alloc_request req = {
			.flags = REQUEST_DATA, .lblk = c->lblk, .len = c->len,
			.file_blocks = c->file_blocks, .goal = 5000,
			.lleft = c->lleft, .pleft = c->pleft,
			.lright = c->lright, .pright = c->pright,
		};
		struct request_goal got = request_normalize(&geo, &req,
			LOCALITY_STREAM, &c->room);

		print_message("%s\n", c->what);
		assert_int_equal(got.extent.lblk, c->want_lblk);
		assert_int_equal(got.extent.len, c->want_len);
		assert_int_equal(got.try_pblk, c->want_pblk != 0);
		assert_int_equal(got.pblk,
				 c->want_pblk ? c->want_pblk : 5000);
	}
}

/* Groups smaller than a class: it moves up to the request's group, and is no
 * longer than one. */
static void tiny_groups(void **state)
{
	struct request_geometry geo = geometry(12);
	const struct alloc_request req = {
		.flags = REQUEST_DATA, .lblk = 1000, .len = 24,
		.file_blocks = 3000,
	};
	struct request_goal got;

	(void)state;
	geo.group_blocks = 256;
	got = request_normalize(&geo, &req, LOCALITY_STREAM, &anywhere);
	assert_int_equal(got.extent.lblk, 768);
	assert_int_equal(got.extent.len, 256);
}

static void unnormalised(void **state)
{
	const struct request_geometry geo = geometry(12);
	struct alloc_request req = {
		.flags = REQUEST_DATA, .lblk = 3, .len = 2, .file_blocks = 5,
		.lleft = 2, .pleft = 700, .goal = 701,
	};
	struct request_goal got;

	(void)state;
	got = request_normalize(&geo, &req, LOCALITY_NONE, &anywhere);
	assert_int_equal(got.extent.lblk, 3);
	assert_int_equal(got.extent.len, 2);
	assert_int_equal(got.pblk, 701);
	assert_false(got.try_pblk);
	got = request_normalize(&geo, &req, LOCALITY_GROUP, &anywhere);
	assert_int_equal(got.extent.lblk, 3);
	assert_int_equal(got.extent.len, 512);
	assert_false(got.try_pblk);
	req.goal = geo.blocks;
	got = request_normalize(&geo, &req, LOCALITY_GROUP, &anywhere);
	assert_int_equal(got.pblk, 0);
}

/* fallocate gets what it needs, of whatever sort its file is. */
static void exact(void **state)
{
	const struct request_geometry geo = geometry(12);
	const struct alloc_request req = {
		.flags = REQUEST_DATA | REQUEST_UNWRITTEN | REQUEST_EXACT,
		.lblk = 3, .len = 27, .file_blocks = 40,
		.lleft = 2, .pleft = 700, .goal = 701,
	};
	enum locality l;

	(void)state;
	for (l = LOCALITY_NONE; l <= LOCALITY_STREAM; l++) {
		const struct request_goal got =
			request_normalize(&geo, &req, l, &anywhere);

		assert_int_equal(got.extent.lblk, 3);
		assert_int_equal(got.extent.len, 27);
		assert_int_equal(got.pblk, 701);
		assert_false(got.try_pblk);
	}
}

static void clusters(void **state)
{
	struct request_geometry geo = geometry(12);
	struct alloc_request req = {
		.flags = REQUEST_DATA, .lblk = 35, .len = 30,
		.file_blocks = 65,
	};
	struct request_goal got;

	(void)state;
	geo.cluster_bits = 4;
	got = request_normalize(&geo, &req, LOCALITY_STREAM, &anywhere);
	assert_int_equal(got.extent.lblk, 0);
	assert_int_equal(got.extent.len, 8);
	/* a neighbour that ends inside of a cluster owns all of it */
	req.lleft = 17;
	req.pleft = 1001;
	got = request_normalize(&geo, &req, LOCALITY_STREAM, &anywhere);
	assert_int_equal(got.extent.lblk, 32);
	assert_int_equal(got.extent.len, 6);
	assert_false(got.try_pblk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goals),
		cmocka_unit_test(localities),
		cmocka_unit_test(originals),
		cmocka_unit_test(classes),
		cmocka_unit_test(clips),
		cmocka_unit_test(tiny_groups),
		cmocka_unit_test(unnormalised),
		cmocka_unit_test(exact),
		cmocka_unit_test(clusters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
