// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking things up in extent status trees.  Most trees have one extent: it
 * is looked at where it lies, and no node is met.
 */
#include <stddef.h>

#include "delay/es_node.h"

struct es_node *es_first_from(const struct es_tree *t, struct es_node *hint,
			      uint32_t lblk)
{
	struct es_node *n = hint, *best = NULL;

	if (n && es_node_end(n) < lblk) {
		n = RB_NEXT(es_head, &t->nodes, n);
		if (!n || es_node_end(n) >= lblk)
			return n;
	} else if (n && n->lblk <= lblk) {
		return n;
	}
	n = RB_ROOT(&t->nodes);
	while (n) {
		if (es_node_end(n) < lblk) {
			n = RB_RIGHT(n, by_lblk);
			continue;
		}
		best = n;
		if (n->lblk <= lblk)
			break;
		n = RB_LEFT(n, by_lblk);
	}
	return best;
}

/* Whether the one extent of @t ends at or after @lblk and matches. */
static bool one_matches(const struct es_tree *t, uint32_t match,
			uint32_t lblk)
{
	return t->all && es_one_end(&t->one) >= lblk &&
	       (es_one_status(&t->one) & match);
}

/* es_lookup_extent() in a tree with one extent or none. */
static bool look_up_one(struct es_tree *t, struct es_stats *s, uint32_t lblk,
			struct es_extent *e, uint32_t *next)
{
	bool ahead = one_matches(t, ES_ANY, lblk);
	bool hit = ahead && t->one.lblk <= lblk;

	*next = ahead && !hit ? t->one.lblk : 0;
	if (!hit) {
		s->misses++;
		return false;
	}
	s->hits++;
	es_one_extent(e, &t->one);
	t->one.pblk_status |= (uint64_t)ES_REFERENCED << ES_STATUS_SHIFT;
	return true;
}

bool es_lookup_extent(struct es_tree *t, struct es_stats *s, uint32_t lblk,
		      struct es_extent *e, uint32_t *next)
{
	struct es_node *n, *after;
	bool hit;

	if (t->all <= 1)
		return look_up_one(t, s, lblk, e, next);
	n = es_first_from(t, t->cache, lblk);
	hit = n && n->lblk <= lblk;
	after = hit ? RB_NEXT(es_head, &t->nodes, n) : n;
	*next = after ? after->lblk : 0;
	if (!hit) {
		s->misses++;
		return false;
	}
	s->hits++;
	es_node_extent(e, n);
	n->pblk_status |= (uint64_t)ES_REFERENCED << ES_STATUS_SHIFT;
	return true;
}

bool es_find_extent_range(struct es_tree *t, uint32_t match, uint32_t lblk,
			  uint32_t end, struct es_extent *e)
{
	struct es_node *n;

	if (t->all <= 1)
		return es_next_extent(t, match, lblk, e);
	n = es_first_from(t, t->cache, lblk);
	while (n && !(es_node_status(n) & match)) {
		n = RB_NEXT(es_head, &t->nodes, n);
		if (n && n->lblk > end)
			return false;
	}
	if (!n)
		return false;
	es_node_extent(e, n);
	t->cache = n;
	return true;
}

bool es_walk(const struct es_tree *t, struct es_node **at, uint32_t match,
	     uint32_t lblk, struct es_extent *e)
{
	struct es_node *n;

	if (t->all <= 1) {
		if (!one_matches(t, match, lblk))
			return false;
		es_one_extent(e, &t->one);
		return true;
	}
	n = es_first_from(t, *at, lblk);
	while (n && !(es_node_status(n) & match))
		n = RB_NEXT(es_head, &t->nodes, n);
	if (!n)
		return false;
	*at = n;
	es_node_extent(e, n);
	return true;
}

bool es_prev_extent(const struct es_tree *t, uint32_t match, uint32_t lblk,
		    struct es_extent *e)
{
	struct es_head *nodes = (struct es_head *)&t->nodes;
	struct es_node key = { .lblk = lblk }, *n;

	if (t->all <= 1)
		return es_next_extent(t, match, 0, e) && e->lblk < lblk;
	n = RB_NFIND(es_head, nodes, &key);
	n = n ? RB_PREV(es_head, nodes, n) : RB_MAX(es_head, nodes);
	while (n && !(es_node_status(n) & match))
		n = RB_PREV(es_head, nodes, n);
	if (n)
		es_node_extent(e, n);
	return n != NULL;
}

bool es_scan_range(const struct es_tree *t, uint32_t match, uint32_t lblk,
		   uint32_t end)
{
	struct es_node *n;

	if (t->all <= 1)
		return one_matches(t, match, lblk) && t->one.lblk <= end;
	n = es_first_from(t, t->cache, lblk);
	for (; n && n->lblk <= end; n = RB_NEXT(es_head, &t->nodes, n)) {
		if (es_node_status(n) & match)
			return true;
	}
	return false;
}
