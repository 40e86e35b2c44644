// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Placing and writing: random files from origins of several kinds into a
 * temporary image, compared byte by byte with what was staged, with one
 * thread and with several; failing origins.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fileio.h"
#include "delay/writeback.h"
#include "delay_fake.h"

enum { BS = 1024, FILES = 60, IMAGE_BLOCKS = 65536 };

struct world {
	struct delay d;
	struct delayed_file files[FILES];
	uint8_t *bytes[FILES];		/* as staged */
	uint64_t sizes[FILES];
	struct fake origins[4];
	struct diag diag;
	struct progress progress;
	struct blockio io;
	uint64_t random;
	uint64_t next_pblk;
};

static uint32_t draw(struct world *w, uint32_t below)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return (w->random >> 16) % below;
}

static void world_init(struct world *w, uint32_t cluster_bits)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	delay_init(&w->d, 10, cluster_bits);
	w->d.reserve.unbounded = true;
	for (i = 0; i < FILES; i++)
		delayed_file_init(&w->files[i]);
	for (i = 0; i < 4; i++)
		fake_init(&w->origins[i], i < 2 ? HOST : MEMORY, i * 77 + 5);
	fill_host(&w->origins[0]);
	fill_host(&w->origins[1]);
	diag_init(&w->diag, NULL, NULL);
	w->io = (struct blockio){ temp_file(), BS, IMAGE_BLOCKS, 512 };
	w->random = 88172645463325252u;
	w->next_pblk = 16;
}

static void world_release(struct world *w)
{
	size_t i;

	for (i = 0; i < FILES; i++) {
		delayed_file_release(&w->files[i], &w->d);
		free(w->bytes[i]);
	}
	assert_int_equal(w->d.reserve.dirty, 0);
	delay_release(&w->d);
	for (i = 0; i < 4; i++) {
		assert_int_equal(w->origins[i].origin.refs, 1);
		assert_int_equal(w->origins[i].opened, w->origins[i].closed);
		if (w->origins[i].fd >= 0)
			close(w->origins[i].fd);
	}
	diag_release(&w->diag);
	close(w->io.fd);
}

static void stage(struct world *w, size_t i, uint64_t pos, uint64_t len,
		  struct fake *o, uint64_t offset)
{
	uint64_t k;

	assert_int_equal(da_write(&w->d, &w->files[i], pos, len,
				  o ? &o->origin : NULL, offset), 0);
	for (k = 0; k < len; k++)
		w->bytes[i][pos + k] = o ? byte_at(o->seed, offset + k) : 0;
	if (w->sizes[i] < pos + len)
		w->sizes[i] = pos + len;
}

/* Files of all sizes: tiny ones, ones over several chunks, holes, zeros,
 * preallocated and unaligned pieces, tails cut off. */
static void stage_random(struct world *w, size_t i)
{
	uint64_t max = i % 10 == 9 ? 3 << 20 : i % 3 ? 9000 : 100000;
	uint64_t size;
	int n = i % 5 ? 1 + draw(w, 4) : 1 + draw(w, 40);

	w->bytes[i] = calloc(1, 7 << 20);
	assert_non_null(w->bytes[i]);
	while (n--) {
		uint32_t which = draw(w, 5);

		stage(w, i, draw(w, 2) ? w->sizes[i] : draw(w, max),
		      1 + draw(w, max), which < 4 ? &w->origins[which] : NULL,
		      draw(w, HOST_BYTES - max));
		if (w->sizes[i] > 3 << 20)
			break;
	}
	/* What stays unwritten is not written over, and reads as zero. */
	if (draw(w, 3) == 0) {
		size = draw(w, 2 * w->sizes[i]);
		assert_int_equal(da_fallocate(&w->d, &w->files[i], size,
					      20000), 0);
		if (w->sizes[i] < size + 20000)
			w->sizes[i] = size + 20000;
	}
	if (draw(w, 4) == 0) {
		size = draw(w, w->sizes[i]);
		assert_int_equal(da_truncate(&w->d, &w->files[i], size), 0);
		memset(w->bytes[i] + size, 0, w->sizes[i] - size);
		w->sizes[i] = size;
		if (draw(w, 2))
			stage(w, i, size + 3000, 500, &w->origins[0], 7);
	}
}

