// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extent status tree against a model that keeps one value per block, and
 * tables for merging, searching, the referenced mark and the clock hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delay/extent_status.h"
#include "delay/pending.h"

enum { BLOCKS = 64 };

/* What the model says of one block. */
struct fact {
	uint32_t status;	/* 0: unknown */
	uint64_t pblk;
};

struct fixture {
	struct es_stats stats;
	struct es_tree tree;
	struct fact model[BLOCKS];
	uint64_t random;
};

static int setup(void **state)
{
	static struct fixture fx;

	memset(&fx, 0, sizeof(fx));
	es_stats_init(&fx.stats);
	es_tree_init(&fx.tree);
	fx.random = 88172645463325252u;
	*state = &fx;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fx = *state;

	es_tree_release(&fx->tree, &fx->stats);
	assert_int_equal(fx->stats.all, 0);
	assert_int_equal(fx->stats.reclaimable, 0);
	es_stats_release(&fx->stats);
	return 0;
}

static uint32_t draw(struct fixture *fx, uint32_t below)
{
	fx->random ^= fx->random << 13;
	fx->random ^= fx->random >> 7;
	fx->random ^= fx->random << 17;
	return (fx->random >> 16) % below;
}

static void put(struct fixture *fx, uint32_t lblk, uint32_t len,
		uint64_t pblk, uint32_t status)
{
	struct es_extent e = { lblk, len, pblk, status };

	if (status == ES_DELAYED)
		assert_int_equal(insert_delayed_extent(&fx->tree, &fx->stats,
						       lblk, len), 0);
	else
		assert_int_equal(es_insert_extent(&fx->tree, &fx->stats, &e,
						  NULL), 0);
	assert_true(es_tree_verify(&fx->tree));
}

/* A walk with steps of @step blocks finds what single questions do. */
static void compare_walk(struct fixture *fx, uint32_t match, uint32_t step)
{
	struct es_tree cold = fx->tree;
	struct es_node *at = NULL;
	uint32_t b;

	if (cold.all > 1)
		cold.cache = NULL;
	for (b = 0; b < BLOCKS; b += step) {
		struct es_extent one = { .status = 0 }, walked = one;

		assert_int_equal(es_walk(&fx->tree, &at, match, b, &walked),
				 es_next_extent(&cold, match, b, &one));
		assert_int_equal(walked.lblk, one.lblk);
		assert_int_equal(walked.len, one.len);
		assert_int_equal(walked.status, one.status);
	}
}

/* The model's answers, block by block, must be the tree's. */
static void compare(struct fixture *fx)
{
	uint32_t b, delayed = 0;

	assert_true(es_tree_verify(&fx->tree));
	for (b = 0; b < BLOCKS; b++) {
		struct es_extent e = { .status = 0 };
		bool found = es_next_extent(&fx->tree, ES_ANY, b, &e) &&
			     e.lblk <= b;

		delayed += fx->model[b].status == ES_DELAYED;
		assert_int_equal(found ? e.status & ES_ANY : 0,
				 fx->model[b].status);
		if (fx->model[b].status & ES_MAPPED)
			assert_int_equal(e.pblk + (b - e.lblk),
					 fx->model[b].pblk);
	}
	assert_int_equal(fx->tree.delayed, delayed);
	compare_walk(fx, ES_ANY, 1);
	compare_walk(fx, ES_DELAYED, 1 + delayed % 9);
}

/* Status and place of a block are drawn so that merging is frequent. */
static void random_step(struct fixture *fx)
{
	static const uint32_t statuses[] = { ES_WRITTEN, ES_UNWRITTEN,
					     ES_DELAYED, ES_HOLE, 0 };
	uint32_t lblk = draw(fx, BLOCKS), len = 1 + draw(fx, BLOCKS - lblk);
	uint32_t status = statuses[draw(fx, 5)], gone = 0, i;
	uint64_t base = 1000 * draw(fx, 2), seq = fx->tree.seq;
	struct rsvd_count rc;

	rsvd_count_init(&rc, 0);
	if (len > 12 && draw(fx, 4))
		len = 1 + len % 12;
	for (i = lblk; i < lblk + len; i++) {
		gone += fx->model[i].status == ES_DELAYED;
		fx->model[i].status = status;
		fx->model[i].pblk = base + i;
	}
	if (!status) {
		assert_int_equal(es_remove_extent(&fx->tree, &fx->stats, lblk,
						  len, &rc), 0);
		assert_int_equal(rc.clusters, gone);
	} else {
		put(fx, lblk, len, base + lblk, status);
	}
	assert_true(fx->tree.seq == seq + 1);
}

