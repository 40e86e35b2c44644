/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that the descriptor of a block group says, for people. */
#ifndef E4PACK_IMAGE_GROUP_DETAIL_H
#define E4PACK_IMAGE_GROUP_DETAIL_H

#include "image/format.h"
#include "image/image.h"

enum { GROUP_INODE_UNINIT = 1, GROUP_BLOCK_UNINIT = 2, GROUP_ZEROED = 4 };

struct group_detail {
	struct run blocks;	/* all of the group */
	uint32_t flags;		/* GROUP_*, and others */
	bool has_super;
	uint64_t super;		/* with has_super */
	struct run descriptors;	/* none: len 0 */
	struct run reserved;	/* for more descriptors; none: len 0 */
	uint64_t block_bitmap, inode_bitmap;
	uint32_t block_bitmap_csum, inode_bitmap_csum;
	struct run inode_table;
	uint32_t free_blocks;	/* clusters with bigalloc */
	uint32_t free_inodes, directories, unused_inodes;
	uint32_t csum;
	bool csum_good;		/* where groups have checksums */
};

/* Read it as it is stored: its places are not checked.  Reports.
 * Return: 0 or E4PACK_ET_BAD_IMAGE. */
errcode_t read_group_detail(struct group_detail *ret, struct image *img,
			    uint32_t group);

#endif
