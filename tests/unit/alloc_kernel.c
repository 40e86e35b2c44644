// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel mode: what was measured on a kernel, each criterion, and random
 * requests that must neither lose a block nor give one twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc/mballoc_kernel.h"
#include "base/errors.h"

static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct mballoc *allocator(const struct mballoc_kernel_options *o,
				 const struct run *gaps, size_t n)
{
	struct mballoc *mb;

	assert_int_equal(mballoc_kernel_new(&mb, gaps, n, o), 0);
	return mb;
}

/* Serve @req and return the one run. */
static struct run serve(struct mballoc *mb, const struct alloc_request *req)
{
	struct run_list out = { NULL, 0, 0 };
	struct run run;

	assert_int_equal(mballoc_kernel(mb, &out, req), 0);
	assert_int_equal(out.n, 1);
	run = out.runs[0];
	run_list_release(&out);
	return run;
}

/* The trace of 24 blocks of 1 KiB: goal 32, found at 1/288 by criterion 0 in
 * the first group searched; at close 8 blocks go back. */
static void measured_stream(void **state)
{
	static const struct run gaps[] = {
		{ 4373, 3820 }, { 8193 + 260, 7932 }, { 16385 + 4097, 4095 },
	};
	const struct mballoc_kernel_options o = {
		.blocks = 65536, .group_blocks = 8192, .first_block = 1,
		.flex_groups = 16, .block_bits = 10,
	};
	struct mballoc *mb = allocator(&o, gaps, 3);
	const struct mballoc_event *e = mballoc_kernel_event(mb);
	uint64_t free = mballoc_free_blocks(mb);
	struct alloc_request req = {
		.ino = 12, .len = 24, .file_blocks = 24, .goal = 8193,
		.flags = REQUEST_DATA,
	};
	struct run run = serve(mb, &req);

	(void)state;
	assert_int_equal(run.start, 8481);
	assert_int_equal(run.len, 24);
	assert_int_equal(e->original.len, 24);
	assert_int_equal(e->goal.len, 32);
	assert_int_equal(e->taken, 32);
	assert_int_equal(e->locality, LOCALITY_STREAM);
	assert_int_equal(e->criteria, CR_POWER2_ALIGNED);
	assert_int_equal(e->found, 1);
	assert_int_equal(e->groups, 1);
	assert_int_equal(mballoc_free_blocks(mb), free - 24);

	/* the rest of the preallocation is for the same inode only */
	req.lblk = 24;
	req.len = 4;
	req.file_blocks = 28;
	run = serve(mb, &req);
	assert_int_equal(run.start, 8505);
	assert_int_equal(e->taken, 0);
	mballoc_discard_inode(mb, 12);
	req.lblk = 28;
	req.lleft = 27;
	req.pleft = 8508;
	run = serve(mb, &req);
	assert_int_equal(run.start, 8509);
	assert_int_equal(e->taken, 4);
	assert_int_equal(e->criteria, CR_NONE);
	mballoc_free(mb);
}

/* Ten closed files of 2 blocks share a window of 512; one of 74 blocks goes
 * right behind it; one of a single block goes back into it. */
static void measured_window(void **state)
{
	static const struct run gaps[] = { { 4139, 28629 } };
	const struct mballoc_kernel_options o = {
		.blocks = 32768, .group_blocks = 32768, .flex_groups = 16,
		.block_bits = 12,
	};
	struct mballoc *mb = allocator(&o, gaps, 1);
	struct alloc_request req = {
		.len = 2, .file_blocks = 2,
		.flags = REQUEST_DATA | REQUEST_CLOSED,
	};
	uint32_t i;

	(void)state;
	for (i = 0; i < 10; i++) {
		req.ino = 12 + i;
		assert_int_equal(serve(mb, &req).start, 4139 + 2 * i);
	}
	req.ino = 22;
	req.len = req.file_blocks = 74;
	assert_int_equal(serve(mb, &req).start, 4651);
	assert_int_equal(mballoc_kernel_event(mb)->locality, LOCALITY_NONE);
	assert_int_equal(mballoc_kernel_event(mb)->taken, 74);
	req.ino = 23;
	req.len = req.file_blocks = 1;
	assert_int_equal(serve(mb, &req).start, 4159);
	mballoc_free(mb);
}

struct criteria_case {
	const char *what;
	struct run gaps[4];
	uint32_t flags;
	uint64_t len, file_blocks, goal;
	enum optimize_scan scan;
	enum criteria want;
	struct run got;
};

