// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Live images: blocks are allocated in the middle of writing.  Exhaustive and
 * random against the model; what requests say; margins and retries.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delay_allocator.h"

enum { LETTERS = 12 };

static errcode_t letter(struct live *l, uint32_t which)
{
	struct world *w = &l->w;

	switch (which) {
	case 0: return live_write(l, 0, 4, w->origins);
	case 1: return live_write(l, 3 * 4, 8, w->origins);
	case 2: return live_write(l, 0, 8 * 4, w->origins);
	case 3: return live_write(l, 4 * 4 + 2, 4, NULL);
	case 4: return truncate_parts(w, 3 * 4 - 1);
	case 5: return truncate_parts(w, 8 * 4);
	case 6: return punch_parts(w, 1 * 4, 2 * 4);
	case 7: return punch_parts(w, 2 * 4 + 1, 4 * 4 + 2);
	case 8: return live_fallocate(l, 0, 8 * 4);
	case 9: return live_fallocate(l, 5 * 4 + 3, 2);
	case 10: return place_all(w);
	default: return live_sync(l);
	}
}

static void all_words(uint32_t bits, bool kernel, bool nodelalloc)
{
	uint32_t word, i, rest;
	struct live l;

	for (word = 0; word < LETTERS * LETTERS * LETTERS; word++) {
		live_init(&l, 8, bits, 100, kernel, nodelalloc);
		for (i = 0, rest = word; i < 3; i++, rest /= LETTERS) {
			assert_int_equal(letter(&l, rest % LETTERS), 0);
			settle(&l);
			compare(&l.w);
		}
		assert_int_equal(l.taken_back, 0);
		world_release(&l.w);
	}
}

static void tiny_world(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 0; i < 8; i++)
		all_words(i & 4 ? 2 : 0, i & 2, i & 1);
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (*random >> 16) % below;
}

static errcode_t random_step(struct live *l, uint64_t *random)
{
	uint32_t part = draw(random, MAX_BLOCKS * 4);
	uint32_t n = 1 + draw(random, MAX_BLOCKS * 4 - part);
	uint32_t few = 1 + (n - 1) % 36;

	switch (draw(random, 12)) {
	case 0: return truncate_parts(&l->w, part);
	case 1: return punch_parts(&l->w, part, n);
	case 2: return live_sync(l);
	case 3: return live_fallocate(l, part, few);
	case 4: return live_write(l, part, few, NULL);
	case 5: return punch_parts(&l->w, part, few);
	default: return live_write(l, part, few, l->w.origins);
	}
}

/* Little space, and an allocator that fails now and then: what a failed call
 * did to holes does not stay, what was placed before does. */
static void random_with_failures(void **state)
{
	uint64_t random = 88172645463325252u;
	uint32_t way, i, failed[2] = { 0, 0 };
	struct live l;
	errcode_t err;

	(void)state;
	for (way = 0; way < 8; way++) {
		uint32_t bits = way & 4 ? 2 : 0;

		live_init(&l, MAX_BLOCKS, bits, 30 >> bits, way & 2, way & 1);
		for (i = 0; i < 5000; i++) {
			l.fault = draw(&random, 4) ? NONE : FAIL;
			l.fault_at = 1 + draw(&random, 3);
			err = random_step(&l, &random);
			assert_true(!err || err == E4PACK_ET_NO_SPACE ||
				    err == EIO);
			if (err)
				failed[err == EIO]++;
			settle(&l);
			compare(&l.w);
		}
		world_release(&l.w);
	}
	assert_true(failed[0] > 1000 && failed[1] > 1000);
}

/* Each allocation of memory in each step fails once. */
static void random_without_memory(void **state)
{
	uint64_t random = 123456789, same;
	uint32_t way, i, failed = 0;
	struct live l;
	errcode_t err;
	int k;

	(void)state;
	for (way = 0; way < 8; way++) {
		live_init(&l, MAX_BLOCKS, way & 4 ? 2 : 0, 200, way & 2,
			  way & 1);
		for (i = 0; i < 200; i++) {
			for (k = 1, err = ENOMEM; err && k < 1000; k++) {
				same = random;
				fail_after = k;
				err = random_step(&l, &same);
				fail_after = 0;
				assert_true(!err || err == ENOMEM);
				failed += err != 0;
				settle(&l);
				compare(&l.w);
			}
			assert_int_equal(err, 0);
			random = same;
		}
		world_release(&l.w);
	}
	assert_true(failed > 100);
}

struct fault_case {
	enum fault fault;
	uint32_t bits;
	errcode_t err;
	uint64_t taken_back;	/* blocks */
};

/* An allocator that does not keep to the rules is caught before anything is
 * placed, and gets its blocks back. */