static void random_against_model(void **state)
{
	struct fixture *fx = *state;
	int i;

	for (i = 0; i < 20000; i++) {
		random_step(fx);
		compare(fx);
	}
}

struct merge_case {
	struct es_extent a, b;
	uint32_t nodes;
};

static void merging(void **state)
{
	struct fixture *fx = *state;
	const struct merge_case cases[] = {
		{ { 0, 4, 0, ES_DELAYED }, { 4, 4, 0, ES_DELAYED }, 1 },
		{ { 4, 4, 0, ES_DELAYED }, { 0, 4, 0, ES_DELAYED }, 1 },
		{ { 0, 4, 0, ES_HOLE }, { 4, 4, 0, ES_HOLE }, 1 },
		{ { 0, 4, 0, ES_HOLE }, { 4, 4, 0, ES_DELAYED }, 2 },
		{ { 0, 4, 90, ES_WRITTEN }, { 4, 4, 94, ES_WRITTEN }, 1 },
		{ { 4, 4, 94, ES_WRITTEN }, { 0, 4, 90, ES_WRITTEN }, 1 },
		{ { 0, 4, 90, ES_WRITTEN }, { 4, 4, 95, ES_WRITTEN }, 2 },
		{ { 0, 4, 90, ES_WRITTEN }, { 4, 4, 94, ES_UNWRITTEN }, 2 },
		{ { 0, 4, 90, ES_UNWRITTEN }, { 4, 4, 94, ES_UNWRITTEN }, 1 },
		{ { 0, 4, 0, ES_DELAYED }, { 5, 4, 0, ES_DELAYED }, 2 },
		/* inside, over one end, over all, split */
		{ { 0, 8, 0, ES_DELAYED }, { 2, 2, 0, ES_DELAYED }, 1 },
		{ { 0, 8, 0, ES_DELAYED }, { 2, 2, 0, ES_HOLE }, 3 },
		{ { 0, 8, 90, ES_WRITTEN }, { 2, 2, 92, ES_WRITTEN }, 1 },
		{ { 0, 8, 90, ES_WRITTEN }, { 6, 9, 0, ES_HOLE }, 2 },
		{ { 3, 2, 90, ES_WRITTEN }, { 0, 9, 0, ES_HOLE }, 1 },
		/* the longest extent there can be, in two parts */
		{ { 0, 1, 0, ES_HOLE },
		  { 1, ES_MAX_BLOCKS - 1, 0, ES_HOLE }, 1 },
		{ { 0xfffffffe, 1, 0, ES_DELAYED },
		  { 0, 0xfffffffe, 0, ES_DELAYED }, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct merge_case *c = &cases[i];

		put(fx, c->a.lblk, c->a.len, c->a.pblk, c->a.status);
		put(fx, c->b.lblk, c->b.len, c->b.pblk, c->b.status);
		assert_int_equal(fx->tree.all, c->nodes);
		es_tree_release(&fx->tree, &fx->stats);
	}
}

static void join_on_both_sides(void **state)
{
	struct fixture *fx = *state;

	put(fx, 0, 4, 100, ES_WRITTEN);
	put(fx, 8, 4, 108, ES_WRITTEN);
	put(fx, 4, 4, 104, ES_WRITTEN);
	assert_int_equal(fx->tree.all, 1);
	assert_int_equal(fx->stats.all, 1);
}

static void split_keeps_places(void **state)
{
	struct fixture *fx = *state;
	struct es_extent e;

	put(fx, 10, 10, 500, ES_WRITTEN);
	assert_int_equal(es_remove_extent(&fx->tree, &fx->stats, 13, 4, NULL),
			 0);
	assert_true(es_next_extent(&fx->tree, ES_ANY, 13, &e));
	assert_int_equal(e.lblk, 17);
	assert_int_equal(e.len, 3);
	assert_int_equal(e.pblk, 507);
	assert_int_equal(es_remove_extent(&fx->tree, &fx->stats, 0, 18, NULL),
			 0);
	assert_true(es_next_extent(&fx->tree, ES_ANY, 0, &e));
	assert_int_equal(e.lblk, 18);
	assert_int_equal(e.pblk, 508);
}

static void lookup_marks_after_the_copy(void **state)
{
	struct fixture *fx = *state;
	struct es_extent e;
	uint32_t next;

	put(fx, 5, 5, 0, ES_HOLE);
	put(fx, 20, 5, 7, ES_WRITTEN);
	assert_true(es_lookup_extent(&fx->tree, &fx->stats, 6, &e, &next));
	assert_int_equal(e.status, ES_HOLE);
	assert_int_equal(e.pblk, 0);
	assert_int_equal(next, 20);
	assert_true(es_lookup_extent(&fx->tree, &fx->stats, 6, &e, &next));
	assert_int_equal(e.status, ES_HOLE | ES_REFERENCED);
	assert_false(es_lookup_extent(&fx->tree, &fx->stats, 4, &e, &next));
	assert_int_equal(next, 5);
	assert_false(es_lookup_extent(&fx->tree, &fx->stats, 10, &e, &next));
	assert_int_equal(next, 20);
	assert_false(es_lookup_extent(&fx->tree, &fx->stats, 25, &e, &next));
	assert_int_equal(next, 0);
	assert_true(es_lookup_extent(&fx->tree, &fx->stats, 24, &e, &next));
	assert_int_equal(next, 0);
	assert_int_equal(fx->stats.hits, 3);
	assert_int_equal(fx->stats.misses, 3);
	/* A merge keeps the mark of either side. */
	put(fx, 25, 1, 12, ES_WRITTEN);
	es_next_extent(&fx->tree, ES_ANY, 25, &e);
	assert_int_equal(e.len, 6);
	assert_int_equal(e.status, ES_WRITTEN | ES_REFERENCED);
}

static void caching_is_no_change(void **state)
{
	struct fixture *fx = *state;
	const struct es_extent hole = { 0, 20, 0, ES_HOLE };
	const struct es_extent part = { 2, 3, 0, ES_HOLE };
	const struct es_extent written = { 0, 8, 50, ES_WRITTEN };
	const struct es_extent same = { 6, 8, 56, ES_WRITTEN };
	const struct es_extent elsewhere = { 6, 20, 99, ES_WRITTEN };
	uint64_t seq = fx->tree.seq;

	es_cache_extent(&fx->tree, &fx->stats, &written);
	assert_int_equal(fx->tree.all, 1);
	es_cache_extent(&fx->tree, &fx->stats, &same);
	assert_int_equal(fx->tree.all, 1);
	es_cache_extent(&fx->tree, &fx->stats, &elsewhere);
	es_cache_extent(&fx->tree, &fx->stats, &hole);
	es_cache_extent(&fx->tree, &fx->stats, &part);
	assert_int_equal(fx->tree.all, 1);
	assert_true(fx->tree.seq == seq);
	/* Delayed blocks stay, whatever the disk says. */
	put(fx, 30, 2, 0, ES_DELAYED);
	es_cache_extent(&fx->tree, &fx->stats,
			&(struct es_extent){ 29, 9, 0, ES_HOLE });
	assert_int_equal(fx->tree.delayed, 2);
	assert_int_equal(fx->tree.all, 2);
}

struct find_case {
	uint32_t match, lblk, end;
	bool found;
	uint32_t at;
};

static void finding(void **state)
{
	struct fixture *fx = *state;
	const struct find_case cases[] = {
		{ ES_DELAYED, 0, 63, true, 10 },
		{ ES_DELAYED, 14, 63, true, 10 },
		{ ES_DELAYED, 15, 63, true, 40 },
		{ ES_DELAYED, 15, 39, false, 0 },
		{ ES_WRITTEN, 0, 63, true, 20 },
		{ ES_WRITTEN, 0, 19, false, 0 },
		{ ES_UNWRITTEN, 0, 63, false, 0 },
		{ ES_MAPPED | ES_DELAYED, 16, 63, true, 20 },
		/* the first node seen is told even behind the end */
		{ ES_DELAYED, 0, 5, true, 10 },
		{ ES_DELAYED, 26, 30, true, 40 },
		{ ES_DELAYED, 46, 63, false, 0 },
	};
	struct es_extent e;
	size_t i;

	put(fx, 10, 5, 0, ES_DELAYED);
	put(fx, 20, 5, 200, ES_WRITTEN);
	put(fx, 40, 5, 0, ES_DELAYED);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct find_case *c = &cases[i];

		e.lblk = 0;
		assert_int_equal(es_find_extent_range(&fx->tree, c->match,
						      c->lblk, c->end, &e),
				 c->found);
		assert_int_equal(e.lblk, c->at);
	}
	assert_true(es_scan_range(&fx->tree, ES_WRITTEN, 24, 30));
	assert_false(es_scan_range(&fx->tree, ES_WRITTEN, 25, 30));
	assert_false(es_scan_range(&fx->tree, ES_WRITTEN, 0, 19));
	assert_true(es_scan_clu(&fx->tree, ES_WRITTEN, 2, 27));
	assert_false(es_scan_clu(&fx->tree, ES_WRITTEN, 2, 28));
	assert_true(es_scan_clu(&fx->tree, ES_DELAYED, 4, 0));
}