/* Four groups of 256 clusters, blocks of 4 KiB, flex groups of four. */
static const struct criteria_case criteria_cases[] = {
	{ "an aligned chunk, not in the first group of a flex group",
	  { { 0, 256 }, { 260, 60 }, { 0, 0 } }, REQUEST_DATA, 20, 20, 0,
	  OPTIMIZE_SCAN_OFF, CR_POWER2_ALIGNED, { 288, 20 } },
	{ "metadata does not mind the first group",
	  { { 0, 200 }, { 260, 60 }, { 0, 0 } }, 0, 16, 16, 0,
	  OPTIMIZE_SCAN_OFF, CR_POWER2_ALIGNED, { 128, 16 } },
	{ "the smallest order that has one, by order",
	  { { 10, 246 }, { 260, 60 }, { 512, 256 }, { 800, 20 } }, 0, 16, 16,
	  0, OPTIMIZE_SCAN_ON, CR_POWER2_ALIGNED, { 800, 16 } },
	{ "from the goal's group on",
	  { { 0, 200 }, { 260, 60 }, { 0, 0 } }, 0, 16, 16, 300,
	  OPTIMIZE_SCAN_OFF, CR_POWER2_ALIGNED, { 272, 16 } },
	{ "no power of two: long enough on average",
	  { { 1, 5 }, { 300, 40 }, { 0, 0 } }, 0, 20, 20, 0,
	  OPTIMIZE_SCAN_OFF, CR_GOAL_LEN_FAST, { 300, 20 } },
	{ "the same by order",
	  { { 1, 5 }, { 300, 40 }, { 0, 0 } }, 0, 20, 20, 0,
	  OPTIMIZE_SCAN_ON, CR_GOAL_LEN_FAST, { 300, 20 } },
	{ "no goal cut so short that the request would not fit",
	  { { 257, 26 }, { 0, 0 } }, REQUEST_DATA, 17, 20, 0,
	  OPTIMIZE_SCAN_ON, CR_ANY_FREE, { 257, 17 } },
	{ "a goal of 64 cut to 32",
	  { { 257, 34 }, { 0, 0 } }, REQUEST_DATA, 20, 40, 0,
	  OPTIMIZE_SCAN_ON, CR_BEST_AVAIL_LEN, { 257, 20 } },
	{ "the average too low, one run long enough",
	  { { 1, 5 }, { 20, 21 }, { 60, 1 }, { 80, 1 } }, 0, 20, 20, 0,
	  OPTIMIZE_SCAN_OFF, CR_GOAL_LEN_SLOW, { 20, 20 } },
	{ "the longest of what is too short",
	  { { 1, 5 }, { 20, 9 }, { 300, 7 }, { 800, 8 } }, 0, 30, 30, 0,
	  OPTIMIZE_SCAN_OFF, CR_ANY_FREE, { 20, 9 } },
};

static void criteria(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(criteria_cases) / sizeof(criteria_cases[0]);
	     i++) {
		const struct criteria_case *c = &criteria_cases[i];
		const struct mballoc_kernel_options o = {
			.blocks = 1024, .group_blocks = 256,
			.flex_groups = 4, .block_bits = 12,
			.optimize_scan = c->scan,
		};
		const struct alloc_request req = {
			.ino = 12, .len = c->len, .goal = c->goal,
			.file_blocks = c->file_blocks, .flags = c->flags,
		};
		struct mballoc *mb;
		struct run run;

		print_message("%s\n", c->what);
		for (n = 0; n < 4 && c->gaps[n].len; n++)
			;
		mb = allocator(&o, c->gaps, n);
		run = serve(mb, &req);
		assert_int_equal(mballoc_kernel_event(mb)->criteria, c->want);
		assert_int_equal(run.start, c->got.start);
		assert_int_equal(run.len, c->got.len);
		mballoc_free(mb);
	}
}

/* Streams go on in the group where the last one ended. */
static void streams_follow(void **state)
{
	static const struct run gaps[] = { { 1, 31 }, { 256, 768 } };
	const struct mballoc_kernel_options o = {
		.blocks = 1024, .group_blocks = 256, .block_bits = 12,
	};
	struct mballoc *mb = allocator(&o, gaps, 2);
	struct alloc_request req = {
		.ino = 12, .len = 256, .file_blocks = 300, .goal = 256,
		.flags = REQUEST_DATA,
	};

	(void)state;
	assert_int_equal(serve(mb, &req).start, 256);
	req.ino = 13;
	req.len = 20;
	req.file_blocks = 40;
	assert_int_equal(serve(mb, &req).start, 512);
	mballoc_free(mb);
}