static void wrong_answers(void **state)
{
	const struct fault_case cases[] = {
		{ FAIL, 0, EIO, 0 },
		{ FULL, 0, E4PACK_ET_NO_SPACE, 0 },
		{ EMPTY, 0, E4PACK_ET_BUG, 0 },
		{ TOO_LONG, 0, E4PACK_ET_BUG, 9 },
		{ TOO_LONG, 2, E4PACK_ET_BUG, 12 },
		{ ODD, 2, E4PACK_ET_BUG, 3 },
		{ STALE, 0, E4PACK_ET_STALE, 1 },
	};
	struct live l;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fault_case *c = &cases[i / 2];

		live_init(&l, MAX_BLOCKS, c->bits, 100, i % 2, false);
		assert_int_equal(live_write(&l, 0, 8 * 4, l.w.origins), 0);
		l.fault = c->fault;
		l.fault_at = 1;
		assert_int_equal(live_sync(&l), c->err);
		assert_true(l.taken_back == c->taken_back);
		assert_int_equal(delayed_file_delayed_blocks(&l.w.f), 8);
		compare(&l.w);
		assert_int_equal(live_sync(&l), 0);
		settle(&l);
		compare(&l.w);
		world_release(&l.w);
	}
}

/* What a request says in the two ways of asking. */
static void requests(void **state)
{
	uint32_t kernel;
	struct live l;

	(void)state;
	for (kernel = 0; kernel < 2; kernel++) {
		live_init(&l, MAX_BLOCKS, 0, 100, kernel, false);
		l.most = 1000;
		assert_int_equal(live_write(&l, 0, 4 * 4, l.w.origins), 0);
		assert_int_equal(live_write(&l, 6 * 4, 4, l.w.origins), 0);
		assert_int_equal(live_write(&l, 9 * 4, 4, l.w.origins), 0);
		assert_int_equal(delay_dirty_blocks(&l.w.d), 6);
		assert_int_equal(live_sync(&l), 0);
		assert_int_equal(delay_dirty_blocks(&l.w.d), 0);
		assert_int_equal(l.n_requests, kernel ? 3 : 1);
		assert_int_equal(l.requests[0].len, kernel ? 4 : 6);
		assert_int_equal(l.requests[0].goal, 0);
		assert_int_equal(live_fallocate(&l, 0, 12 * 4), 0);
		assert_int_equal(l.n_requests, kernel ? 6 : 4);
		assert_true(l.requests[kernel ? 3 : 1].unwritten);
		assert_int_equal(l.requests[kernel ? 3 : 1].len, 2);
		/* One block after the other, where the kernel does so. */
		l.n_requests = 0;
		assert_int_equal(da_write_now(&l.w.d, &l.w.f, 20 * BS, 5 * BS,
					      NULL, 0), 0);
		assert_int_equal(l.n_requests, kernel ? 5 : 1);
		assert_true(l.w.f.disksize == 25 * BS);
		assert_true(es_scan_range(&l.w.f.es, ES_WRITTEN, 20, 20));
		l.w.model_size = 0;
		delayed_file_release(&l.w.f, &l.w.d);
		world_release(&l.w);
	}
}

/* A long file: the kernel asks for 2048 blocks at a time. */
static void long_file(void **state)
{
	struct live l;

	(void)state;
	live_init(&l, MAX_BLOCKS, 0, 10000, true, false);
	assert_int_equal(da_write(&l.w.d, &l.w.f, 0, 5000 * BS, NULL, 0), 0);
	l.fault = FAIL;
	l.fault_at = 1;
	assert_int_equal(live_sync(&l), EIO);
	assert_int_equal(l.requests[0].len, 2048);
	l.w.d.kernel_requests = false;
	l.fault_at = 1;
	assert_int_equal(live_sync(&l), EIO);
	assert_int_equal(l.requests[1].len, 5000);
	/* Without an allocator nothing but staging is left. */
	l.w.d.ops = NULL;
	assert_int_equal(live_sync(&l), E4PACK_ET_SEQUENCE);
	assert_int_equal(da_write_now(&l.w.d, &l.w.f, 6000 * BS, 1, NULL, 0),
			 0);
	assert_int_equal(delay_dirty_blocks(&l.w.d), 5001);
	world_release(&l.w);
}

struct margin_case {
	uint64_t free, dirty, root, resv;
	bool use_root, nonda;
	uint64_t available;
};