static void clock_hand(void **state)
{
	struct fixture *fx = *state;
	struct es_extent e;
	uint32_t next;

	put(fx, 0, 1, 10, ES_WRITTEN);
	put(fx, 2, 1, 0, ES_DELAYED);
	put(fx, 4, 1, 0, ES_HOLE);
	put(fx, 6, 1, 30, ES_UNWRITTEN);
	put(fx, 8, 1, 50, ES_WRITTEN);
	es_lookup_extent(&fx->tree, &fx->stats, 4, &e, &next);
	/* Nothing goes of a tree that is not listed. */
	assert_int_equal(es_shrink(&fx->stats, 100), 0);
	assert_int_equal(fx->stats.reclaimable, 0);
	es_list(&fx->tree, &fx->stats);
	es_list(&fx->tree, &fx->stats);
	assert_int_equal(fx->stats.reclaimable, 4);
	/* 0 goes, 2 is pinned, 4 loses its mark. */
	assert_int_equal(es_shrink(&fx->stats, 3), 1);
	assert_true(es_tree_verify(&fx->tree));
	assert_int_equal(fx->stats.list[0].hand, 6);
	/* On from the hand: 6 and 8 go, around, 2 stays. */
	assert_int_equal(es_shrink(&fx->stats, 3), 2);
	assert_int_equal(es_shrink(&fx->stats, 100), 1);
	assert_int_equal(es_shrink(&fx->stats, 100), 0);
	assert_int_equal(fx->tree.all, 1);
	assert_int_equal(fx->tree.reclaimable, 0);
	assert_int_equal(fx->tree.delayed, 1);
	assert_int_equal(fx->stats.shrunk, 4);
	assert_int_equal(fx->stats.reclaimable, 0);
	assert_true(es_tree_verify(&fx->tree));
	es_tree_release(&fx->tree, &fx->stats);
	assert_int_equal(fx->stats.n_list, 0);
	assert_int_equal(es_shrink(&fx->stats, 5), 0);
}

