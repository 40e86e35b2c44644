// SPDX-License-Identifier: GPL-2.0-or-later
/* The promise: its arithmetic, where it refuses, and pending clusters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errors.h"
#include "delay/pending.h"
#include "delay/reserve.h"

enum op { RESERVE, RELEASE, CLAIM, META };

struct step {
	enum op op;
	uint64_t n, old;
	errcode_t err;
	uint64_t free, dirty, meta, available;	/* afterwards */
};

static errcode_t apply(struct reserve *r, const struct step *s)
{
	switch (s->op) {
	case RESERVE:
		return reserve_space(r, s->n);
	case RELEASE:
		reserve_release(r, s->n);
		return 0;
	case CLAIM:
		reserve_claim(r, s->n);
		return 0;
	case META:
		return reserve_meta(r, s->old, s->n);
	}
	return E4PACK_ET_BUG;
}

static void run(struct reserve *r, const struct step *steps, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		assert_int_equal(apply(r, &steps[i]), steps[i].err);
		assert_true(r->free == steps[i].free);
		assert_true(r->dirty == steps[i].dirty);
		assert_true(r->meta == steps[i].meta);
		assert_true(reserve_available(r) == steps[i].available);
		assert_true(r->reserved_total - r->claimed_total == r->dirty);
	}
}

static void bounded(void **state)
{
	struct reserve r = { .free = 10 };
	const struct step steps[] = {
		{ RESERVE, 0, 0, 0, 10, 0, 0, 10 },
		{ RESERVE, 4, 0, 0, 10, 4, 0, 6 },
		{ RESERVE, 7, 0, E4PACK_ET_NO_SPACE, 10, 4, 0, 6 },
		{ RESERVE, UINT64_MAX, 0, E4PACK_ET_NO_SPACE, 10, 4, 0, 6 },
		{ META, 3, 0, 0, 10, 4, 3, 3 },
		{ META, 7, 3, E4PACK_ET_NO_SPACE, 10, 4, 3, 3 },
		{ META, 6, 3, 0, 10, 4, 6, 0 },
		{ RESERVE, 1, 0, E4PACK_ET_NO_SPACE, 10, 4, 6, 0 },
		{ META, 2, 6, 0, 10, 4, 2, 4 },
		{ RESERVE, 4, 0, 0, 10, 8, 2, 0 },
		{ CLAIM, 8, 0, 0, 2, 0, 2, 0 },
		{ META, 0, 2, 0, 2, 0, 0, 2 },
		{ RESERVE, 2, 0, 0, 2, 2, 0, 0 },
		{ RELEASE, 2, 0, 0, 2, 0, 0, 2 },
	};

	(void)state;
	run(&r, steps, sizeof(steps) / sizeof(steps[0]));
	assert_true(r.reserved_total == 8);
	assert_true(r.claimed_total == 8);
}

static void limited(void **state)
{
	struct reserve r = { .unbounded = true, .limit = 10 };
	const struct step steps[] = {
		{ RESERVE, 6, 0, 0, 0, 6, 0, 4 },
		{ META, 5, 0, E4PACK_ET_NO_SPACE, 0, 6, 0, 4 },
		{ META, 4, 0, 0, 0, 6, 4, 0 },
		{ CLAIM, 6, 0, 0, 0, 0, 4, 0 },
		{ RESERVE, 1, 0, E4PACK_ET_NO_SPACE, 0, 0, 4, 0 },
		{ META, 1, 4, 0, 0, 0, 1, 3 },
	};

	(void)state;
	run(&r, steps, sizeof(steps) / sizeof(steps[0]));
}

static void unlimited(void **state)
{
	struct reserve r = { .unbounded = true };

	(void)state;
	assert_int_equal(reserve_space(&r, UINT64_C(1) << 60), 0);
	assert_int_equal(reserve_meta(&r, 0, UINT64_C(1) << 60), 0);
	assert_int_equal(reserve_space(&r, UINT64_MAX), E4PACK_ET_NO_SPACE);
	assert_true(r.dirty == UINT64_C(1) << 60);
}

