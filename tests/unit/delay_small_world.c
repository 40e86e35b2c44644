// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exhaustive small world: every word over 16 operations on a file of 8
 * blocks, on live images with the real allocators, against the model of
 * delay_world.h.  Words have 4 letters, or as many as E4PACK_WORD_LENGTH says;
 * without delay and on full images one less.
 *
 * After each step, beside what compare() recounts:
 *	free on disk = the gaps - the blocks of the file, run by run
 *	free >= dirty
 *	claimed so far = clusters allocated so far
 *	the cookie grew if the mapping changed
 * and after a sync nothing is dirty, delayed or pending.
 *
 * A step is looked at the first time that its word begins so; words are
 * counted with their first letter as the highest digit.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc/mballoc_kernel.h"
#include "delay_allocator.h"

enum { LETTERS = 16, BLOCKS = 16, GROUP = 64 };

/* Memory that was freed is not kept from use for long where that is a way to
 * find errors: it would be new pages for each word. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1";
}

/* Free clusters, with metadata between them. */
static const struct run gaps[] = { { 5, 59 }, { 67, 61 }, { 129, 127 } };
static const struct run few[] = { { 5, 3 }, { 67, 2 }, { 130, 4 } };

struct small {
	struct live l;		/* the callbacks are given its address */
	struct mballoc *mb;
	struct run gaps[3];	/* blocks */
	uint64_t given, taken_back;	/* clusters */
};

static struct alloc_request request_of(const struct small *s,
				       const struct da_request *r)
{
	struct alloc_request req = {
		.len = r->len, .goal = r->goal, .ino = 12, .lblk = r->lblk,
		.file_blocks = r->file_blocks,
		.flags = REQUEST_DATA |
			 (r->unwritten ? REQUEST_UNWRITTEN : 0) |
			 (r->exact ? REQUEST_EXACT : 0),
		.lleft = r->lleft, .lright = r->lright,
		.pleft = r->pleft, .pright = r->pright,
	};
	uint32_t bits = s->l.w.d.cluster_bits;

	if (!s->l.w.d.kernel_requests) {
		req.len = clusters_asked(&s->l.w, r) << bits;
		req.goal -= req.goal & ((1u << bits) - 1);
	}
	return req;
}

static errcode_t small_allocate(void *arg, const struct delayed_file *f,
				const struct da_request *r,
				struct run_list *out)
{
	struct small *s = arg;
	struct world *w = arg;
	struct alloc_request req = request_of(s, r);
	uint32_t bits = w->d.cluster_bits;
	uint64_t c, end;
	errcode_t err;
	size_t i;

	assert_ptr_equal(f, &w->f);
	check_request(w, r);
	if (w->d.kernel_requests)
		err = mballoc_kernel(s->mb, out, &req);
	else
		err = mballoc_best_fit(s->mb, out, &req);
	if (err == E4PACK_ET_SCATTERED)
		err = mballoc_scattered(s->mb, out, &req);
	for (i = 0; i < out->n; i++) {
		end = (out->runs[i].start + out->runs[i].len) >> bits;
		for (c = out->runs[i].start >> bits; c < end; c++) {
			assert_false(w->used[c]);
			w->used[c] = true;
			s->given++;
		}
	}
	return err;
}

static void small_free(void *arg, const struct delayed_file *f, uint64_t pblk,
		       uint64_t len)
{
	struct small *s = arg;

	mballoc_discard_inode(s->mb, 12);
	assert_int_equal(mballoc_release(s->mb, pblk, len), 0);
	give_back(arg, f, pblk, len);
}

static void small_take_back(void *arg, const struct delayed_file *f,
			    uint64_t pblk, uint64_t len)
{
	struct small *s = arg;

	live_take_back(arg, f, pblk, len);
	mballoc_discard_inode(s->mb, 12);
	assert_int_equal(mballoc_release(s->mb, pblk, len), 0);
	s->taken_back += len >> s->l.w.d.cluster_bits;
}

static const struct delay_ops small_ops = {
	query_disk, small_free, NULL, small_allocate, small_take_back, NULL
};

struct kind {
	uint32_t bits;
	bool kernel, nodelalloc, full;
};

static void small_init(struct small *s, const struct kind *k)
{
	const struct run *from = k->full ? few : gaps;
	const struct mballoc_kernel_options o = {
		.blocks = (uint64_t)PLACES << k->bits,
		.group_blocks = GROUP << k->bits,
		.block_bits = 10, .cluster_bits = k->bits,
		.mb_group_prealloc = 24,
	};
	uint64_t free = 0;
	size_t i;

	for (i = 0; i < 3; i++) {
		s->gaps[i].start = from[i].start << k->bits;
		s->gaps[i].len = from[i].len << k->bits;
		free += from[i].len;
	}
	live_init(&s->l, BLOCKS, k->bits, free, k->kernel, k->nodelalloc);
	s->l.w.d.ops = &small_ops;
	s->given = s->taken_back = 0;
	if (k->kernel)
		assert_int_equal(mballoc_kernel_new(&s->mb, s->gaps, 3, &o),
				 0);
	else
		assert_int_equal(mballoc_new(&s->mb, s->gaps, 3,
					     o.group_blocks, 0), 0);
}

static void small_release(struct small *s)
{
	mballoc_discard_preallocations(s->mb);
	mballoc_verify(s->mb);
	mballoc_free(s->mb);
	world_release(&s->l.w);
}