static void margins(void **state)
{
	const struct margin_case cases[] = {
		{ 100, 0, 0, 0, false, false, 100 },
		{ 100, 0, 5, 2, false, false, 93 },
		{ 100, 0, 5, 2, true, false, 98 },
		{ 100, 66, 0, 0, false, false, 34 },
		{ 100, 67, 0, 0, false, true, 33 },
		{ 99, 66, 0, 0, false, false, 33 },
		{ 100, 96, 5, 2, false, true, 0 },
		{ 0, 0, 5, 2, true, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct margin_case *c = &cases[i];
		struct reserve r = { .free = c->free, .dirty = c->dirty,
				     .reserved_total = c->dirty,
				     .root = c->root, .resv = c->resv,
				     .use_root = c->use_root,
				     .kernel_margins = true };

		assert_int_equal(nonda_switch(&r), c->nonda);
		assert_true(reserve_available(&r) == c->available);
		assert_int_equal(reserve_space(&r, c->available + 1),
				 E4PACK_ET_NO_SPACE);
		assert_int_equal(reserve_space(&r, c->available), 0);
		assert_int_equal(reserve_meta(&r, 0, r.free - r.dirty), 0);
		r.unbounded = true;
		assert_false(nonda_switch(&r));
	}
}

/* Writes stop being delayed when little is left; without the margins of the
 * kernel never. */
static void nonda_writes(void **state)
{
	struct live l;
	uint32_t kernel;

	(void)state;
	for (kernel = 0; kernel < 2; kernel++) {
		live_init(&l, MAX_BLOCKS, 0, 10, true, false);
		l.w.d.reserve.kernel_margins = kernel;
		assert_int_equal(write_blocks(&l.w, 0, 7), 0);
		assert_int_equal(l.n_requests, 0);
		assert_int_equal(delay_dirty_blocks(&l.w.d), 7);
		compare(&l.w);
		assert_int_equal(live_write(&l, 6 * 4, 3 * 4, l.w.origins), 0);
		assert_int_equal(l.n_requests, kernel ? 2 : 0);
		assert_int_equal(delay_dirty_blocks(&l.w.d), kernel ? 7 : 9);
		if (kernel)
			l.w.model[7].status = l.w.model[8].status =
				ES_WRITTEN;
		settle(&l);
		compare(&l.w);
		world_release(&l.w);
	}
}

/* The other reason, with all the space there is: hashes that seal a file are
 * not delayed. */
static void verity_writes(void **state)
{
	struct live l;
	uint32_t kernel, verity;

	(void)state;
	for (kernel = 0; kernel < 2; kernel++)
		for (verity = 0; verity < 2; verity++) {
			bool now = kernel && verity;

			live_init(&l, MAX_BLOCKS, 0, 1000, true, false);
			l.w.d.reserve.kernel_margins = kernel;
			l.w.f.verity_in_progress = verity;
			assert_int_equal(write_blocks(&l.w, 0, 2), 0);
			assert_int_equal(l.n_requests, now ? 2 : 0);
			assert_int_equal(delay_dirty_blocks(&l.w.d),
					 now ? 0 : 2);
			assert_int_equal(l.w.f.es.reserved, now ? 0 : 2);
			if (now)
				l.w.model[0].status = l.w.model[1].status =
					ES_WRITTEN;
			settle(&l);
			compare(&l.w);
			world_release(&l.w);
		}
}

struct retry_case {
	bool journal;
	int commits;
	errcode_t err;
};

static void retries(void **state)
{
	const struct retry_case cases[] = {
		{ false, 0, E4PACK_ET_NO_SPACE },
		{ true, 0, E4PACK_ET_NO_SPACE },
		{ true, 1, E4PACK_ET_NO_SPACE },
		{ true, 2, 0 },
		{ true, 4, 0 },
	};
	struct live l;
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		const struct retry_case *c = &cases[i / 2];

		live_init(&l, MAX_BLOCKS, 0, 3, false, i % 2);
		l.commits = c->commits;
		if (c->journal)
			l.w.d.ops = &journal_ops;
		assert_int_equal(live_write(&l, 0, 5 * 4, l.w.origins),
				 c->err);
		settle(&l);
		compare(&l.w);
		assert_true(l.commits == (c->commits < 2 ? 0 :
					  c->commits - 2));
		world_release(&l.w);
	}
	/* Three times, no more. */
	live_init(&l, MAX_BLOCKS, 0, 0, false, false);
	l.w.d.ops = &journal_ops;
	l.commits = 10;
	assert_int_equal(live_fallocate(&l, 0, 9 * 4), E4PACK_ET_NO_SPACE);
	assert_int_equal(l.commits, 7);
	world_release(&l.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tiny_world),
		cmocka_unit_test(random_with_failures),
		cmocka_unit_test(random_without_memory),
		cmocka_unit_test(wrong_answers),
		cmocka_unit_test(requests),
		cmocka_unit_test(long_file),
		cmocka_unit_test(margins),
		cmocka_unit_test(nonda_writes),
		cmocka_unit_test(verity_writes),
		cmocka_unit_test(retries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