/* Preallocations are given up when nothing else is left. */
static void retries(void **state)
{
	static const struct run gaps[] = { { 256, 64 } };
	const struct mballoc_kernel_options o = {
		.blocks = 512, .group_blocks = 256, .block_bits = 12,
	};
	struct mballoc *mb = allocator(&o, gaps, 1);
	struct run_list out = { NULL, 0, 0 };
	struct alloc_request req = {
		.ino = 12, .len = 33, .file_blocks = 40,
		.flags = REQUEST_DATA,
	};

	(void)state;
	assert_int_equal(serve(mb, &req).len, 33);
	assert_int_equal(mballoc_kernel_event(mb)->taken, 64);
	req.ino = 13;
	req.file_blocks = 50;
	assert_int_equal(serve(mb, &req).start, 256 + 33);
	assert_int_equal(mballoc_free_blocks(mb), 0);
	assert_int_equal(mballoc_kernel(mb, &out, &req), E4PACK_ET_NO_SPACE);
	assert_int_equal(out.n, 0);
	assert_int_equal(mballoc_requests(mb), 2);
	run_list_release(&out);
	mballoc_free(mb);
}

static void misuse(void **state)
{
	static const struct run gaps[] = { { 256, 64 } };
	static const struct mballoc_kernel_options bad[] = {
		{ .blocks = 0, .group_blocks = 256, .block_bits = 12 },
		{ .blocks = 512, .group_blocks = 0, .block_bits = 12 },
		{ .blocks = 512, .group_blocks = 256, .block_bits = 17 },
		{ .blocks = 319, .group_blocks = 256, .block_bits = 12 },
		{ .blocks = 512, .group_blocks = 256, .block_bits = 12,
		  .cluster_bits = 7 },
		{ .blocks = 512, .group_blocks = 256, .block_bits = 12,
		  .first_block = 257 },
	};
	const struct mballoc_kernel_options good = {
		.blocks = 512, .group_blocks = 256, .block_bits = 12,
	};
	struct alloc_request req = { .len = 1 };
	struct run_list out = { NULL, 0, 0 };
	struct mballoc *mb;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mballoc_kernel_new(&mb, gaps, 1, &bad[i]),
				 E4PACK_ET_BUG);
	mb = allocator(&good, gaps, 1);
	assert_int_equal(mballoc_best_fit(mb, &out, &req),
			 E4PACK_ET_SEQUENCE);
	assert_int_equal(mballoc_scattered(mb, &out, &req),
			 E4PACK_ET_SEQUENCE);
	req.len = 0;
	assert_int_equal(mballoc_kernel(mb, &out, &req), E4PACK_ET_BUG);
	req.len = 1;
	req.lblk = UINT32_MAX;
	assert_int_equal(mballoc_kernel(mb, &out, &req), E4PACK_ET_BUG);
	mballoc_free(mb);

	assert_int_equal(mballoc_new(&mb, gaps, 1, 256, 0), 0);
	assert_null(mballoc_kernel_event(mb));
	req.lblk = 0;
	assert_int_equal(mballoc_kernel(mb, &out, &req), E4PACK_ET_SEQUENCE);
	mballoc_discard_inode(mb, 1);
	mballoc_discard_preallocations(mb);
	mballoc_free(mb);
}

/* A world of files that grow, are closed and are removed. */
enum { BLOCKS = 4096, FILES = 12, FILE_BLOCKS = 700, GROUP = 256 };

struct world {
	struct mballoc *mb;
	uint32_t cluster;		/* blocks of one */
	bool used[BLOCKS];		/* metadata, too */
	uint64_t map[FILES][FILE_BLOCKS];	/* 0: hole */
	uint64_t seed, free;
};

static size_t make_world(struct world *w, struct run *gaps, uint64_t seed)
{
	size_t n = 0;
	uint64_t at, end;

	memset(w->used, true, sizeof(w->used));
	memset(w->map, 0, sizeof(w->map));
	w->seed = seed;
	w->free = 0;
	for (at = w->cluster; at < BLOCKS; at = end + w->cluster) {
		end = at + (1 + next_random(&w->seed) % 40) * w->cluster;
		if (end > BLOCKS)
			end = BLOCKS;
		memset(w->used + at, false, end - at);
		w->free += end - at;
		gaps[n++] = (struct run){ at, end - at };
		end += next_random(&w->seed) % 4 * w->cluster;
	}
	return n;
}

static void neighbours(const struct world *w, uint32_t file,
		       struct alloc_request *req)
{
	uint32_t i;

	for (i = req->lblk; i--; )
		if (w->map[file][i]) {
			req->lleft = i;
			req->pleft = w->map[file][i];
			req->goal = req->pleft + 1;
			break;
		}
	for (i = req->lblk; i < FILE_BLOCKS; i++)
		if (w->map[file][i]) {
			req->lright = i;
			req->pright = w->map[file][i];
			break;
		}
}

