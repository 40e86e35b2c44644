// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The memory of the extent status trees: where nodes come from and how they
 * are reclaimed; and the check of the invariants.
 *
 * Nodes live in one arena and go back to a list of unused ones, so that a
 * node costs 48 bytes and no more.  A tree of one extent has none.
 *
 * The shrinker is a clock.  Trees that the disk can tell again are in a list
 * and have their turns.  In each a hand goes around the blocks: a delayed node
 * is passed by, a referenced one loses its mark, any other one is dropped.  A
 * node that was looked up thus lives for one more round.
 */
#include "delay/extent_status.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "delay/es_node.h"

void es_stats_init(struct es_stats *s)
{
	*s = (struct es_stats){ .all = 0 };
	arena_init(&s->arena);
}

void es_stats_release(struct es_stats *s)
{
	arena_release(&s->arena);
	free(s->list);
	es_stats_init(s);
}

errcode_t es_stats_prepare(struct es_stats *s, uint64_t n)
{
	while (s->n_unused < n) {
		struct es_node *node = arena_alloc(&s->arena, sizeof(*node));

		if (!node)
			return ENOMEM;
		es_node_give(s, node);
	}
	return 0;
}

struct es_node *es_node_take(struct es_stats *s)
{
	struct es_node *n = s->unused;

	assert(n);
	s->unused = RB_LEFT(n, by_lblk);
	s->n_unused--;
	return n;
}

void es_node_give(struct es_stats *s, struct es_node *n)
{
	RB_LEFT(n, by_lblk) = s->unused;
	s->unused = n;
	s->n_unused++;
}

void es_list(struct es_tree *t, struct es_stats *s)
{
	if (t->slot || array_reserve(&s->list, &s->cap_list,
				     (size_t)s->n_list + 1, sizeof(*s->list)))
		return;
	s->list[s->n_list++] = (struct es_listed){ .tree = t };
	t->slot = s->n_list;
	s->reclaimable += t->reclaimable;
}

void es_unlist(struct es_tree *t, struct es_stats *s)
{
	struct es_listed last;

	if (!t->slot)
		return;
	last = s->list[--s->n_list];
	s->list[t->slot - 1] = last;
	last.tree->slot = t->slot;
	t->slot = 0;
	s->reclaimable -= t->reclaimable;
}

/* The hand meets what has this status.  Return: whether it is dropped, which
 * is counted. */
static bool meet(struct es_tree *t, struct es_stats *s, uint64_t *pblk_status)
{
	const uint64_t mark = (uint64_t)ES_REFERENCED << ES_STATUS_SHIFT;

	if (*pblk_status & (uint64_t)ES_DELAYED << ES_STATUS_SHIFT)
		return false;
	if (*pblk_status & mark) {
		*pblk_status &= ~mark;
		return false;
	}
	t->all--;
	t->reclaimable--;
	s->all--;
	s->reclaimable--;
	s->shrunk++;
	return true;
}

/* The hand goes on by @left nodes of @t, which has more than one.
 * Return: nodes dropped. */
static uint32_t meet_nodes(struct es_tree *t, struct es_stats *s,
			   uint32_t *hand, uint32_t left)
{
	struct es_node key = { .lblk = *hand }, *node, *next;
	uint32_t dropped = 0;

	t->cache = NULL;
	node = RB_NFIND(es_head, &t->nodes, &key);
	while (left--) {
		if (!node)
			node = RB_MIN(es_head, &t->nodes);
		next = RB_NEXT(es_head, &t->nodes, node);
		if (meet(t, s, &node->pblk_status)) {
			RB_REMOVE(es_head, &t->nodes, node);
			es_node_give(s, node);
			dropped++;
		}
		node = next;
	}
	*hand = node ? node->lblk : 0;
	es_tree_fold(t, s);
	return dropped;
}

/* The hand of @l goes on by @n nodes, once around at most, and takes those
 * from @n that it met.  Return: nodes dropped. */
static uint32_t go_round(struct es_stats *s, struct es_listed *l, uint32_t *n)
{
	struct es_tree *t = l->tree;
	uint32_t left = *n < t->all ? *n : t->all;

	*n -= left;
	if (t->all > 1)
		return meet_nodes(t, s, &l->hand, left);
	l->hand = 0;
	if (!left || !meet(t, s, &t->one.pblk_status))
		return 0;
	t->one = (struct es_one){ .len = 0 };
	return 1;
}

uint32_t es_shrink(struct es_stats *s, uint32_t n)
{
	uint32_t trees, dropped = 0;

	for (trees = s->n_list; trees && n; trees--) {
		if (s->turn >= s->n_list)
			s->turn = 0;
		dropped += go_round(s, &s->list[s->turn++], &n);
	}
	return dropped;
}

/* Whether @a and its right neighbour @b are rightly two nodes. */
static bool are_apart(const struct es_extent *a, const struct es_extent *b)
{
	uint64_t end = (uint64_t)a->lblk + a->len;

	if (end != b->lblk)
		return end < b->lblk;
	if ((a->status ^ b->status) & ES_ANY)
		return true;
	if ((uint64_t)a->len + b->len > ES_MAX_BLOCKS)
		return true;
	return (a->status & ES_MAPPED) && a->pblk + a->len != b->pblk;
}

bool es_tree_verify(const struct es_tree *t)
{
	struct es_extent prev = { .len = 0 }, e;
	uint32_t all = 0, reclaimable = 0, lblk = 0;
	uint64_t delayed = 0;

	while (es_next_extent(t, ES_ANY, lblk, &e)) {
		uint32_t status = e.status & ES_ANY;

		if (!e.len || e.len > ES_MAX_BLOCKS - e.lblk)
			return false;
		if (status & (status - 1))
			return false;
		if (all && !are_apart(&prev, &e))
			return false;
		all++;
		reclaimable += !(status & ES_DELAYED);
		delayed += status & ES_DELAYED ? e.len : 0;
		lblk = e.lblk + e.len;
		prev = e;
	}
	return all == t->all && reclaimable == t->reclaimable &&
	       delayed == t->delayed;
}
