// SPDX-License-Identifier: GPL-2.0-or-later
/* What the allocator tells a trace: the lines that a kernel wrote for the
 * same requests in the same space, and those of best fit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "alloc/mballoc_kernel.h"
#include "base/trace.h"

enum { TEXT_LEN = 1 << 14 };

struct traced {
	struct mballoc *mb;
	struct diag diag;
	struct trace *trace;
	char path[32];
	char text[TEXT_LEN];
};

/* A new file system of 64 MiB in blocks of 1 KiB. */
static const struct run gaps[] = {
	{ 4373, 3820 }, { 8193 + 260, 7932 }, { 16385 + 4097, 4095 },
};
static const struct mballoc_kernel_options options = {
	.blocks = 65536, .group_blocks = 8192, .first_block = 1,
	.flex_groups = 16, .block_bits = 10,
};

static void begin(struct traced *t, bool kernel)
{
	if (kernel)
		assert_int_equal(mballoc_kernel_new(&t->mb, gaps, 3,
						    &options), 0);
	else
		assert_int_equal(mballoc_new(&t->mb, gaps, 3, 8192, 1), 0);
	diag_init(&t->diag, NULL, NULL);
	strcpy(t->path, "/tmp/alloc_traceXXXXXX");
	close(mkstemp(t->path));
	assert_int_equal(trace_open(&t->trace, t->path, TRACE_KERNEL,
				    &t->diag), 0);
	mballoc_set_trace(t->mb, t->trace, 0);
}

/* What was told are @lines, each without what stands before the event. */
static void end(struct traced *t, const char *lines)
{
	char *in, *out, *line = t->text;
	FILE *file;
	size_t n;

	assert_int_equal(trace_close(t->trace), 0);
	file = fopen(t->path, "r");
	assert_non_null(file);
	n = fread(t->text, 1, sizeof(t->text) - 1, file);
	assert_true(n < sizeof(t->text) - 1);
	t->text[n] = '\0';
	fclose(file);
	for (out = in = t->text; *line; line = in) {
		in = strchr(line, '\n') + 1;
		line = strstr(line, ": ") + 2;
		memmove(out, line, in - line);
		out += in - line;
	}
	*out = '\0';
	assert_string_equal(t->text, lines);
	mballoc_free(t->mb);
	diag_release(&t->diag);
	unlink(t->path);
}

static void ask(struct traced *t, const struct alloc_request *req)
{
	struct run_list out = { NULL, 0, 0 };

	assert_int_equal(mballoc_kernel(t->mb, &out, req), 0);
	run_list_release(&out);
}

/* 24 blocks, then close. */
static void stream(void **state)
{
	const struct alloc_request req = {
		.ino = 12, .len = 24, .file_blocks = 24, .goal = 8193,
		.flags = REQUEST_DATA | REQUEST_DELALLOC,
	};
	struct traced t;

	(void)state;
	begin(&t, true);
	ask(&t, &req);
	mballoc_discard_inode(t.mb, 12);
	end(&t,
	    "ext4_request_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 24 lblk 0 goal 8193 lleft 0 "
	    "lright 0 pleft 0 pright 0 \n"
	    "ext4_mb_bitmap_load: dev 0,0 group 1\n"
	    "ext4_mb_buddy_bitmap_load: dev 0,0 group 1\n"
	    "ext4_mb_new_inode_pa: dev 0,0 ino 12 pstart 8481 len 32 "
	    "lstart 0\n"
	    "ext4_mballoc_alloc: dev 0,0 inode 12 orig 1/0/24@0 "
	    "goal 0/-1/32@0 result 1/288/32@0 blks 1 grps 1 "
	    "cr CR_POWER2_ALIGNED flags "
	    "HINT_DATA|DELALLOC_RESV|STREAM_ALLOC|USE_RESV tail 0 broken 0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 24 block 8481 lblk 0 "
	    "goal 8193 lleft 0 lright 0 pleft 0 pright 0\n"
	    "ext4_discard_preallocations: dev 0,0 ino 12 len: 1\n"
	    "ext4_mballoc_discard: dev 0,0 inode 0 extent 1/312/8 \n"
	    "ext4_mb_release_inode_pa: dev 0,0 ino 12 block 8505 count 8\n");
}

