// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extent status tree.
 *
 * What is kept
 *	For each logical block of a file one of five facts: written,
 *	unwritten, delayed, hole, or (no node) unknown.  A node says one fact
 *	of a run of blocks [lblk, lblk + len).  Delayed nodes are the only
 *	record of staged data and are never dropped by themselves.  The other
 *	three can be read again from a map on disk where there is one.
 *
 * The node
 *	bits 63..59 of pblk_status	R H D U W (R: referenced)
 *	bits 58..0			first physical block; all ones
 *					where there is none (D and H)
 *
 * Invariants, after each operation
 *	sorted and disjoint	a.lblk + a.len <= b.lblk for neighbours a, b
 *	one fact		exactly one of W U D H in each node
 *	maximally merged	no neighbours a, b with can_merge(a, b)
 *	counted			all = nodes; reclaimable = nodes without D;
 *				delayed = sum of len over D nodes
 *
 * Arithmetic
 *	can_merge(a, b)	same status, a.lblk + a.len = b.lblk,
 *			a.len + b.len <= ES_MAX_BLOCKS, and for W and U also
 *			a.pblk + a.len = b.pblk.  R is not asked for; the
 *			survivor has the R of both.
 *	remove [l, e]	a node [a, b] that meets it keeps [a, l - 1] and
 *			[e + 1, b] as far as they are not empty; the right
 *			one begins at pblk + (e + 1 - a).  delayed goes down
 *			by the D blocks that went, which the caller is told
 *			piece by piece (pending.c counts reservations).
 *	insert [l, e]	remove [l, e], then one new node, joined to both
 *			neighbours where can_merge allows: the number of
 *			nodes grows by at most two.
 *			A node of just this range is kept and changed.
 *	seq		+ 1 for insert, delayed insert and remove; the same
 *			for caching and shrinking, which change no mapping.
 *
 * Most trees have one extent, and keep it in themselves: no node is taken
 * for it.  A change that is more than putting another one in its place gives
 * it a node first (spread), and takes the node back from what is left when it
 * is one again (fold).
 *
 * Memory comes first: the nodes that a change may need, two and the one of
 * spreading, are made ready before the tree is touched, so that a change
 * happens whole or not at all.
 */
#include "delay/extent_status.h"

#include <assert.h>
#include <stddef.h>

#include "delay/es_node.h"
#include "delay/pending.h"

static void check(const struct es_tree *t)
{
#ifdef ENABLE_VERIFY
	/* Verifying is linear: large trees are looked at now and then. */
	if (t->all <= 256 || t->seq % 4096 == 0)
		assert(es_tree_verify(t));
#else
	(void)t;
#endif
}

int es_node_cmp(struct es_node *a, struct es_node *b)
{
	return (a->lblk > b->lblk) - (a->lblk < b->lblk);
}

RB_GENERATE(es_head, es_node, by_lblk, es_node_cmp)

static uint64_t pack(uint32_t status, uint64_t pblk)
{
	uint64_t low = status & ES_MAPPED ? pblk & ES_PBLK_MASK : ES_PBLK_MASK;

	return (uint64_t)status << ES_STATUS_SHIFT | low;
}

/* Move the beginning of @n up by @blocks. */
static void advance(struct es_node *n, uint32_t blocks)
{
	n->lblk += blocks;
	n->len -= blocks;
	if (es_node_status(n) & ES_MAPPED)
		n->pblk_status += blocks;
}

static bool can_merge(const struct es_extent *a, const struct es_extent *b)
{
	if (((a->status ^ b->status) & ES_ANY) || a->lblk + a->len != b->lblk)
		return false;
	if ((uint64_t)a->len + b->len > ES_MAX_BLOCKS)
		return false;
	return !(a->status & ES_MAPPED) || a->pblk + a->len == b->pblk;
}

static void count_node(struct es_tree *t, struct es_stats *s,
		       uint32_t status, int change)
{
	t->all += change;
	s->all += change;
	if (!(status & ES_DELAYED)) {
		t->reclaimable += change;
		s->reclaimable += t->slot ? change : 0;
	}
}

