/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file in a small world, its model with one status per block and one byte
 * for each quarter of a block, and the steps that move both; for
 * delay_da_map.c and delay_live.c.  Allocations fail on demand: link with
 * --wrap for malloc, calloc, realloc and arena_alloc.
 */
#ifndef E4PACK_TESTS_DELAY_WORLD_H
#define E4PACK_TESTS_DELAY_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "delay/delayed_file.h"
#include "delay/writeback.h"

enum { BS = 1024, PART = BS / 4, MAX_BLOCKS = 48, PLACES = 256, ORIGINS = 8 };

/* Which allocation from now on fails; 0: none. */
static int fail_after;

static bool fails(void)
{
	return fail_after && --fail_after == 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__real_arena_alloc(struct arena *a, size_t size);
void *__wrap_arena_alloc(struct arena *a, size_t size);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_arena_alloc(struct arena *a, size_t size)
{
	return fails() ? NULL : __real_arena_alloc(a, size);
}

struct fact {
	uint32_t status;	/* ES_HOLE where there is nothing */
	bool staged;		/* bytes were, zeros too: becomes written */
	uint64_t pblk;
};

/* What a part of a block holds: zeros, what is on disk, or from STAGED on
 * the bytes of an origin. */
enum { ZEROS, DISK, STAGED };

struct world {
	struct delay d;
	struct delayed_file f;
	struct origin origins[ORIGINS];
	uint32_t blocks;
	struct fact disk[MAX_BLOCKS];	/* what query_blocks() tells */
	struct fact model[MAX_BLOCKS];
	uint8_t parts[MAX_BLOCKS * 4];
	uint64_t model_size;
	bool used[PLACES];	/* physical clusters */
	uint64_t total;		/* clusters that free space began with */
	uint32_t next;		/* where the next place is looked for */
};

static void origin_kept(struct origin *o)
{
	(void)o;
	fail();
}

static const struct origin_ops origin_ops = { .free = origin_kept };

static errcode_t query_disk(void *arg, const struct delayed_file *f,
			    struct es_extent *e)
{
	struct world *w = arg;
	uint32_t from = e->lblk, to = e->lblk;
	const struct fact *at = &w->disk[e->lblk];

	(void)f;
	if (e->lblk >= w->blocks) {
		*e = (struct es_extent){ w->blocks, ES_MAX_BLOCKS - w->blocks,
					 0, ES_HOLE };
		return 0;
	}
	while (from && w->disk[from - 1].status == at->status &&
	       (at->status == ES_HOLE ||
		w->disk[from - 1].pblk + (e->lblk - from + 1) == at->pblk))
		from--;
	while (to + 1 < w->blocks && w->disk[to + 1].status == at->status &&
	       (at->status == ES_HOLE ||
		w->disk[to + 1].pblk - (to + 1 - e->lblk) == at->pblk))
		to++;
	*e = (struct es_extent){ from, to - from + 1,
				 at->status == ES_HOLE ? 0 :
				 w->disk[from].pblk, at->status };
	return 0;
}

static void give_back(void *arg, const struct delayed_file *f, uint64_t pblk,
		      uint64_t len)
{
	struct world *w = arg;
	uint64_t mask = (1u << w->d.cluster_bits) - 1, p;

	(void)f;
	assert_true(len && !(pblk & mask) && !(len & mask));
	for (p = pblk; p < pblk + len; p += mask + 1) {
		assert_true(w->used[p >> w->d.cluster_bits]);
		w->used[p >> w->d.cluster_bits] = false;
		w->d.reserve.free++;
	}
}

static const struct delay_ops delay_ops = {
	.query_blocks = query_disk, .free_blocks = give_back,
};

static void world_init(struct world *w, uint32_t blocks, uint32_t bits,
		       uint64_t free_clusters, bool on_disk)
{
	uint32_t i;

	memset(w, 0, sizeof(*w));
	delay_init(&w->d, 10, bits);
	w->d.ops = &delay_ops;
	w->d.ops_arg = w;
	w->d.reserve.free = free_clusters;
	delayed_file_init(&w->f);
	w->f.on_disk = on_disk;
	for (i = 0; i < ORIGINS; i++)
		w->origins[i] = (struct origin){ .ops = &origin_ops, .refs = 1 };
	w->blocks = blocks;
	w->total = free_clusters;
	w->next = PLACES - 1;
	for (i = 0; i < blocks; i++) {
		bool mapped = on_disk && (i < 3 || i == 5);

		w->disk[i].status = !mapped ? ES_HOLE :
				    i == 5 ? ES_UNWRITTEN : ES_WRITTEN;
		w->disk[i].pblk = mapped ? 64 + i : 0;
		w->disk[i].staged = mapped && i != 5;
		if (w->disk[i].staged)
			memset(&w->parts[i * 4], DISK, 4);
		if (mapped && !w->used[(64 + i) >> bits]) {
			w->used[(64 + i) >> bits] = true;
			w->total++;
		}
	}
	memcpy(w->model, w->disk, sizeof(w->disk));
	if (on_disk)
		w->f.size = w->f.disksize = w->model_size = 6 * BS;
}

static void world_release(struct world *w)
{
	uint32_t i;

	delayed_file_release(&w->f, &w->d);
	assert_int_equal(w->d.reserve.dirty, 0);
	assert_int_equal(w->d.es_stats.all, 0);
	for (i = 0; i < ORIGINS; i++)
		assert_int_equal(w->origins[i].refs, 1);
	delay_release(&w->d);
}

static uint8_t staged_as(const struct world *w, const struct origin *o)
{
	return o ? STAGED + (o - w->origins) : ZEROS;
}

/* Each part of a block is read through the content.  With a map on disk, what
 * is outside of a write to a block that had no bytes is not told here. */
static void compare_parts(const struct world *w)
{
	struct content_range r = { .len = 0 };
	uint32_t i;

	for (i = 0; i < w->blocks * 4; i++) {
		const struct fact *at = &w->model[i / 4];
		uint64_t pos = (uint64_t)i * PART;
		uint8_t is = w->f.on_disk && at->status == ES_WRITTEN ? DISK :
									ZEROS;

		if (r.offset + r.len <= pos &&
		    !content_next(&w->f.content, pos, &r))
			r = (struct content_range){ .offset = UINT64_MAX };
		if (r.offset <= pos) {
			assert_true(r.offset + r.len >= pos + PART);
			assert_true(w->f.in_inode ||
				    at->status & (ES_DELAYED | ES_WRITTEN));
			assert_true(!r.origin ||
				    r.origin_offset == r.offset);
			is = staged_as(w, r.origin);
		} else if (is == DISK && w->parts[i] == ZEROS) {
			is = ZEROS;
		}
		assert_int_equal(is, w->parts[i]);
	}
}

/* Every promise is recounted from the model, by its definition: a cluster
 * with delayed blocks has one if and only if it is not allocated. */
static void compare(struct world *w)
{
	uint32_t bits = w->d.cluster_bits, c, b, reserved = 0, used = 0;
	bool places[PLACES] = { false };

	assert_true(delayed_file_verify(&w->d, &w->f));
	assert_true(w->f.size == w->model_size);
	assert_true(w->f.disksize <= w->f.size);
	compare_parts(w);
	for (b = 0; b < w->blocks; b++) {
		struct es_extent e;
		struct fact is = w->f.on_disk ? w->disk[b] :
				 (struct fact){ .status = ES_HOLE };

		if (es_next_extent(&w->f.es, ES_ANY, b, &e) && e.lblk <= b) {
			is.status = e.status & ES_ANY;
			is.pblk = e.pblk + (b - e.lblk);
		}
		assert_int_equal(is.status, w->model[b].status);
		if (is.status & ES_MAPPED) {
			assert_int_equal(is.pblk, w->model[b].pblk);
			assert_true(w->used[is.pblk >> bits]);
			places[is.pblk >> bits] = true;
		}
	}
	for (c = 0; c << bits < w->blocks; c++) {
		uint32_t seen = 0;

		for (b = c << bits; b < (c + 1) << bits && b < w->blocks; b++)
			seen |= w->model[b].status;
		reserved += (seen & ES_DELAYED) && !(seen & ES_MAPPED);
	}
	assert_int_equal(w->f.es.reserved, reserved);
	assert_true(w->d.reserve.dirty == reserved);
	for (c = 0; c < PLACES; c++) {
		assert_int_equal(places[c], w->used[c]);
		used += w->used[c];
	}
	assert_true(w->d.reserve.free == w->total - used);
}

/* Parts of blocks, four in each, from @part on. */
static errcode_t write_parts(struct world *w, uint32_t part, uint32_t n,
			     struct origin *origin)
{
	uint64_t end = (uint64_t)(part + n) * PART;
	uint32_t b;
	errcode_t err;

	err = da_write(&w->d, &w->f, (uint64_t)part * PART,
		       (uint64_t)n * PART, origin, part * PART);
	if (err)
		return err;
	for (b = part / 4; b <= (part + n - 1) / 4; b++) {
		if (w->model[b].status == ES_HOLE)
			w->model[b].status = ES_DELAYED;
		else if (w->model[b].status == ES_UNWRITTEN)
			w->model[b].status = ES_WRITTEN;
		w->model[b].staged = true;
	}
	memset(&w->parts[part], staged_as(w, origin), n);
	if (w->model_size < end)
		w->model_size = end;
	return 0;
}

static inline errcode_t write_blocks(struct world *w, uint32_t lblk,
				     uint32_t len)
{
	return write_parts(w, lblk * 4, len * 4, w->origins);
}

static errcode_t fallocate_parts(struct world *w, uint32_t part, uint32_t n)
{
	uint64_t end = (uint64_t)(part + n) * PART;
	uint32_t b;
	errcode_t err;

	err = da_fallocate(&w->d, &w->f, (uint64_t)part * PART,
			   (uint64_t)n * PART);
	if (err)
		return err;
	for (b = part / 4; b <= (part + n - 1) / 4; b++) {
		if (w->model[b].status == ES_HOLE)
			w->model[b].status = ES_DELAYED;
	}
	if (w->model_size < end)
		w->model_size = end;
	return 0;
}

/* Empty whole blocks of the model. */
static void empty_model(struct world *w, uint32_t from, uint32_t to)
{
	for (; from < to && from < w->blocks; from++)
		w->model[from] = (struct fact){ .status = ES_HOLE };
}

static errcode_t truncate_parts(struct world *w, uint32_t parts)
{
	uint64_t size = (uint64_t)parts * PART;
	errcode_t err = da_truncate(&w->d, &w->f, size);

	if (err)
		return err;
	if (size <= w->model_size) {
		empty_model(w, (parts + 3) / 4, w->blocks);
		memset(&w->parts[parts], ZEROS, w->blocks * 4 - parts);
	}
	w->model_size = size;
	return 0;
}

static errcode_t punch_parts(struct world *w, uint32_t part, uint32_t n)
{
	uint32_t end = part + n, blocks = (w->model_size + BS - 1) / BS;
	errcode_t err = da_punch(&w->d, &w->f, (uint64_t)part * PART,
				 (uint64_t)n * PART);

	if (err || (uint64_t)part * PART >= w->model_size)
		return err;
	if ((uint64_t)end * PART > w->model_size)
		end = blocks * 4;
	empty_model(w, (part + 3) / 4, end / 4);
	memset(&w->parts[part], ZEROS, end - part);
	return 0;
}

/* Places come one by one and downwards, so that hardly any two touch. */
static inline errcode_t place_all(struct world *w)
{
	uint32_t bits = w->d.cluster_bits, b, n = 0;
	uint64_t wanted = delayed_file_wanted_blocks(&w->f) >> bits, extents;
	struct run runs[MAX_BLOCKS];
	struct extent_list list = { .n = 0 };
	errcode_t err = delayed_file_load(&w->f, &w->d);

	if (err) {
		fail_after = 0;
		return err;
	}
	while (n < wanted) {
		w->next = (w->next + PLACES - 3) % PLACES;
		if (w->used[w->next] || !w->next)
			continue;
		w->used[w->next] = true;
		runs[n++] = (struct run){ (uint64_t)w->next << bits,
					  UINT64_C(1) << bits };
	}
	extents = delayed_file_count_extents(&w->f, runs, n);
	err = writeback_place(&w->d, &w->f, runs, n);
	fail_after = 0;
	if (err) {
		while (n--)
			w->used[runs[n].start >> bits] = false;
		return err;
	}
	assert_int_equal(delayed_file_extents(&w->f, &list), 0);
	if (n)
		assert_int_equal(extents, delayed_file_count_extents(
					  &w->f, runs, n));
	if (n && !w->f.on_disk)
		assert_int_equal(extents, list.n);
	extent_list_release(&list);
	/* The tree says where; that it is right is for compare(). */
	for (b = 0; b < w->blocks; b++) {
		struct es_extent e;

		if (w->model[b].status != ES_DELAYED)
			continue;
		assert_true(es_next_extent(&w->f.es, ES_MAPPED, b, &e));
		w->model[b].status = w->model[b].staged ? ES_WRITTEN :
							  ES_UNWRITTEN;
		w->model[b].pblk = e.pblk + (b - e.lblk);
		assert_int_equal(w->model[b].pblk & ((1u << bits) - 1),
				 b & ((1u << bits) - 1));
	}
	assert_true(w->f.disksize == w->f.size);
	return 0;
}

#endif
