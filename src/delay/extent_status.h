/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The extent status tree of one file: what is known of each logical block.
 * See extent_status.c for the rules.
 */
#ifndef E4PACK_DELAY_EXTENT_STATUS_H
#define E4PACK_DELAY_EXTENT_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>
#include <et/com_err.h>

#include "base/arena.h"

/* Exactly one of the first four is the status of an extent.  They are single
 * bits, so that a search can ask for several. */
enum es_status {
	ES_WRITTEN = 1,		/* has blocks with data */
	ES_UNWRITTEN = 2,	/* has blocks, reads as zero */
	ES_DELAYED = 4,		/* staged, a reservation but no blocks yet */
	ES_HOLE = 8,		/* known to have nothing */
	ES_REFERENCED = 16,	/* beside the status: looked up since the
				 * clock hand passed */
	ES_MAPPED = ES_WRITTEN | ES_UNWRITTEN,
	ES_ANY = ES_MAPPED | ES_DELAYED | ES_HOLE,
};

/* Logical blocks are 0 to ES_MAX_BLOCKS - 1, so that a count fits, too. */
#define ES_MAX_BLOCKS UINT32_C(0xffffffff)

/* A node as the tree keeps it; 48 bytes. */
struct es_node {
	RB_ENTRY(es_node) by_lblk;
	uint32_t lblk, len;
	uint64_t pblk_status;	/* the status in the 5 highest bits */
};

enum { ES_STATUS_SHIFT = 59 };

/* A change of a tree takes at most this many nodes; so does its undoing. */
enum { ES_NODES_PER_CHANGE = 3 };

RB_HEAD(es_head, es_node);
RB_PROTOTYPE(es_head, es_node, by_lblk, es_node_cmp)
int es_node_cmp(struct es_node *a, struct es_node *b);

/* An extent as it is told to others. */
struct es_extent {
	uint32_t lblk;		/* first logical block */
	uint32_t len;		/* blocks */
	uint64_t pblk;		/* first physical block; 0 unless mapped */
	uint32_t status;	/* ES_*; ES_REFERENCED may be set, too */
};

/* A tree that the shrinker goes through. */
struct es_listed {
	struct es_tree *tree;
	uint32_t hand;		/* block where it goes on */
};

/* What the trees of one image share: the memory of their nodes, counts.
 * All zeros is a valid empty state. */
struct es_stats {
	uint64_t all;		/* nodes in all trees */
	uint64_t reclaimable;	/* those of listed trees, if not delayed */
	uint64_t hits, misses;	/* of es_lookup_extent() */
	uint64_t shrunk;	/* nodes dropped by es_shrink() */
	struct es_listed *list;	/* in the order of their turns, about */
	uint32_t n_list;
	uint32_t turn;		/* which of them is next */
	size_t cap_list;
	struct arena arena;	/* owns every node */
	struct es_node *unused;	/* nodes to take, linked by their left end */
	uint64_t n_unused;
};

/* What a node says, for a tree that has only one. */
struct es_one {
	uint32_t lblk, len;
	uint64_t pblk_status;
};

struct es_tree {
	union {
		struct es_one one;	/* where @all is 1: no node is taken */
		struct {
			struct es_head nodes;	/* where there are more */
			struct es_node *cache;	/* last inserted or
						 * range-matched, or NULL */
		};
	};
	uint32_t seq;		/* validity cookie: + 1 per mapping change */
	uint32_t all;		/* nodes, @one among them */
	uint32_t reclaimable;	/* nodes that are not delayed */
	uint32_t delayed;	/* blocks with status delayed */
	uint32_t slot;		/* in the list of the shrinker, from 1; 0: not
				 * there, nothing of the tree is dropped */
	uint32_t reserved;	/* i_reserved of the file, clusters: here, as
				 * there is room for it */
};

struct rsvd_count;

void es_stats_init(struct es_stats *s);

/* Free the memory of all trees that used @s. */
void es_stats_release(struct es_stats *s);

/* Have at least @n unused nodes ready, so that the next @n calls of
 * es_node_take() cannot fail.  Return: 0 or ENOMEM. */
errcode_t es_stats_prepare(struct es_stats *s, uint64_t n);

/* Take a prepared node, and give one back. */
struct es_node *es_node_take(struct es_stats *s);
void es_node_give(struct es_stats *s, struct es_node *n);