static void verify_sees_damage(void **state)
{
	struct fixture *fx = *state;
	struct es_node *n;

	put(fx, 0, 4, 100, ES_WRITTEN);
	put(fx, 4, 4, 0, ES_DELAYED);
	n = RB_MIN(es_head, &fx->tree.nodes);
	n->len = 5;
	assert_false(es_tree_verify(&fx->tree));
	n->len = 4;
	n->pblk_status |= (uint64_t)ES_HOLE << ES_STATUS_SHIFT;
	assert_false(es_tree_verify(&fx->tree));
	n->pblk_status = (uint64_t)ES_DELAYED << ES_STATUS_SHIFT;
	assert_false(es_tree_verify(&fx->tree));
	n->pblk_status = (uint64_t)ES_WRITTEN << ES_STATUS_SHIFT | 100;
	assert_true(es_tree_verify(&fx->tree));
	fx->tree.delayed++;
	assert_false(es_tree_verify(&fx->tree));
	fx->tree.delayed--;
	fx->tree.all++;
	assert_false(es_tree_verify(&fx->tree));
	fx->tree.all--;
}

static void sizes(void **state)
{
	(void)state;
	if (sizeof(void *) == 8)
		assert_int_equal(sizeof(struct es_node), 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(random_against_model, setup,
						teardown),
		cmocka_unit_test_setup_teardown(merging, setup, teardown),
		cmocka_unit_test_setup_teardown(join_on_both_sides, setup,
						teardown),
		cmocka_unit_test_setup_teardown(split_keeps_places, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lookup_marks_after_the_copy,
						setup, teardown),
		cmocka_unit_test_setup_teardown(caching_is_no_change, setup,
						teardown),
		cmocka_unit_test_setup_teardown(finding, setup, teardown),
		cmocka_unit_test_setup_teardown(clock_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(verify_sees_damage, setup,
						teardown),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
