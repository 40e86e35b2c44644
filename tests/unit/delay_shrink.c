// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of what is cached has an end: the cap holds over many files with
 * many extents, delayed extents and loaded files stay, and nothing that can be
 * seen changes.  What is cached wrongly is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delay/da_map.h"
#include "delay_allocator.h"

enum { FILES = 10, BLOCKS = 301, CAP = 64 };

/* Files in which no two extents touch: of three blocks the first is written,
 * the second unwritten, the third a hole. */
struct many {
	struct delay d;
	struct delayed_file files[FILES];
	uint64_t queries;
};

static void expect(const struct many *m, const struct delayed_file *f,
		   uint32_t lblk, struct es_extent *e)
{
	const uint32_t status[] = { ES_WRITTEN, ES_UNWRITTEN, ES_HOLE };

	*e = (struct es_extent){ lblk, 1, 0, status[lblk % 3] };
	if (lblk >= BLOCKS)
		*e = (struct es_extent){ BLOCKS, ES_MAX_BLOCKS - BLOCKS, 0,
					 ES_HOLE };
	if (e->status & ES_MAPPED)
		e->pblk = 1000 + (uint64_t)(f - m->files) * 5000 + 2 * lblk;
}

static errcode_t query_many(void *arg, const struct delayed_file *f,
			    struct es_extent *e)
{
	struct many *m = arg;

	m->queries++;
	expect(m, f, e->lblk, e);
	return 0;
}

static const struct delay_ops many_ops = { .query_blocks = query_many };

static void many_init(struct many *m, uint64_t cap)
{
	size_t i;

	memset(m, 0, sizeof(*m));
	delay_init(&m->d, 10, 0);
	m->d.ops = &many_ops;
	m->d.ops_arg = m;
	m->d.es_cap = cap;
	m->d.reserve.free = 100000;
	for (i = 0; i < FILES; i++) {
		delayed_file_init(&m->files[i]);
		m->files[i].on_disk = true;
		m->files[i].size = (uint64_t)BLOCKS << 10;
	}
}

static void many_release(struct many *m)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		delayed_file_release(&m->files[i], &m->d);
	assert_int_equal(m->d.es_stats.all, 0);
	assert_int_equal(m->d.es_stats.reclaimable, 0);
	assert_int_equal(m->d.es_stats.n_list, 0);
	delay_release(&m->d);
}

/* Every answer is that of the disk. */
static void ask(struct many *m, struct delayed_file *f, uint32_t lblk)
{
	struct da_map map = { .lblk = lblk, .len = 5 };
	struct es_extent e;

	assert_int_equal(da_look_up(&m->d, f, &map), 0);
	expect(m, f, lblk, &e);
	assert_int_equal(map.status, e.status);
	assert_true(map.len >= 1 && (map.len == 1 || e.len > 1));
	if (e.status & ES_MAPPED)
		assert_true(map.pblk == e.pblk);
}

static void look_everywhere(struct many *m, uint64_t cap)
{
	uint64_t most = 0;
	uint32_t lblk, i, round;

	for (round = 0; round < 2; round++)
		for (lblk = 0; lblk < BLOCKS + 3; lblk++)
			for (i = 0; i < FILES; i++) {
				ask(m, &m->files[i], lblk);
				if (most < m->d.es_stats.all)
					most = m->d.es_stats.all;
				assert_true(m->d.es_stats.reclaimable ==
					    m->d.es_stats.all);
			}
	for (i = 0; i < FILES; i++)
		assert_true(es_tree_verify(&m->files[i].es));
	if (cap)
		assert_true(most <= cap && most > cap / 2);
	else
		assert_int_equal(most, FILES * (BLOCKS + 1));
}

static void cap_holds(void **state)
{
	struct many m;

	(void)state;
	many_init(&m, CAP);
	look_everywhere(&m, CAP);
	assert_true(m.d.es_stats.shrunk > FILES * BLOCKS);
	many_release(&m);
	many_init(&m, 0);
	look_everywhere(&m, 0);
	assert_int_equal(m.d.es_stats.shrunk, 0);
	many_release(&m);
}