/* Give file @i its places: in one run, or in two, the later one first. */
static void place(struct world *w, size_t i)
{
	uint64_t wanted = delayed_file_wanted_blocks(&w->files[i]);
	uint64_t half = i % 4 ? 0 : wanted / 2 & ~UINT64_C(15);
	struct run runs[2];
	size_t n = 0;

	if (half)
		runs[n++] = (struct run){ w->next_pblk + wanted - half, half };
	if (wanted)
		runs[n++] = (struct run){ w->next_pblk, wanted - half };
	w->next_pblk += (wanted + (i % 3 ? 0 : 16) + 15) & ~UINT64_C(15);
	assert_int_equal(writeback_place(&w->d, &w->files[i], runs, n), 0);
	assert_true(w->files[i].disksize == w->sizes[i]);
	assert_int_equal(delayed_file_delayed_blocks(&w->files[i]), 0);
}

static void compare(struct world *w, size_t i)
{
	struct extent_list list = { .n = 0 };
	uint8_t *got = malloc(32768 * BS);
	size_t k;

	assert_non_null(got);
	assert_int_equal(delayed_file_extents(&w->files[i], &list), 0);
	for (k = 0; k < list.n; k++) {
		const struct extent *e = &list.extents[k];
		uint64_t at = (uint64_t)e->lblk * BS;
		uint64_t len = (uint64_t)e->len * BS, have = 0;

		if (e->unwritten)
			continue;
		assert_int_equal(blockio_read(&w->io, e->pblk, e->len, got),
				 0);
		if (at < w->sizes[i])
			have = w->sizes[i] - at < len ? w->sizes[i] - at : len;
		assert_memory_equal(got, w->bytes[i] + at, have);
		memset(w->bytes[i] + at, 0, have);
		for (; have < len; have++)
			assert_int_equal(got[have], 0);
	}
	extent_list_release(&list);
	/* What no block holds must have been zeros. */
	for (k = 0; k < w->sizes[i]; k++)
		assert_int_equal(w->bytes[i][k], 0);
	free(got);
}

/* The image begins as garbage, unless it is said to be zeroed. */
static void make_image(struct world *w, bool zeroed)
{
	uint64_t bytes = (uint64_t)IMAGE_BLOCKS * BS + 512;
	uint8_t *garbage = malloc(bytes);

	assert_non_null(garbage);
	memset(garbage, zeroed ? 0 : 0xa5, bytes);
	assert_int_equal(io_pwrite(w->io.fd, garbage, bytes, 0), 0);
	free(garbage);
}

static void round_trip(unsigned int threads, uint32_t cluster_bits,
		       bool zeroed)
{
	struct writeback_item items[FILES];
	struct world *w = malloc(sizeof(*w));
	struct writeback_options options = { .threads = threads,
					     .zeroed = zeroed };
	uint64_t blocks = 0;
	size_t i;

	assert_non_null(w);
	world_init(w, cluster_bits);
	make_image(w, zeroed);
	for (i = 0; i < FILES; i++) {
		struct es_extent e = { .pblk = 0 };

		stage_random(w, i);
		place(w, i);
		es_next_extent(&w->files[i].es, ES_WRITTEN, 0, &e);
		items[FILES - 1 - i] = (struct writeback_item){
			&w->files[i], e.pblk };
	}
	for (i = 0; i < FILES; i++) {
		struct extent_list list = { .n = 0 };

		assert_int_equal(delayed_file_extents(&w->files[i], &list),
				 0);
		while (list.n--)
			blocks += list.extents[list.n].unwritten ? 0 :
				  list.extents[list.n].len;
		extent_list_release(&list);
	}
	assert_true(w->next_pblk < IMAGE_BLOCKS);
	options.diag = &w->diag;
	options.progress = &w->progress;
	assert_int_equal(writeback_data(&w->io, items, FILES, &options), 0);
	assert_true(w->progress.done == blocks * BS);
	assert_int_equal(w->diag.errors, 0);
	for (i = 0; i < 4; i++) {
		assert_true(w->origins[i].opened > 0);
		assert_int_equal(w->origins[i].checked, w->origins[i].closed);
	}
	for (i = 0; i < FILES; i++)
		compare(w, i);
	world_release(w);
	free(w);
}

static void one_thread(void **state)
{
	(void)state;
	round_trip(1, 0, false);
	round_trip(1, 4, false);
}

static void four_threads(void **state)
{
	(void)state;
	round_trip(4, 0, false);
	round_trip(4, 4, false);
	round_trip(1000, 2, false);
}

static void on_zeroed_ground(void **state)
{
	(void)state;
	round_trip(1, 0, true);
	round_trip(4, 2, true);
}

