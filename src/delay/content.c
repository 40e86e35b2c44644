// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The content map.
 *
 * Ranges are disjoint, not empty, and joined where one continues the other in
 * the file and in the origin.  One range from byte 0 on needs no memory of its
 * own; others are nodes of a balanced tree, 64 bytes each.  Setting a
 * range cuts what it meets, [a, b) by [l, e) leaving [a, l) and [e, b), the
 * right one at origin_offset + (e - a); the number of ranges grows by at most
 * two, and the nodes for them are made before anything is changed.  A punch
 * cuts once and sets up to two ranges of zeros: three nodes.
 *
 * Ranges without an origin are zeros that somebody staged.  They differ from
 * bytes that nobody did: a block with neither was only preallocated.
 */
#include "delay/content.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include <bsd/sys/tree.h>

#include "base/number.h"

struct content_node {
	RB_ENTRY(content_node) by_offset;
	struct content_range range;
};

RB_HEAD(content_head, content_node);

enum { SPARES = 3 };

struct content_map {
	struct content_head nodes;
	struct content_node *last;	/* the rightmost node, or NULL */
	struct content_node *spare[SPARES];	/* made ready, or NULL */
	uint64_t n;
};

static int content_node_cmp(struct content_node *a, struct content_node *b)
{
	return (a->range.offset > b->range.offset) -
	       (a->range.offset < b->range.offset);
}

RB_GENERATE_INTERNAL(content_head, content_node, by_offset, content_node_cmp,
		     __attribute__((unused)) static)

static uint64_t range_end(const struct content_range *r)
{
	return r->offset + r->len;
}

static bool continues(const struct content_range *a,
		      const struct content_range *b)
{
	if (range_end(a) != b->offset || a->origin != b->origin)
		return false;
	return !a->origin || a->origin_offset + a->len == b->origin_offset;
}

static void take_reference(const struct content_range *r)
{
	if (r->origin)
		origin_get(r->origin);
}

/* Let the beginning of @r be at @offset. */
static void range_advance(struct content_range *r, uint64_t offset)
{
	uint64_t by = offset - r->offset;

	r->offset = offset;
	r->len -= by;
	r->origin_offset += by;
}

void content_init(struct content *c)
{
	*c = (struct content){ .map = NULL };
}

/* The one range of @c, of no length where there is none. */
static struct content_range get_one(const struct content *c)
{
	return (struct content_range){
		.len = c->len, .origin_offset = c->origin_offset,
		.origin = c->len ? c->origin : NULL,
	};
}

static errcode_t prepare_spares(struct content_map *m)
{
	size_t i;

	for (i = 0; i < SPARES; i++) {
		if (!m->spare[i])
			m->spare[i] = malloc(sizeof(*m->spare[i]));
		if (!m->spare[i])
			return ENOMEM;
	}
	return 0;
}

static struct content_node *take_spare(struct content_map *m)
{
	struct content_node *n;
	size_t i = 0;

	while (!m->spare[i])
		i++;
	n = m->spare[i];
	m->spare[i] = NULL;
	return n;
}

static void drop_node(struct content_map *m, struct content_node *n)
{
	if (m->last == n)
		m->last = RB_PREV(content_head, &m->nodes, n);
	RB_REMOVE(content_head, &m->nodes, n);
	m->n--;
	origin_put(n->range.origin);
	free(n);
}

/* Insert @r, which nothing meets, with the reference that it has.  Behind
 * the last node it is linked there without a search. */
static void insert_node(struct content_map *m, const struct content_range *r)
{
	struct content_node *n = take_spare(m);

	n->range = *r;
	m->n++;
	if (m->last && r->offset > m->last->range.offset) {
		RB_SET(n, m->last, by_offset);
		RB_RIGHT(m->last, by_offset) = n;
		content_head_RB_INSERT_COLOR(&m->nodes, n);
		m->last = n;
		return;
	}
	RB_INSERT(content_head, &m->nodes, n);
	if (!m->last)
		m->last = n;
}

