/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of the extent status tree: a node, or the one extent of a tree
 * without nodes, as what it says.
 */
#ifndef E4PACK_DELAY_ES_NODE_H
#define E4PACK_DELAY_ES_NODE_H

#include "delay/extent_status.h"

#define ES_PBLK_MASK ((UINT64_C(1) << ES_STATUS_SHIFT) - 1)

static inline uint32_t es_node_status(const struct es_node *n)
{
	return n->pblk_status >> ES_STATUS_SHIFT & ES_ANY;
}

static inline uint32_t es_node_end(const struct es_node *n)
{
	return n->lblk + n->len - 1;
}

static inline void es_one_extent(struct es_extent *e, const struct es_one *o)
{
	e->lblk = o->lblk;
	e->len = o->len;
	e->status = o->pblk_status >> ES_STATUS_SHIFT;
	e->pblk = e->status & ES_MAPPED ? o->pblk_status & ES_PBLK_MASK : 0;
}

static inline void es_node_extent(struct es_extent *e,
				  const struct es_node *n)
{
	const struct es_one o = { n->lblk, n->len, n->pblk_status };

	es_one_extent(e, &o);
}

static inline uint32_t es_one_status(const struct es_one *o)
{
	return o->pblk_status >> ES_STATUS_SHIFT & ES_ANY;
}

static inline uint32_t es_one_end(const struct es_one *o)
{
	return o->lblk + o->len - 1;
}

/* Return: the first node of @t, which has nodes, that ends at or after @lblk,
 * or NULL; found without a search where it is @hint, a node of the tree or
 * NULL, or its neighbour. */
struct es_node *es_first_from(const struct es_tree *t, struct es_node *hint,
			      uint32_t lblk);

/* What is left of @t, one node or none, goes back into @t itself. */
void es_tree_fold(struct es_tree *t, struct es_stats *s);

#endif
