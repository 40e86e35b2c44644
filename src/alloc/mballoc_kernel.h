/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel mode: the multi-block allocator as ext4 in the kernel has it, with
 * goals, size classes, preallocations and the search by criteria.  It is for
 * those who want to see what the kernel would do; best fit is better.
 */
#ifndef E4PACK_ALLOC_MBALLOC_KERNEL_H
#define E4PACK_ALLOC_MBALLOC_KERNEL_H

#include "alloc/mballoc.h"
#include "alloc/request.h"

enum optimize_scan {
	OPTIMIZE_SCAN_DEFAULT,	/* with 16 groups and more */
	OPTIMIZE_SCAN_ON,	/* look groups up by order */
	OPTIMIZE_SCAN_OFF,	/* go from group to group */
};

/* Zero this, then fill in what the file system has. */
struct mballoc_kernel_options {
	uint64_t blocks;	/* of the file system */
	uint32_t group_blocks;	/* s_blocks_per_group */
	uint32_t first_block;	/* s_first_data_block */
	uint32_t flex_groups;	/* groups of a flex group; 0: no flex_bg */
	uint32_t block_bits;	/* log2 of the block size in bytes */
	uint32_t cluster_bits;	/* log2 of the blocks of a cluster */
	uint32_t mb_group_prealloc;	/* clusters of a packing window; 0: as
					 * the kernel, 512 blocks and at least
					 * 32 clusters */
	enum optimize_scan optimize_scan;
	uint32_t stream_goals;	/* goals shared by the inodes, at most one for
				 * 4 groups; 0: one for all */
};

/* Make an allocator in kernel mode over the free runs @free, as
 * mballoc_new() does.
 * Return: 0 with *@ret to mballoc_free(); ENOMEM; E4PACK_ET_BUG when the runs
 * are not ascending, not whole clusters, or not in the file system. */
errcode_t mballoc_kernel_new(struct mballoc **ret, const struct run *free,
			     size_t n,
			     const struct mballoc_kernel_options *options);

/* Serve the beginning of @req with one run, at most as long as the request;
 * ask again for the rest.  With clusters the run is whole clusters, from the
 * beginning of the cluster that holds the first logical block.  Appends to
 * @out.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE with nothing free at all;
 * E4PACK_ET_SEQUENCE when @mb is not in kernel mode; E4PACK_ET_BUG for an
 * empty request, or one for a logical block that a preallocation has given
 * already.  Nothing is allocated on failure. */
errcode_t mballoc_kernel(struct mballoc *mb, struct run_list *out,
			 const struct alloc_request *req);

/* Give up what is preallocated: for one inode, at its last close or before
 * its blocks are released, or all of it, before free space is counted by
 * anybody else. */
void mballoc_discard_inode(struct mballoc *mb, uint32_t ino);
void mballoc_discard_preallocations(struct mballoc *mb);

/* The steps of the search, each less picky. */
enum criteria {
	CR_POWER2_ALIGNED,	/* a free chunk of the goal's order */
	CR_GOAL_LEN_FAST,	/* groups whose average run is long enough */
	CR_BEST_AVAIL_LEN,	/* the same for a goal cut shorter */
	CR_GOAL_LEN_SLOW,	/* groups with enough free clusters */
	CR_ANY_FREE,		/* whatever there is */
	CR_NONE,		/* no search: preallocated, or at the goal */
};

/* How the last request was served; for traces. */
struct mballoc_event {
	struct request_extent original, goal;
	uint64_t original_pblk;	/* the goal as it was asked for ... */
	uint64_t goal_pblk;	/* ... and as it was looked for */
	uint64_t pblk;		/* first block given */
	uint32_t len;		/* clusters given */
	uint32_t taken;		/* clusters taken from the buddy, 0: the
				 * request was served from a preallocation */
	enum locality locality;
	enum criteria criteria;
	uint32_t found;		/* free extents looked at */
	uint32_t groups;	/* groups searched */
	bool try_goal;		/* found at the goal */
	bool stream;		/* looked for from ... */
	uint32_t stream_group;	/* ... this group on, not from the goal */
	uint64_t found_pblk;	/* first block taken from the buddy */

	/* With a trace: how the buddy gave it. */
	uint32_t broken;	/* clusters of the first chunk broken, 0: none
				 * was */
	uint32_t tail;		/* clusters still to be had then */
};

/* Valid until the next request; all zero before the first. */
const struct mballoc_event *mballoc_kernel_event(const struct mballoc *mb);

#endif