/* Return: the first node that ends after @offset, or NULL; found without a
 * search where it is @hint, a node or NULL, or its neighbour. */
static struct content_node *first_after(const struct content_map *m,
					struct content_node *hint,
					uint64_t offset)
{
	struct content_node *n = hint, *best = NULL;

	if (!m->last || range_end(&m->last->range) <= offset)
		return NULL;
	if (n && range_end(&n->range) <= offset) {
		n = RB_NEXT(content_head, &m->nodes, n);
		if (range_end(&n->range) > offset)
			return n;
	} else if (n && n->range.offset <= offset) {
		return n;
	}
	n = RB_ROOT(&m->nodes);
	while (n) {
		if (range_end(&n->range) <= offset) {
			n = RB_RIGHT(n, by_offset);
			continue;
		}
		best = n;
		n = RB_LEFT(n, by_offset);
	}
	return best;
}

/* Free @n and what is below it; a balanced tree is not deep. */
static void free_nodes(struct content_node *n)
{
	if (!n)
		return;
	free_nodes(RB_LEFT(n, by_offset));
	free_nodes(RB_RIGHT(n, by_offset));
	origin_put(n->range.origin);
	free(n);
}

static void map_free(struct content_map *m)
{
	size_t i;

	free_nodes(RB_ROOT(&m->nodes));
	for (i = 0; i < SPARES; i++)
		free(m->spare[i]);
	free(m);
}

void content_release(struct content *c)
{
	struct content_map *m = content_map_of(c);

	if (m)
		map_free(m);
	else
		origin_put(get_one(c).origin);
	content_init(c);
}

errcode_t content_prepare(struct content *c)
{
	const struct content_range one = get_one(c);
	struct content_map *m = content_map_of(c);
	errcode_t err;

	if (m)
		return prepare_spares(m);
	m = calloc(1, sizeof(*m));
	if (!m)
		return ENOMEM;
	err = prepare_spares(m);
	if (!err && one.len) {
		insert_node(m, &one);
		err = prepare_spares(m);
	}
	if (err) {
		/* The reference is still that of @c. */
		if (m->n)
			take_reference(&one);
		map_free(m);
		return err;
	}
	*c = (struct content){ .map = m };
	return 0;
}

/* Empty [@offset, @end); takes at most one spare node. */
static void cut(struct content_map *m, uint64_t offset, uint64_t end)
{
	struct content_node *n = first_after(m, NULL, offset), *next;

	for (; n && n->range.offset < end; n = next) {
		struct content_range rest = n->range;

		next = RB_NEXT(content_head, &m->nodes, n);
		if (rest.offset >= offset && range_end(&rest) <= end) {
			drop_node(m, n);
		} else if (rest.offset >= offset) {
			range_advance(&n->range, end);
		} else if (range_end(&rest) <= end) {
			n->range.len = offset - rest.offset;
		} else {
			n->range.len = offset - rest.offset;
			range_advance(&rest, end);
			take_reference(&rest);
			insert_node(m, &rest);
		}
	}
}

/* Join @b to its left neighbour @a if it continues it.
 * Return: whether it did. */
static bool join(struct content_map *m, struct content_node *a,
		 struct content_node *b)
{
	if (!a || !b || !continues(&a->range, &b->range))
		return false;
	a->range.len += b->range.len;
	drop_node(m, b);
	return true;
}

static void map_set(struct content_map *m, const struct content_range *r)
{
	struct content_node *left, *n;

	if (m->last && continues(&m->last->range, r)) {
		m->last->range.len += r->len;
		return;
	}
	/* First of all: the only other reference may be one that is cut. */
	take_reference(r);
	cut(m, r->offset, range_end(r));
	insert_node(m, r);
	if (m->last->range.offset == r->offset)
		n = m->last;
	else
		n = first_after(m, NULL, r->offset);
	left = RB_PREV(content_head, &m->nodes, n);
	if (join(m, left, n))
		n = left;
	join(m, n, RB_NEXT(content_head, &m->nodes, n));
}