/* Two small files share a window. */
static void window(void **state)
{
	struct alloc_request req = {
		.ino = 12, .len = 4, .file_blocks = 4, .goal = 8193,
		.flags = REQUEST_DATA | REQUEST_DELALLOC,
	};
	struct traced t;

	(void)state;
	begin(&t, true);
	ask(&t, &req);
	req.ino = 13;
	req.len = req.file_blocks = 2;
	ask(&t, &req);
	mballoc_discard_inode(t.mb, 13);
	mballoc_discard_preallocations(t.mb);
	end(&t,
	    "ext4_request_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 4 lblk 0 goal 8193 lleft 0 "
	    "lright 0 pleft 0 pright 0 \n"
	    "ext4_mb_bitmap_load: dev 0,0 group 1\n"
	    "ext4_mb_buddy_bitmap_load: dev 0,0 group 1\n"
	    "ext4_mb_new_group_pa: dev 0,0 ino 12 pstart 8705 len 512 "
	    "lstart 8705\n"
	    "ext4_mballoc_alloc: dev 0,0 inode 12 orig 1/0/4@0 "
	    "goal 1/0/512@0 result 1/512/512@0 blks 1 grps 1 "
	    "cr CR_POWER2_ALIGNED flags "
	    "HINT_DATA|HINT_GRP_ALLOC|DELALLOC_RESV|USE_RESV tail 0 "
	    "broken 0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 4 block 8705 lblk 0 "
	    "goal 8193 lleft 0 lright 0 pleft 0 pright 0\n"
	    "ext4_request_blocks: dev 0,0 ino 13 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 2 lblk 0 goal 8193 lleft 0 "
	    "lright 0 pleft 0 pright 0 \n"
	    "ext4_mballoc_prealloc: dev 0,0 inode 13 orig 1/0/2@0 "
	    "result 1/516/2@0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 13 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 2 block 8709 lblk 0 "
	    "goal 8193 lleft 0 lright 0 pleft 0 pright 0\n"
	    "ext4_discard_preallocations: dev 0,0 ino 13 len: 0\n"
	    "ext4_mb_release_group_pa: dev 0,0 pstart 8711 len 506\n"
	    "ext4_mballoc_discard: dev 0,0 inode 0 extent 1/518/506 \n");
}

/* Metadata: no preallocation; for the last block a chunk of 32 is broken. */
static void broken_chunk(void **state)
{
	const struct alloc_request req = { .ino = 2, .len = 13, .goal = 1 };
	struct traced t;

	(void)state;
	begin(&t, true);
	ask(&t, &req);
	end(&t,
	    "ext4_request_blocks: dev 0,0 ino 2 flags  len 13 lblk 0 goal 1 "
	    "lleft 0 lright 0 pleft 0 pright 0 \n"
	    "ext4_mb_bitmap_load: dev 0,0 group 0\n"
	    "ext4_mb_buddy_bitmap_load: dev 0,0 group 0\n"
	    "ext4_mballoc_alloc: dev 0,0 inode 2 orig 0/0/13@0 goal 0/0/13@0 "
	    "result 0/4372/13@0 blks 6 grps 1 cr CR_GOAL_LEN_FAST flags  "
	    "tail 1 broken 32\n"
	    "ext4_allocate_blocks: dev 0,0 ino 2 flags  len 13 block 4373 "
	    "lblk 0 goal 1 lleft 0 lright 0 pleft 0 pright 0\n");
}

/* Whole requests in one piece, or in several with metadata between them. */
static void best_fit(void **state)
{
	struct alloc_request req = {
		.ino = 12, .len = 3000, .lblk = 7, .file_blocks = 3007,
		.flags = REQUEST_DATA | REQUEST_DELALLOC,
	};
	struct run_list out = { NULL, 0, 0 };
	struct traced t;

	(void)state;
	begin(&t, false);
	assert_int_equal(mballoc_best_fit(t.mb, &out, &req), 0);
	req.len = 8000;
	assert_int_equal(mballoc_best_fit(t.mb, &out, &req), 0);
	run_list_release(&out);
	end(&t,
	    "ext4_request_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 3000 lblk 7 goal 0 lleft 7 "
	    "lright 7 pleft 0 pright 0 \n"
	    "ext4_mballoc_alloc: dev 0,0 inode 12 orig 0/0/3000@7 "
	    "goal 0/0/3000@7 result 0/4372/3000@7 blks 1 grps 1 "
	    "cr CR_GOAL_LEN_SLOW flags HINT_DATA|DELALLOC_RESV|USE_RESV "
	    "tail 0 broken 0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 3000 block 4373 lblk 7 "
	    "goal 0 lleft 7 lright 7 pleft 0 pright 0\n"
	    "ext4_request_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 8000 lblk 7 goal 0 lleft 7 "
	    "lright 7 pleft 0 pright 0 \n"
	    "ext4_mballoc_alloc: dev 0,0 inode 12 orig 0/0/8000@7 "
	    "goal 0/0/8000@7 result 0/7372/820@7 blks 1 grps 1 "
	    "cr CR_ANY_FREE flags HINT_DATA|DELALLOC_RESV|USE_RESV tail 0 "
	    "broken 0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 820 block 7373 lblk 7 "
	    "goal 0 lleft 7 lright 7 pleft 0 pright 0\n"
	    "ext4_mballoc_alloc: dev 0,0 inode 12 orig 0/0/7180@827 "
	    "goal 0/0/7180@827 result 1/260/7180@827 blks 1 grps 1 "
	    "cr CR_ANY_FREE flags HINT_DATA|DELALLOC_RESV|USE_RESV tail 0 "
	    "broken 0\n"
	    "ext4_allocate_blocks: dev 0,0 ino 12 flags "
	    "HINT_DATA|DELALLOC_RESV|USE_RESV len 7180 block 8453 lblk 827 "
	    "goal 0 lleft 7 lright 7 pleft 0 pright 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream),
		cmocka_unit_test(window),
		cmocka_unit_test(broken_chunk),
		cmocka_unit_test(best_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