static void drop_node(struct es_tree *t, struct es_stats *s,
		      struct es_node *n)
{
	count_node(t, s, es_node_status(n), -1);
	RB_REMOVE(es_head, &t->nodes, n);
	if (t->cache == n)
		t->cache = NULL;
	es_node_give(s, n);
}

/* Let @a take in its right neighbour @b if they can merge. */
static void join(struct es_tree *t, struct es_stats *s, struct es_node *a,
		 struct es_node *b)
{
	struct es_extent left, right;

	if (!a || !b)
		return;
	es_node_extent(&left, a);
	es_node_extent(&right, b);
	if (!can_merge(&left, &right))
		return;
	a->len += b->len;
	a->pblk_status |= (uint64_t)(right.status & ES_REFERENCED)
			  << ES_STATUS_SHIFT;
	if (t->cache == b)
		t->cache = a;
	drop_node(t, s, b);
}

static void link_node(struct es_tree *t, struct es_stats *s,
		      const struct es_extent *e, struct es_node *parent,
		      struct es_node **link)
{
	struct es_node *n = es_node_take(s);

	n->lblk = e->lblk;
	n->len = e->len;
	n->pblk_status = pack(e->status, e->pblk);
	RB_SET(n, parent, by_lblk);
	*link = n;
	es_head_RB_INSERT_COLOR(&t->nodes, n);
	count_node(t, s, e->status, 1);
	t->cache = n;
}

/* Let @n take in @e if the two can merge, and then its neighbour.
 * Return: whether they could. */
static bool grow_node(struct es_tree *t, struct es_stats *s,
		      struct es_node *n, const struct es_extent *e)
{
	struct es_extent old;
	bool right = e->lblk > n->lblk;

	es_node_extent(&old, n);
	if (right ? !can_merge(&old, e) : !can_merge(e, &old))
		return false;
	n->len += e->len;
	if (!right) {
		n->lblk = e->lblk;
		n->pblk_status = pack(old.status, e->pblk);
	}
	n->pblk_status |= (uint64_t)(e->status & ES_REFERENCED)
			  << ES_STATUS_SHIFT;
	t->cache = n;
	if (right)
		join(t, s, n, RB_NEXT(es_head, &t->nodes, n));
	else
		join(t, s, RB_PREV(es_head, &t->nodes, n), n);
	return true;
}

/* Find the neighbours of a gap that begins at @lblk; NULL where there are
 * none. */
static void find_gap(const struct es_tree *t, uint32_t lblk,
		     struct es_node **left, struct es_node **right)
{
	struct es_node *n = t->cache;

	if (n && es_node_end(n) < lblk) {
		*left = n;
		*right = RB_NEXT(es_head, &t->nodes, n);
		if (!*right || es_node_end(*right) >= lblk)
			return;
	}
	n = es_first_from(t, NULL, lblk);
	*right = n;
	*left = n ? RB_PREV(es_head, &t->nodes, n) :
		    RB_MAX(es_head, (struct es_head *)&t->nodes);
}

/* Insert @e, whose range no node meets; takes at most one unused node. */
static void insert_range(struct es_tree *t, struct es_stats *s,
			 const struct es_extent *e)
{
	struct es_node *left, *right;

	if (e->status & ES_DELAYED)
		t->delayed += e->len;
	find_gap(t, e->lblk, &left, &right);
	assert(!right || e->lblk + e->len <= right->lblk);
	if ((left && grow_node(t, s, left, e)) ||
	    (right && grow_node(t, s, right, e)))
		return;
	/* Of two neighbours one has nothing on the side of the other. */
	if (left && !RB_RIGHT(left, by_lblk))
		link_node(t, s, e, left, &RB_RIGHT(left, by_lblk));
	else if (right)
		link_node(t, s, e, right, &RB_LEFT(right, by_lblk));
	else
		link_node(t, s, e, NULL, &RB_ROOT(&t->nodes));
}

/* Take [@from, @to] out of @n, which holds it. */
static void cut_node(struct es_tree *t, struct es_stats *s,
		     struct es_node *n, uint32_t from, uint32_t to)
{
	uint32_t left = from - n->lblk, right = es_node_end(n) - to;
	struct es_extent rest;