/* Set @r without a map, if at most one range is left then.
 * Return: whether it was done. */
static bool set_one(struct content *c, const struct content_range *r)
{
	const struct content_range one = get_one(c);

	if (one.len && continues(&one, r)) {
		c->len += r->len;
		return true;
	}
	if (r->offset || r->len < one.len)
		return false;
	take_reference(r);
	origin_put(one.origin);
	*c = (struct content){ .len = r->len, .origin = r->origin,
			       .origin_offset = r->origin_offset };
	return true;
}

errcode_t content_set(struct content *c, const struct content_range *range)
{
	errcode_t err;

	if (!range->len || (!content_map_of(c) && set_one(c, range)))
		return 0;
	err = content_prepare(c);
	if (err)
		return err;
	map_set(c->map, range);
	return 0;
}

errcode_t content_clear(struct content *c, uint64_t offset, uint64_t len)
{
	const bool one = !content_map_of(c);
	uint64_t end = offset + len;
	errcode_t err;

	if (!len || (one && c->len <= offset))
		return 0;
	if (one && !offset && c->len <= end) {
		content_release(c);
		return 0;
	}
	err = content_prepare(c);
	if (err)
		return err;
	cut(c->map, offset, end);
	return 0;
}

errcode_t content_punch(struct content *c, uint64_t offset, uint64_t len,
			uint64_t head, uint64_t tail)
{
	struct content_range first = { offset, head, 0, NULL };
	struct content_range last = { offset + len - tail, tail, 0, NULL };
	errcode_t err;

	if (!head && !tail)
		return content_clear(c, offset, len);
	err = content_prepare(c);
	if (err)
		return err;
	cut(c->map, offset, offset + len);
	if (head)
		map_set(c->map, &first);
	if (tail)
		map_set(c->map, &last);
	return 0;
}

void content_truncate(struct content *c, uint64_t size)
{
	struct content_map *m = content_map_of(c);

	if (m)
		/* An open end leaves no right rest: no node is needed. */
		cut(m, size, UINT64_MAX);
	else if (!size)
		content_release(c);
	else if (c->len > size)
		c->len = size;
}

bool content_walk_next(const struct content *c, struct content_walk *w,
		       uint64_t offset, struct content_range *range)
{
	const struct content_map *m = content_map_of(c);
	struct content_node *n;

	if (!m) {
		if (c->len <= offset)
			return false;
		*range = get_one(c);
		return true;
	}
	if (w->content != c)
		*w = (struct content_walk){ .content = c };
	n = first_after(m, w->at, offset);
	if (!n)
		return false;
	w->at = n;
	*range = n->range;
	return true;
}

bool content_next(const struct content *c, uint64_t offset,
		  struct content_range *range)
{
	struct content_walk w = { .content = NULL };

	return content_walk_next(c, &w, offset, range);
}

bool content_walk_touches(const struct content *c, struct content_walk *w,
			  uint32_t bits, uint32_t lblk, uint32_t limit,
			  uint32_t *next)
{
	uint64_t block = UINT64_C(1) << bits, end;
	struct content_range r;

	*next = limit;
	if (!content_walk_next(c, w, lblk * block, &r))
		return false;
	if (r.offset >> bits > lblk) {
		if (r.offset >> bits < limit)
			*next = r.offset >> bits;
		return false;
	}
	do
		end = div_round_up(range_end(&r), block);
	while (end < limit && content_walk_next(c, w, range_end(&r), &r) &&
	       r.offset >> bits <= end);
	if (end < limit)
		*next = end;
	return true;
}

bool content_touches(const struct content *c, uint32_t bits, uint32_t lblk,
		     uint32_t limit, uint32_t *next)
{
	struct content_walk w = { .content = NULL };

	return content_walk_touches(c, &w, bits, lblk, limit, next);
}

uint64_t content_count(const struct content *c)
{
	const struct content_map *m = content_map_of(c);

	return m ? m->n : c->len != 0;
}