/* With a cap, what is asked for again and again is not asked of the disk. */
static void looked_up_stays(void **state)
{
	struct many m;
	uint64_t before;
	uint32_t lblk, again = 0;

	(void)state;
	many_init(&m, CAP);
	for (lblk = 0; lblk < BLOCKS; lblk++) {
		ask(&m, &m.files[1], lblk);
		before = m.queries;
		ask(&m, &m.files[0], 0);
		again += m.queries != before;
	}
#ifndef ENABLE_VERIFY
	/* The recheck asks the disk, too. */
	assert_int_equal(again, 1);
#endif
	many_release(&m);
}

static void delayed_stay(void **state)
{
	struct many m;
	struct delayed_file *f = &m.files[3];
	uint32_t lblk, delayed = 0;
	struct es_extent e;

	(void)state;
	many_init(&m, CAP);
	for (lblk = 2; lblk < BLOCKS; lblk += 3, delayed++)
		assert_int_equal(da_write(&m.d, f, (uint64_t)lblk << 10, 1024,
					  NULL, 0), 0);
	for (lblk = 0; lblk < BLOCKS; lblk++) {
		ask(&m, &m.files[4], lblk);
		assert_true(m.d.es_stats.reclaimable <= CAP);
	}
	assert_true(m.d.es_stats.all <= CAP + delayed);
	assert_int_equal(f->es.delayed, delayed);
	assert_int_equal(f->es.reserved, delayed);
	for (lblk = 2; lblk < BLOCKS; lblk += 3) {
		assert_true(es_next_extent(&f->es, ES_DELAYED, lblk, &e));
		assert_int_equal(e.lblk, lblk);
	}
	assert_true(delayed_file_verify(&m.d, f));
	many_release(&m);
}

/* What is loaded counts for nothing until it is let go. */
static void loaded_stays(void **state)
{
	struct many m;
	struct delayed_file *f = &m.files[0];
	uint64_t before;
	uint32_t lblk;

	(void)state;
	many_init(&m, CAP);
	ask(&m, f, 7);
	assert_int_equal(delayed_file_load(f, &m.d), 0);
	for (lblk = 0; lblk < BLOCKS; lblk++)
		ask(&m, &m.files[1], lblk);
	assert_int_equal(f->es.all, BLOCKS + 1);
	assert_true(m.files[1].es.all <= CAP);
	before = m.queries;
	assert_int_equal(delayed_file_load(f, &m.d), 0);
	assert_int_equal(m.queries, before);
	delayed_file_unload(f, &m.d);
	assert_true(m.d.es_stats.all <= CAP);
	/* A mapping that changed is not let go. */
	assert_int_equal(da_punch(&m.d, f, 0, 1024), 0);
	delayed_file_unload(f, &m.d);
	assert_true(f->es.all > BLOCKS - 2);
	many_release(&m);
}

/* Without memory for the list a file is not shrunk, and loading is refused
 * rather than done in part. */
static void without_memory(void **state)
{
	struct many m;
	struct delayed_file *f = &m.files[0];
	uint32_t i;

	(void)state;
	many_init(&m, CAP);
	for (i = 1; i < 200; i++) {
		fail_after = (int)i;
		ask(&m, f, i);
		fail_after = 0;
		assert_true(es_tree_verify(&f->es));
		assert_true(m.d.es_stats.reclaimable <= CAP);
		fail_after = (int)i;
		if (delayed_file_load(f, &m.d)) {
			assert_false(f->loaded);
		} else {
			fail_after = 0;
			assert_true(es_scan_range(&f->es, ES_MAPPED, BLOCKS - 1,
						  BLOCKS - 1));
			delayed_file_unload(f, &m.d);
		}
		fail_after = 0;
	}
	many_release(&m);
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 16) % below;
}

static errcode_t random_step(struct live *l, uint64_t random)
{
	uint32_t part = draw(&random, MAX_BLOCKS * 4);
	uint32_t n = 1 + draw(&random, 24);

	if (n > MAX_BLOCKS * 4 - part)
		n = MAX_BLOCKS * 4 - part;
	switch (draw(&random, 8)) {
	case 0: return truncate_parts(&l->w, part);
	case 1: return punch_parts(&l->w, part, n);
	case 2: return live_sync(l);
	case 3: return live_fallocate(l, part, n);
	case 4: return live_write(l, part, n, NULL);
	default: return live_write(l, part, n, l->w.origins);
	}
}

static void begin(struct live *l, uint32_t bits, uint64_t cap)
{
	live_init(l, MAX_BLOCKS, bits, 1000, true, false);
	world_release(&l->w);
	world_init(&l->w, MAX_BLOCKS, bits, 1000, true);
	l->w.d.ops = &live_ops;
	l->w.d.ops_arg = l;
	l->w.d.kernel_requests = true;
	l->w.d.es_cap = cap;
}