/* Append @n parts of blocks, up to the end of the world. */
static errcode_t append_parts(struct live *l, uint32_t n, struct origin *o)
{
	uint32_t end = (l->w.model_size + PART - 1) / PART;

	if (end + n > BLOCKS * 4)
		return 0;
	return live_write(l, end, n, o);
}

static errcode_t letter(struct live *l, uint32_t which)
{
	struct world *w = &l->w;
	struct origin *o = w->origins;

	switch (which) {
	case 0: return live_write(l, 0, 4, o);
	case 1: return live_write(l, 3 * 4, 8, o + 1);
	case 2: return live_write(l, 0, 8 * 4, o + 2);
	case 3: return live_write(l, 5 * 4 + 1, 2, o + 3);
	case 4: return live_write(l, 1 * 4 + 2, 4 * 4, NULL);
	case 5: return append_parts(l, 2, o + 4);
	case 6: return append_parts(l, 6, o + 5);
	case 7: return truncate_parts(w, 0);
	case 8: return truncate_parts(w, 3 * 4 - 1);
	case 9: return truncate_parts(w, 8 * 4);
	case 10: return live_fallocate(l, 0, 8 * 4);
	case 11: return live_fallocate(l, 5 * 4 + 3, 2);
	case 12: return punch_parts(w, 1 * 4, 2 * 4);
	case 13: return punch_parts(w, 2 * 4 + 1, 4 * 4 + 2);
	case 14: return punch_parts(w, 4 * 4, 12 * 4);
	default: return live_sync(l);
	}
}

/* What is free on disk is what the gaps leave beside the file. */
static void compare_free(struct small *s)
{
	struct world *w = &s->l.w;
	uint32_t bits = w->d.cluster_bits;
	bool free[PLACES] = { false };
	struct run_list runs = { .n = 0 };
	uint64_t c;
	size_t i;

	assert_int_equal(mballoc_free_runs(s->mb, &runs), 0);
	for (i = 0; i < runs.n; i++) {
		assert_false((runs.runs[i].start | runs.runs[i].len) &
			     ((1u << bits) - 1));
		memset(free + (runs.runs[i].start >> bits), true,
		       runs.runs[i].len >> bits);
	}
	run_list_release(&runs);
	for (i = 0; i < 3; i++) {
		uint64_t end = (s->gaps[i].start + s->gaps[i].len) >> bits;

		for (c = s->gaps[i].start >> bits; c < end; c++) {
			if (free[c] == w->used[c])
				fail_msg("cluster %d", (int)c);
		}
	}
	assert_int_equal(mballoc_free_blocks(s->mb) >> bits,
			 w->d.reserve.free);
}

static void look(struct small *s, const struct fact *before, uint64_t seq)
{
	const struct reserve *r = &s->l.w.d.reserve;
	uint32_t b;
	bool moved = false;

	settle(&s->l);
	compare(&s->l.w);
	compare_free(s);
	assert_true(r->free >= r->dirty + r->meta);
	assert_true(r->claimed_total == s->given - s->taken_back);
	for (b = 0; b < BLOCKS; b++)
		moved = moved || before[b].status != s->l.w.model[b].status ||
			before[b].pblk != s->l.w.model[b].pblk;
	assert_true(!moved || delayed_file_seq(&s->l.w.f) > seq);
}

static void step(struct small *s, uint32_t which, bool full, bool first)
{
	struct fact before[MAX_BLOCKS];
	uint64_t seq = delayed_file_seq(&s->l.w.f);
	errcode_t err;

	memcpy(before, s->l.w.model, sizeof(before));
	err = letter(&s->l, which);
	if (err && (!full || err != E4PACK_ET_NO_SPACE || which == 15))
		fail_msg("letter %u: error %ld", which, (long)err);
	if (first)
		look(s, before, seq);
	else
		settle(&s->l);
	if (which == 15) {
		assert_int_equal(s->l.w.d.reserve.dirty, 0);
		assert_true(RB_EMPTY(&s->l.w.f.pending.clusters));
	}
}

static uint32_t word_length(void)
{
	const char *asked = getenv("E4PACK_WORD_LENGTH");
	int length = asked ? atoi(asked) : 4;

	assert_in_range(length, 2, 6);
	return length;
}

static void all_words(const struct kind *k)
{
	uint32_t length = word_length() - (k->nodelalloc || k->full);
	uint32_t word, shift;
	struct small s;

	for (word = 0; word < 1u << 4 * length; word++) {
		small_init(&s, k);
		for (shift = 4 * length; shift; shift -= 4) {
			uint32_t behind = (1u << (shift - 4)) - 1;

			step(&s, (word >> (shift - 4)) % LETTERS, k->full,
			     !(word & behind));
		}
		small_release(&s);
	}
}

static void best_fit(void **state)
{
	(void)state;
	all_words(&(struct kind){ .bits = 0 });
	all_words(&(struct kind){ .bits = 2 });
}

static void kernel_mode(void **state)
{
	(void)state;
	all_words(&(struct kind){ .bits = 0, .kernel = true });
	all_words(&(struct kind){ .bits = 2, .kernel = true });
}

static void without_delay(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		all_words(&(struct kind){ .bits = i & 2, .kernel = i & 1,
					  .nodelalloc = true });
}

/* Space for nine clusters in small pieces: steps fail, and leave no trace. */
static void full_image(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		all_words(&(struct kind){ .kernel = i & 1,
					  .nodelalloc = i & 2,
					  .full = true });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_fit),
		cmocka_unit_test(kernel_mode),
		cmocka_unit_test(without_delay),
		cmocka_unit_test(full_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