/* Make an empty tree; allocates nothing. */
void es_tree_init(struct es_tree *t);

/* Drop every node, with no accounting of reservations. */
void es_tree_release(struct es_tree *t, struct es_stats *s);

/* Say that @e is written, unwritten or a hole, whatever was there before.
 * Delayed pieces that go are added to @rc, which may be NULL.
 * Return: 0, or ENOMEM with the tree unchanged. */
errcode_t es_insert_extent(struct es_tree *t, struct es_stats *s,
			   const struct es_extent *e, struct rsvd_count *rc);

/* Say that [@lblk, @lblk + @len) is delayed; the caller has reserved.
 * Return: 0, or ENOMEM with the tree unchanged. */
errcode_t insert_delayed_extent(struct es_tree *t, struct es_stats *s,
				uint32_t lblk, uint32_t len);

/* Remember what the map on disk says, without a change of the mapping: only
 * where no node says otherwise.  Running out of memory is no failure. */
void es_cache_extent(struct es_tree *t, struct es_stats *s,
		     const struct es_extent *e);

/* Forget [@lblk, @lblk + @len); delayed pieces are added to @rc.
 * Return: 0, or ENOMEM with the tree unchanged. */
errcode_t es_remove_extent(struct es_tree *t, struct es_stats *s,
			   uint32_t lblk, uint32_t len,
			   struct rsvd_count *rc);

/* Find the extent that holds @lblk.  *@e is a copy from before the
 * referenced mark is set; *@next is where the next node begins, 0 without
 * one, also on a miss.  Return: whether there is one. */
bool es_lookup_extent(struct es_tree *t, struct es_stats *s, uint32_t lblk,
		      struct es_extent *e, uint32_t *next);

/* Find the first extent with a status in @match that ends at or after @lblk.
 * The search ends at @end, but the first node seen is returned when it
 * matches even if it begins after @end: the caller tests the intersection.
 * Return: whether one was found. */
bool es_find_extent_range(struct es_tree *t, uint32_t match, uint32_t lblk,
			  uint32_t end, struct es_extent *e);

/* Whether an extent with a status in @match meets [@lblk, @end]. */
bool es_scan_range(const struct es_tree *t, uint32_t match, uint32_t lblk,
		   uint32_t end);

/* As es_scan_range() over the cluster that holds @lblk. */
static inline bool es_scan_clu(const struct es_tree *t, uint32_t match,
			       uint32_t cluster_bits, uint32_t lblk)
{
	uint32_t mask = (UINT32_C(1) << cluster_bits) - 1;

	return es_scan_range(t, match, lblk & ~mask, lblk | mask);
}

/* Find the first extent with a status in @match that ends at or after @lblk.
 * For steps that go up: *@at, NULL at first, remembers the node of the last
 * one, and is good until the tree changes.  Changes nothing at all, so
 * several threads may walk one tree.  Return: whether there is one. */
bool es_walk(const struct es_tree *t, struct es_node **at, uint32_t match,
	     uint32_t lblk, struct es_extent *e);

/* The same for one step, or near to what was inserted last. */
static inline bool es_next_extent(const struct es_tree *t, uint32_t match,
				  uint32_t lblk, struct es_extent *e)
{
	struct es_node *at = t->all > 1 ? t->cache : NULL;

	return es_walk(t, &at, match, lblk, e);
}

/* Find the last extent with a status in @match that begins before @lblk.
 * Changes nothing at all.  Return: whether there is one. */
bool es_prev_extent(const struct es_tree *t, uint32_t match, uint32_t lblk,
		    struct es_extent *e);

/* Let the shrinker go through @t: all but its delayed nodes can be read again
 * from the disk.  Without memory it does not.  Harmless when it does. */
void es_list(struct es_tree *t, struct es_stats *s);

/* Have every node of @t stay. */
void es_unlist(struct es_tree *t, struct es_stats *s);

/* Drop nodes of listed trees that are not delayed and were not looked up
 * since the last pass; looks at no more than @n nodes.
 * Return: nodes dropped. */
uint32_t es_shrink(struct es_stats *s, uint32_t n);

/* Whether every invariant holds: sorted, disjoint, one status each, merged
 * as far as possible, counters equal to a recount. */
bool es_tree_verify(const struct es_tree *t);

#endif
