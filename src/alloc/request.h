/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is asked of the kernel-like allocator, and what it asks itself: the
 * goal, the locality and the normalised length.  Pure: values in, values
 * out.
 */
#ifndef E4PACK_ALLOC_REQUEST_H
#define E4PACK_ALLOC_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "alloc/mballoc.h"

/* The file system as far as requests depend on it. */
struct request_geometry {
	uint64_t blocks;	/* of the file system */
	uint32_t first_block;	/* s_first_data_block */
	uint32_t group_blocks;	/* s_blocks_per_group */
	uint32_t flex_groups;	/* groups of a flex group, 1: none */
	uint32_t block_bits;	/* log2 of the block size in bytes */
	uint32_t cluster_bits;	/* log2 of the blocks of a cluster */
	uint32_t group_prealloc;	/* clusters of a packing window, 0: no
					 * windows are kept */
};

/* A goal that would put logical block @lblk beside the mapped @near_lblk,
 * which is @near_pblk; 0 where that would be below block 0. */
uint64_t request_goal_near(uint32_t lblk, uint32_t near_lblk,
			   uint64_t near_pblk);

/* A goal for an inode of group @group with nothing mapped: its group, or in
 * a flex group of 4 groups and more the first, for regular files the
 * second. */
uint64_t request_goal_group(const struct request_geometry *geo,
			    uint32_t group, bool regular);

/* Who its blocks will lie beside. */
enum locality {
	LOCALITY_NONE,		/* nothing is allocated ahead */
	LOCALITY_GROUP,		/* small files share a packing window */
	LOCALITY_STREAM,	/* a file, which may grow */
};

enum { REQUEST_STREAM_BLOCKS = 16 };	/* larger files are no small files */

/* Group or file: the 16-block rule. */
enum locality request_locality(const struct request_geometry *geo,
			       const struct alloc_request *req);

/* A request in clusters, whole clusters only. */
struct request_extent {
	uint32_t lblk;		/* first logical block, at a cluster */
	uint32_t len;		/* clusters */
};

/* Logical block behind @e. */
uint64_t request_extent_end(const struct request_geometry *geo,
			    const struct request_extent *e);

/* Cut @req to what one extent and one group hold, and widen it to clusters. */
struct request_extent request_original(const struct request_geometry *geo,
				       const struct alloc_request *req);

/* The stretch of logical blocks that other preallocations of the file leave
 * around the request; @end is behind the last. */
struct request_room {
	uint64_t start, end;
};

/* The normalised form of a request: what is looked for. */
struct request_goal {
	struct request_extent extent;
	uint64_t pblk;		/* where it would lie best */
	bool try_pblk;		/* look there before anywhere else */
};

/* Normalise: the size classes, clipped to the group's length, to mapped
 * neighbours and to @room. */
struct request_goal request_normalize(const struct request_geometry *geo,
				      const struct alloc_request *req,
				      enum locality locality,
				      const struct request_room *room);

#endif