	if (es_node_status(n) & ES_DELAYED)
		t->delayed -= to - from + 1;
	if (left && right) {
		es_node_extent(&rest, n);
		rest.pblk += to + 1 - n->lblk;
		rest.lblk = to + 1;
		rest.len = right;
		n->len = left;
		if (rest.status & ES_DELAYED)
			t->delayed -= right;
		insert_range(t, s, &rest);
	} else if (left) {
		n->len = left;
	} else if (right) {
		advance(n, to + 1 - n->lblk);
	} else {
		drop_node(t, s, n);
	}
}

/* Empty [@lblk, @end]; takes at most one unused node. */
static void remove_range(struct es_tree *t, struct es_stats *s,
			 uint32_t lblk, uint32_t end, struct rsvd_count *rc)
{
	struct es_node *n = es_first_from(t, t->cache, lblk), *next;

	if (!n || n->lblk > end)
		return;
	t->cache = NULL;
	for (; n && n->lblk <= end; n = next) {
		uint32_t from = n->lblk > lblk ? n->lblk : lblk;
		uint32_t to = es_node_end(n) < end ? es_node_end(n) : end;

		next = RB_NEXT(es_head, &t->nodes, n);
		if (rc && (es_node_status(n) & ES_DELAYED))
			rsvd_count_add(rc, from, to);
		cut_node(t, s, n, from, to);
	}
}

/* Give the one extent of @t a node; takes an unused one. */
static void spread(struct es_tree *t, struct es_stats *s)
{
	const struct es_one one = t->one;
	struct es_node *n;

	if (t->all > 1)
		return;
	RB_INIT(&t->nodes);
	t->cache = NULL;
	if (!t->all)
		return;
	n = es_node_take(s);
	n->lblk = one.lblk;
	n->len = one.len;
	n->pblk_status = one.pblk_status;
	RB_INSERT(es_head, &t->nodes, n);
}

void es_tree_fold(struct es_tree *t, struct es_stats *s)
{
	struct es_node *n;

	if (t->all > 1)
		return;
	n = RB_ROOT(&t->nodes);
	t->one = (struct es_one){ .len = 0 };
	if (!n)
		return;
	t->one = (struct es_one){ n->lblk, n->len, n->pblk_status };
	es_node_give(s, n);
}

/* Count an extent [@lblk, @end] that the tree loses whole. */
static void count_gone(struct es_tree *t, struct es_stats *s, uint32_t status,
		       uint32_t lblk, uint32_t end, struct rsvd_count *rc)
{
	count_node(t, s, status, -1);
	if (!(status & ES_DELAYED))
		return;
	t->delayed -= end - lblk + 1;
	if (rc)
		rsvd_count_add(rc, lblk, end);
}

/* Count @e, which the tree gets whole. */
static void count_come(struct es_tree *t, struct es_stats *s,
		       const struct es_extent *e)
{
	count_node(t, s, e->status, 1);
	if (e->status & ES_DELAYED)
		t->delayed += e->len;
}

/* Forget the one extent of @t, if it has one. */
static void drop_one(struct es_tree *t, struct es_stats *s,
		     struct rsvd_count *rc)
{
	if (!t->all)
		return;
	count_gone(t, s, es_one_status(&t->one), t->one.lblk,
		   es_one_end(&t->one), rc);
	t->one = (struct es_one){ .len = 0 };
}

void es_tree_init(struct es_tree *t)
{
	*t = (struct es_tree){ .all = 0 };
}

void es_tree_release(struct es_tree *t, struct es_stats *s)
{
	struct es_node *n;

	es_unlist(t, s);
	if (t->all <= 1)
		drop_one(t, s, NULL);
	else
		while ((n = RB_ROOT(&t->nodes)))
			drop_node(t, s, n);
	es_tree_init(t);
}

/* Put @e in the place of all that @t has, if that is no more than one extent
 * within @e.  Return: whether it was done. */
static bool replace_one(struct es_tree *t, struct es_stats *s,
			const struct es_extent *e, struct rsvd_count *rc)
{
	if (t->all > 1 ||
	    (t->all && (t->one.lblk < e->lblk ||
			es_one_end(&t->one) > e->lblk + e->len - 1)))
		return false;
	drop_one(t, s, rc);
	t->one = (struct es_one){ e->lblk, e->len, pack(e->status, e->pblk) };
	count_come(t, s, e);
	return true;
}

