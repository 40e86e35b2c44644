/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the multi-block allocator share; for them alone. */
#ifndef E4PACK_ALLOC_MBALLOC_STATE_H
#define E4PACK_ALLOC_MBALLOC_STATE_H

#include "alloc/free_runs.h"
#include "alloc/group.h"
#include "alloc/mballoc.h"
#include "alloc/mballoc_kernel.h"
#include "alloc/prealloc.h"

/* What kernel mode has beside the free runs, which are what is free on
 * disk. */
struct kernel_mode {
	struct request_geometry geo;
	struct group_set groups;	/* buddies, preallocations used */
	struct prealloc_set preallocs;
	uint32_t *stream_groups;	/* where streams went last */
	uint32_t n_streams;
	bool by_order;			/* optimize_scan */
	struct mballoc_event event;	/* the last request */
};

struct mballoc {
	struct free_runs free;
	struct run *gaps;	/* all that was free at first, ascending */
	size_t n_gaps;
	uint64_t used;		/* blocks handed out and not given back */
	uint64_t requests;	/* served so far */
	uint32_t group_blocks;	/* as given, for the trace */
	uint32_t first_block;
	uint32_t cluster_bits;	/* for the trace of best fit */
	struct trace *trace;	/* NULL: nobody is told */
	struct kernel_mode *kernel;	/* NULL: best fit */
};

/* kernel_mode.c */

static inline uint64_t cluster_blocks(const struct kernel_mode *k,
				      uint32_t clusters)
{
	return (uint64_t)clusters << k->geo.cluster_bits;
}

void kernel_mode_free(struct kernel_mode *k);

/* Give what is free in @pa back to its buddy, and forget it. */
void kernel_mode_discard(struct mballoc *mb, struct prealloc *pa);

/* Give up preallocations, all of a group at a time, until @needed clusters
 * are free again.  Return: the number that is. */
uint32_t kernel_mode_discard_for(struct mballoc *mb, uint32_t needed);

/* As mballoc_release(), for blocks that lie in one gap. */
errcode_t kernel_mode_release(struct mballoc *mb, uint64_t start,
			      uint64_t len);

#ifdef ENABLE_VERIFY
/* Abort where a buddy is not what is free on disk less preallocations. */
void kernel_mode_verify(const struct mballoc *mb);
#endif

#endif
