/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The buddy of one block group: its free clusters as aligned chunks of 2^k.
 * Pure: it knows neither blocks of an image nor who asks.  Positions count
 * from the beginning of the group, in clusters.
 */
#ifndef E4PACK_ALLOC_BUDDY_H
#define E4PACK_ALLOC_BUDDY_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

/* Orders go from 0 to log2 of the block size + 1. */
enum { BUDDY_MAX_ORDER = 17, BUDDY_ORDERS = BUDDY_MAX_ORDER + 1 };

/* What the criteria ask of a group. */
struct buddy_counts {
	uint32_t free;			/* clusters, the kernel's bb_free */
	uint32_t fragments;		/* free runs, bb_fragments */
	uint32_t chunks[BUDDY_ORDERS];	/* free chunks by order, bb_counters */
};

/* Add a free run to counts taken without a buddy; the runs of a group are
 * maximal and come in any order. */
void buddy_counts_add(struct buddy_counts *c, uint32_t max_order,
		      uint32_t start, uint32_t len);

/* The order of the largest free chunk, -1: nothing is free. */
int buddy_counts_largest_order(const struct buddy_counts *c);

/* The order of the average free run (see buddy_order_of_average()), -1:
 * nothing is free. */
int buddy_counts_average_order(const struct buddy_counts *c,
			       uint32_t max_order);

/* The class of groups whose average free run is @len clusters long, or that
 * is searched first for so many: floor(log2 @len) - 1, within 0 and
 * @max_order. */
int buddy_order_of_average(uint32_t len, uint32_t max_order);

/* A stretch of a group; len 0: none. */
struct buddy_run {
	uint32_t start, len;	/* clusters */
};

struct buddy {
	struct buddy_counts counts;
	uint32_t clusters;	/* of the group */
	uint32_t max_order;
	uint32_t first_free;	/* nothing is free below it */
	uint64_t *used;		/* a bit each cluster: 1 is used */
	uint64_t *chunks[BUDDY_ORDERS];	/* by order, a bit each chunk: 1 is
					 * free, and its larger chunk is not */
};

/* Make a buddy of @clusters clusters, all used.
 * Return: 0, to be paired with buddy_release(); ENOMEM; E4PACK_ET_BUG when
 * @max_order is over BUDDY_MAX_ORDER. */
errcode_t buddy_init(struct buddy *b, uint32_t clusters, uint32_t max_order);
void buddy_release(struct buddy *b);

/* Free what the on-disk bitmap @bitmap (a bit each cluster, the lowest bit
 * of a byte first, 1 is used) says is free; to follow buddy_init().
 * Return: 0, or E4PACK_ET_BUG when something was free already. */
errcode_t buddy_load(struct buddy *b, const uint8_t *bitmap);

/* Turn clusters used or free.  Return: 0, or E4PACK_ET_BUG, with nothing
 * changed, when one of them is so already or outside of the group. */
errcode_t buddy_mark_used(struct buddy *b, uint32_t start, uint32_t len);
errcode_t buddy_mark_free(struct buddy *b, uint32_t start, uint32_t len);

bool buddy_is_free(const struct buddy *b, uint32_t cluster);

/* The chunk that is the first to be broken if [@start, @start + @len), which
 * is free, is marked used: its clusters, 0: none is, and in *@tail how many of
 * @len are not marked by then. */
uint32_t buddy_first_broken(const struct buddy *b, uint32_t start,
			    uint32_t len, uint32_t *tail);

/* The first chunk of the smallest order from @order up that has one. */
struct buddy_run buddy_first_chunk(const struct buddy *b, uint32_t order);

/* The free run that begins at or behind @from, @from itself included where
 * it is inside of one. */
struct buddy_run buddy_next_run(const struct buddy *b, uint32_t from);

/* What is free from @start on, by whole chunks, until it is at least
 * @needed clusters or the free run ends. */
struct buddy_run buddy_extent_at(const struct buddy *b, uint32_t start,
				 uint32_t needed);

#ifdef ENABLE_VERIFY
/* Abort where chunks and counts are not what the free clusters make. */
void buddy_verify(const struct buddy *b);
#else
static inline void buddy_verify(const struct buddy *b)
{
	(void)b;
}
#endif

#endif