/* Let @n, which has the range of @e, say what @e does. */
static void overwrite_node(struct es_tree *t, struct es_stats *s,
			   struct es_node *n, const struct es_extent *e,
			   struct rsvd_count *rc)
{
	count_gone(t, s, es_node_status(n), n->lblk, es_node_end(n), rc);
	count_come(t, s, e);
	n->pblk_status = pack(e->status, e->pblk);
	t->cache = n;
	join(t, s, n, RB_NEXT(es_head, &t->nodes, n));
	join(t, s, RB_PREV(es_head, &t->nodes, n), n);
}

/* Put @e in the place of whatever meets it. */
static void replace_nodes(struct es_tree *t, struct es_stats *s,
			  const struct es_extent *e, struct rsvd_count *rc)
{
	struct es_node *n;

	spread(t, s);
	n = es_first_from(t, t->cache, e->lblk);
	if (n && n->lblk == e->lblk && n->len == e->len) {
		overwrite_node(t, s, n, e, rc);
	} else {
		remove_range(t, s, e->lblk, e->lblk + e->len - 1, rc);
		insert_range(t, s, e);
	}
	es_tree_fold(t, s);
}

static errcode_t replace(struct es_tree *t, struct es_stats *s,
			 const struct es_extent *e, struct rsvd_count *rc)
{
	errcode_t err = es_stats_prepare(s, ES_NODES_PER_CHANGE);

	if (err)
		return err;
	assert(e->len && e->len <= ES_MAX_BLOCKS - e->lblk);
	if (!replace_one(t, s, e, rc))
		replace_nodes(t, s, e, rc);
	t->seq++;
	check(t);
	return 0;
}

errcode_t es_insert_extent(struct es_tree *t, struct es_stats *s,
			   const struct es_extent *e, struct rsvd_count *rc)
{
	assert(!(e->status & ES_DELAYED));
	return replace(t, s, e, rc);
}

errcode_t insert_delayed_extent(struct es_tree *t, struct es_stats *s,
				uint32_t lblk, uint32_t len)
{
	struct es_extent e = { lblk, len, 0, ES_DELAYED };

	return replace(t, s, &e, NULL);
}

/* Whether every node that meets @e says the same as @e. */
static bool agrees(const struct es_tree *t, const struct es_extent *e)
{
	uint32_t end = e->lblk + e->len - 1;
	uint32_t lblk = e->lblk;
	struct es_extent old;

	for (; es_next_extent(t, ES_ANY, lblk, &old) && old.lblk <= end;
	     lblk = old.lblk + old.len) {
		if ((old.status ^ e->status) & ES_ANY)
			return false;
		if ((old.status & ES_MAPPED) &&
		    old.pblk - old.lblk != e->pblk - e->lblk)
			return false;
	}
	return true;
}

void es_cache_extent(struct es_tree *t, struct es_stats *s,
		     const struct es_extent *e)
{
	uint32_t end = e->lblk + e->len - 1;
	struct es_extent old;

	if (es_next_extent(t, ES_ANY, e->lblk, &old) &&
	    old.lblk <= e->lblk && old.lblk + old.len - 1 >= end)
		return;
	/* Nodes that the undoing of a change may need are left alone. */
	if (!agrees(t, e) || es_stats_prepare(s, 2 * ES_NODES_PER_CHANGE))
		return;
	spread(t, s);
	remove_range(t, s, e->lblk, end, NULL);
	insert_range(t, s, e);
	es_tree_fold(t, s);
	check(t);
}

errcode_t es_remove_extent(struct es_tree *t, struct es_stats *s,
			   uint32_t lblk, uint32_t len, struct rsvd_count *rc)
{
	errcode_t err = es_stats_prepare(s, ES_NODES_PER_CHANGE);

	if (err)
		return err;
	assert(len && len <= ES_MAX_BLOCKS - lblk);
	spread(t, s);
	remove_range(t, s, lblk, lblk + len - 1, rc);
	es_tree_fold(t, s);
	t->seq++;
	check(t);
	return 0;
}