struct failure_case {
	enum kind kind;
	errcode_t err;
	uint64_t blocks;	/* of the image; 0: as many as needed */
	bool stop, on_disk;
};

static void failures(void **state)
{
	const struct failure_case cases[] = {
		{ SHORT_READ, E4PACK_ET_CHANGED, 0, false, false },
		{ FAIL_READ, EIO, 0, false, false },
		{ FAIL_OPEN, EACCES, 0, false, false },
		{ FAIL_CLOSE, E4PACK_ET_CHANGED, 0, false, false },
		{ MEMORY, E4PACK_ET_BUG, 30, false, false },
		{ MEMORY, E4PACK_ET_INTERRUPTED, 0, true, false },
		{ MEMORY, E4PACK_ET_BUG, 0, false, true },
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct failure_case *c = &cases[i / 2];
		struct world *w = malloc(sizeof(*w));
		volatile sig_atomic_t stop = c->stop;
		struct writeback_item items[20];
		struct writeback_options options = { .threads = i % 2 ? 4 :
								1 };
		struct fake bad;

		assert_non_null(w);
		world_init(w, 0);
		fake_init(&bad, c->kind, 1);
		for (k = 0; k < 20; k++) {
			w->bytes[k] = calloc(1, 1 << 20);
			assert_non_null(w->bytes[k]);
			stage(w, k, 0, 1 << 20, k == 13 ? &bad :
			      &w->origins[0], 0);
			place(w, k);
			items[k] = (struct writeback_item){ &w->files[k], k };
		}
		w->files[3].on_disk = c->on_disk;
		if (c->blocks)
			w->io.blocks = c->blocks;
		w->progress.stop = &stop;
		options.diag = &w->diag;
		options.progress = &w->progress;
		assert_int_equal(writeback_data(&w->io, items, 20, &options),
				 c->err);
		assert_true(c->stop || w->diag.errors > 0);
		assert_int_equal(bad.opened, bad.closed);
		for (k = 0; k < 20; k++)
			delayed_file_release(&w->files[k], &w->d);
		assert_int_equal(bad.origin.refs, 1);
		world_release(w);
		free(w);
	}
}

/* Whoever meets the full disk first, that is what is told; and never that the
 * others were stopped for it. */
static void full_disk(void **state)
{
	struct world *w = malloc(sizeof(*w));
	struct writeback_options options = { .threads = 4 };
	struct writeback_item items[20];
	int fd, i;

	(void)state;
	assert_non_null(w);
	world_init(w, 0);
	for (i = 0; i < 20; i++) {
		w->bytes[i] = calloc(1, 1 << 20);
		assert_non_null(w->bytes[i]);
		stage(w, i, 0, 1 << 20, &w->origins[0], 0);
		place(w, i);
		items[i] = (struct writeback_item){ &w->files[i], i };
	}
	options.diag = &w->diag;
	fd = w->io.fd;
	w->io.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_true(w->io.fd >= 0);
	for (i = 0; i < 300; i++)
		assert_int_equal(writeback_data(&w->io, items, 20, &options),
				 ENOSPC);
	assert_int_equal(w->diag.errors, 300);
	close(w->io.fd);
	w->io.fd = fd;
	world_release(w);
	free(w);
}

/* A small file costs one read of one reader, whatever its size is. */
static void few_calls(void **state)
{
	struct world *w = malloc(sizeof(*w));
	struct writeback_item items[20];
	struct writeback_options options = { .threads = 2 };
	struct fake fakes[20];
	size_t i;

	(void)state;
	assert_non_null(w);
	world_init(w, 0);
	for (i = 0; i < 20; i++) {
		fake_init(&fakes[i], MEMORY, i);
		w->bytes[i] = calloc(1, 100000);
		assert_non_null(w->bytes[i]);
		stage(w, i, 0, 1 + 777 * i, &fakes[i], 0);
		place(w, i);
		items[i] = (struct writeback_item){ &w->files[i], i };
	}
	options.diag = &w->diag;
	assert_int_equal(writeback_data(&w->io, items, 20, &options), 0);
	for (i = 0; i < 20; i++) {
		assert_int_equal(fakes[i].opened, 1);
		assert_int_equal(fakes[i].reads, 1);
		assert_int_equal(fakes[i].checked, 1);
		compare(w, i);
	}
	world_release(w);
	free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_calls),
		cmocka_unit_test(one_thread),
		cmocka_unit_test(four_threads),
		cmocka_unit_test(on_zeroed_ground),
		cmocka_unit_test(failures),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
