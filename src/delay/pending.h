/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What clusters do to reservations: pending clusters, and how many clusters
 * a change gives back.  See pending.c.
 */
#ifndef E4PACK_DELAY_PENDING_H
#define E4PACK_DELAY_PENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "delay/extent_status.h"

/* Logical clusters of one file that are allocated and still hold delayed
 * blocks.  Nodes are those of the ES trees, with the cluster in lblk. */
struct pending_set {
	struct es_head clusters;
};

/* Each change of an ES tree needs at most this many nodes for the set. */
enum { PENDING_PER_CHANGE = 2 };

void pending_init(struct pending_set *p);
void pending_release(struct pending_set *p, struct es_stats *s);

/* Add cluster @lclu; takes one prepared node.
 * Return: whether it was not there before. */
bool insert_pending(struct pending_set *p, struct es_stats *s,
		    uint32_t lclu);

/* Return: whether it was there. */
bool remove_pending(struct pending_set *p, struct es_stats *s,
		    uint32_t lclu);
bool is_pending(const struct pending_set *p, uint32_t lclu);

/* Gathers the delayed pieces that leave a tree, in ascending order. */
struct rsvd_count {
	uint32_t cluster_bits;
	uint32_t clusters;	/* that had such a piece */
	uint32_t first, last;	/* the lowest and the highest of them */
};

void rsvd_count_init(struct rsvd_count *rc, uint32_t cluster_bits);

/* Add the piece [@lblk, @end]. */
void rsvd_count_add(struct rsvd_count *rc, uint32_t lblk, uint32_t end);

/* Settle what was gathered against the tree it left; pending clusters that
 * hold nothing delayed any more are removed.
 * Return: clusters whose reservation is due back. */
uint32_t get_rsvd(const struct rsvd_count *rc, const struct es_tree *t,
		  struct pending_set *p, struct es_stats *s);

/* Set the pending state of the clusters at both ends of [@lblk, @lblk +
 * @len), which has just become written or unwritten; takes up to two
 * prepared nodes.
 * Return: clusters newly pending: their reservation is used up. */
uint32_t revise_pending(struct pending_set *p, struct es_stats *s,
			const struct es_tree *t, uint32_t cluster_bits,
			uint32_t lblk, uint32_t len);

#endif