static void pending_set(void **state)
{
	struct es_stats s;
	struct pending_set p;
	uint32_t i;

	(void)state;
	es_stats_init(&s);
	pending_init(&p);
	assert_int_equal(es_stats_prepare(&s, 100), 0);
	for (i = 0; i < 100; i++)
		assert_true(insert_pending(&p, &s, i * 7 % 100));
	assert_int_equal(s.n_unused, 0);
	for (i = 0; i < 100; i++)
		assert_false(insert_pending(&p, &s, i));
	assert_true(remove_pending(&p, &s, 50));
	assert_false(remove_pending(&p, &s, 50));
	assert_false(is_pending(&p, 50));
	assert_true(is_pending(&p, 51));
	pending_release(&p, &s);
	assert_int_equal(s.n_unused, 100);
	es_stats_release(&s);
}

struct count_case {
	const char *before;	/* one letter a block; cluster = 4 blocks */
	uint32_t lblk, end;	/* removed */
	uint32_t pending;	/* bit per cluster, before */
	uint32_t due, still;	/* reservations back; pending after */
};

static void load(struct es_tree *t, struct es_stats *s, const char *blocks)
{
	uint32_t i;

	for (i = 0; blocks[i]; i++) {
		struct es_extent e = { i, 1, 100 + i, ES_WRITTEN };

		if (blocks[i] == 'D')
			assert_int_equal(insert_delayed_extent(t, s, i, 1), 0);
		else if (blocks[i] == 'W')
			assert_int_equal(es_insert_extent(t, s, &e, NULL), 0);
	}
}

static void counting(void **state)
{
	const struct count_case cases[] = {
		{ "DDDDDDDD", 0, 7, 0, 2, 0 },
		{ "DDDDDDDD", 1, 7, 0, 1, 0 },
		{ "DDDDDDDD", 0, 6, 0, 1, 0 },
		{ "DDDDDDDD", 1, 6, 0, 0, 0 },
		{ "DDDD....", 1, 2, 0, 0, 0 },
		{ ".DD.....", 1, 2, 0, 1, 0 },
		{ ".D..D...", 0, 7, 0, 2, 0 },
		{ "D.D.D.DD", 2, 4, 0, 0, 0 },
		{ "D..D.D..D...", 0, 11, 0, 3, 0 },
		{ "WD..DDDD", 0, 7, 1, 1, 0 },
		{ "WD..DDDD", 1, 5, 1, 0, 0 },
		{ "DDDDDDDW", 1, 6, 2, 0, 0 },
		{ "DDDDDDDW", 1, 5, 2, 0, 2 },
		{ "WDDDDDDDD..W", 2, 8, 5, 1, 1 },
		{ "WDDDDDDDD..W", 1, 8, 5, 1, 0 },
		{ "WWWW....", 0, 7, 0, 0, 0 },
		{ "........", 0, 7, 0, 0, 0 },
	};
	size_t i;
	uint32_t c;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct es_stats s;
		struct es_tree t;
		struct pending_set p;
		struct rsvd_count rc;

		es_stats_init(&s);
		es_tree_init(&t);
		pending_init(&p);
		load(&t, &s, cases[i].before);
		assert_int_equal(es_stats_prepare(&s, 3), 0);
		for (c = 0; c < 3; c++) {
			if (cases[i].pending >> c & 1)
				insert_pending(&p, &s, c);
		}
		rsvd_count_init(&rc, 2);
		assert_int_equal(es_remove_extent(&t, &s, cases[i].lblk,
			cases[i].end - cases[i].lblk + 1, &rc), 0);
		assert_int_equal(get_rsvd(&rc, &t, &p, &s), cases[i].due);
		for (c = 0; c < 3; c++)
			assert_int_equal(is_pending(&p, c),
					 cases[i].still >> c & 1);
		pending_release(&p, &s);
		es_tree_release(&t, &s);
		es_stats_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounded),
		cmocka_unit_test(limited),
		cmocka_unit_test(unlimited),
		cmocka_unit_test(pending_set),
		cmocka_unit_test(counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