static void grow_file(struct world *w)
{
	uint32_t file = (uint32_t)(next_random(&w->seed) % FILES), i;
	uint32_t size = FILE_BLOCKS / w->cluster * w->cluster;
	struct alloc_request req = {
		.ino = 11 + file,
		.lblk = (uint32_t)(next_random(&w->seed) % size),
		.len = (1 + next_random(&w->seed) % 60) * w->cluster,
		.flags = (uint32_t)(next_random(&w->seed) % 8),
		.goal = next_random(&w->seed) % (BLOCKS + 100),
	};
	struct run_list out = { NULL, 0, 0 };
	errcode_t err;

	req.lblk -= req.lblk % w->cluster;
	if (next_random(&w->seed) % 2)
		req.lblk = req.lblk / 16 / w->cluster * w->cluster;
	if (w->map[file][req.lblk])
		return;
	if (req.lblk + req.len > size)
		req.len = size - req.lblk;
	req.file_blocks = req.lblk + req.len;
	if (next_random(&w->seed) % 4 == 0)
		req.file_blocks += 30;
	neighbours(w, file, &req);
	err = mballoc_kernel(w->mb, &out, &req);
	if (!w->free) {
		assert_int_equal(err, E4PACK_ET_NO_SPACE);
		run_list_release(&out);
		return;
	}
	assert_int_equal(err, 0);
	assert_int_equal(out.n, 1);
	assert_in_range(out.runs[0].len, 1, req.len);
	for (i = 0; i < out.runs[0].len; i++) {
		assert_false(w->used[out.runs[0].start + i]);
		assert_int_equal(w->map[file][req.lblk + i], 0);
		w->used[out.runs[0].start + i] = true;
		w->map[file][req.lblk + i] = out.runs[0].start + i;
	}
	w->free -= out.runs[0].len;
	run_list_release(&out);
}

/* Release a stretch of a file, after its preallocations or without care. */
static void shrink_file(struct world *w)
{
	uint32_t file = (uint32_t)(next_random(&w->seed) % FILES), i, j;
	uint32_t from = (uint32_t)(next_random(&w->seed) % FILE_BLOCKS);

	if (next_random(&w->seed) % 2)
		mballoc_discard_inode(w->mb, 11 + file);
	from -= from % w->cluster;
	for (i = from; i + w->cluster <= FILE_BLOCKS; i += w->cluster) {
		uint64_t pblk = w->map[file][i];

		if (!pblk)
			continue;
		assert_int_equal(mballoc_release(w->mb, pblk, w->cluster), 0);
		assert_int_equal(mballoc_release(w->mb, pblk, w->cluster),
				 E4PACK_ET_BUG);
		for (j = 0; j < w->cluster; j++) {
			w->used[pblk + j] = false;
			w->map[file][i + j] = 0;
		}
		w->free += w->cluster;
	}
}

static void compare_world(const struct world *w)
{
	struct run_list out = { NULL, 0, 0 };
	uint64_t at = 0, i;
	size_t r;

	assert_int_equal(mballoc_free_blocks(w->mb), w->free);
	assert_int_equal(mballoc_free_runs(w->mb, &out), 0);
	for (r = 0; r < out.n; r++) {
		for (; at < out.runs[r].start; at++)
			assert_true(w->used[at]);
		for (i = 0; i < out.runs[r].len; i++, at++)
			assert_false(w->used[at]);
	}
	for (; at < BLOCKS; at++)
		assert_true(w->used[at]);
	run_list_release(&out);
}

static void random_world(struct world *w, uint64_t seed,
			 enum optimize_scan scan, uint32_t cluster_bits)
{
	const struct mballoc_kernel_options o = {
		.blocks = BLOCKS, .group_blocks = GROUP, .block_bits = 12,
		.flex_groups = seed & 1 ? 4 : 0, .cluster_bits = cluster_bits,
		.optimize_scan = scan, .stream_goals = seed & 2 ? 3 : 0,
		.mb_group_prealloc = 16,
	};
	struct run gaps[BLOCKS / 2];
	int round;
	size_t n;

	w->cluster = 1U << cluster_bits;
	n = make_world(w, gaps, seed);
	w->mb = allocator(&o, gaps, n);
	for (round = 0; round < 400; round++) {
		if (next_random(&w->seed) % 16)
			grow_file(w);
		else
			shrink_file(w);
	}
	compare_world(w);
	mballoc_discard_preallocations(w->mb);
	compare_world(w);
	mballoc_free(w->mb);
}

static void random_worlds(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	uint64_t seed;

	(void)state;
	assert_non_null(w);
	for (seed = 0; seed < 24; seed++)
		random_world(w, seed, seed & 4 ? OPTIMIZE_SCAN_ON :
			     OPTIMIZE_SCAN_OFF, seed & 8 ? 2 : 0);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(measured_stream),
		cmocka_unit_test(measured_window),
		cmocka_unit_test(criteria),
		cmocka_unit_test(streams_follow),
		cmocka_unit_test(retries),
		cmocka_unit_test(misuse),
		cmocka_unit_test(random_worlds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