/* The same steps with a cap and without are told the same and ask the
 * allocator for the same. */
static void same_results(void **state)
{
	struct live free, capped;
	uint64_t random = 88172645463325252u;
	uint32_t word, i;

	(void)state;
	for (word = 0; word < 300; word++) {
		begin(&free, word % 2 * 2, 0);
		begin(&capped, word % 2 * 2, 1);
		for (i = 0; i < 8; i++) {
			uint64_t step = random;

			draw(&random, 2);
			free.n_requests = capped.n_requests = 0;
			assert_int_equal(random_step(&free, step), 0);
			assert_int_equal(random_step(&capped, step), 0);
			settle(&free);
			settle(&capped);
			compare(&free.w);
			compare(&capped.w);
			assert_true(capped.w.d.es_stats.reclaimable <= 1);
			assert_int_equal(free.n_requests, capped.n_requests);
			assert_memory_equal(free.requests, capped.requests,
					    free.n_requests *
					    sizeof(free.requests[0]));
		}
		assert_memory_equal(free.w.used, capped.w.used,
				    sizeof(free.w.used));
		world_release(&free.w);
		world_release(&capped.w);
	}
}

struct plant {
	struct es_extent e;	/* put into the tree */
	uint32_t lblk, len;	/* looked up */
	errcode_t err;
};

static void recheck(void **state)
{
	/* On disk: 0 to 2 written from 64 on, 5 unwritten at 69. */
	const struct plant plants[] = {
		{ { 0, 3, 64, ES_WRITTEN }, 0, 3, 0 },
		{ { 1, 1, 65, ES_WRITTEN }, 1, 1, 0 },
		{ { 3, 2, 0, ES_HOLE }, 3, 2, 0 },
		{ { 3, 1, 0, ES_DELAYED }, 3, 1, 0 },
		{ { 5, 1, 69, ES_UNWRITTEN }, 5, 9, 0 },
		{ { 0, 3, 65, ES_WRITTEN }, 0, 1, E4PACK_ET_BUG },
		{ { 0, 3, 64, ES_UNWRITTEN }, 2, 1, E4PACK_ET_BUG },
		{ { 5, 1, 69, ES_WRITTEN }, 5, 1, E4PACK_ET_BUG },
		{ { 0, 4, 64, ES_WRITTEN }, 1, 9, E4PACK_ET_BUG },
		{ { 0, 4, 64, ES_WRITTEN }, 1, 2, 0 },
		{ { 3, 9, 0, ES_HOLE }, 4, 9, E4PACK_ET_BUG },
		{ { 0, 1, 0, ES_HOLE }, 0, 1, E4PACK_ET_BUG },
		{ { 2, 1, 0, ES_DELAYED }, 2, 1, E4PACK_ET_BUG },
	};
	struct world w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plants) / sizeof(plants[0]); i++) {
		const struct plant *p = &plants[i];
		struct da_map map = { .lblk = p->lblk, .len = p->len };
		struct es_stats *s = &w.d.es_stats;
		uint32_t left;

		world_init(&w, 8, 0, 100, true);
		assert_int_equal(p->e.status == ES_DELAYED ?
			insert_delayed_extent(&w.f.es, s, p->e.lblk, p->e.len) :
			es_insert_extent(&w.f.es, s, &p->e, NULL), 0);
#ifdef ENABLE_VERIFY
		assert_int_equal(da_look_up(&w.d, &w.f, &map), p->err);
#else
		assert_int_equal(da_look_up(&w.d, &w.f, &map), 0);
#endif
		left = p->e.lblk + p->e.len - p->lblk;
		assert_int_equal(map.len, p->len < left ? p->len : left);
		assert_int_equal(da_recheck(&w.d, &w.f, &map), p->err);
		/* A mapping that changed has no other witness. */
		w.f.pinned = true;
		assert_int_equal(da_look_up(&w.d, &w.f, &map), 0);
		w.f.pinned = false;
		w.f.on_disk = false;
		assert_int_equal(da_recheck(&w.d, &w.f, &map), 0);
		world_release(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cap_holds),
		cmocka_unit_test(looked_up_stays),
		cmocka_unit_test(delayed_stay),
		cmocka_unit_test(loaded_stays),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(same_results),
		cmocka_unit_test(recheck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
