/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Block groups of an image: where their fixed parts lie, and what is free. */
#ifndef E4PACK_IMAGE_READ_GROUP_H
#define E4PACK_IMAGE_READ_GROUP_H

#include "image/format.h"
#include "image/image.h"

/* One group descriptor; every place in it lies inside of the image. */
struct group_info {
	uint64_t block_bitmap, inode_bitmap;	/* blocks */
	uint64_t inode_table;		/* first block */
	uint32_t inode_table_blocks;
	uint32_t inodes_in_use;		/* none after these is in use; 0 where
					 * the group never had one */
	bool block_uninit;	/* only its own fixed parts are in use */
};

/* Read and check the descriptor of @group.  Reports.
 * Return: 0 or E4PACK_ET_BAD_IMAGE. */
errcode_t read_group(struct group_info *ret, struct image *img,
		     uint32_t group);

/* A group descriptor as it lies, nothing checked. */
struct group_fields {
	uint64_t block_bitmap, inode_bitmap, inode_table;	/* blocks */
	uint32_t free_clusters, free_inodes;
	uint32_t folders;
	uint32_t unused_inodes;		/* at the end of its table */
	uint32_t flags;			/* GROUP_* */
	bool csum_good;			/* or there is none */
};

enum { GROUP_INODE_UNINIT = 1, GROUP_BLOCK_UNINIT = 2 };

void read_group_fields(struct group_fields *ret, struct image *img,
		       uint32_t group);

/* Whether the checksum of a bitmap, of @group and with block_size bytes, is
 * the one in its descriptor (of which a short one holds the lower half
 * only), or there is none. */
bool group_bitmap_is_right(struct image *img, uint32_t group,
			   const uint8_t *bits, bool of_inodes);

/* Where a group keeps copies of what describes the whole image. */
struct group_super {
	uint64_t super;		/* block with a superblock */
	uint64_t old_desc;	/* first block of all descriptors; 0: none */
	uint64_t old_blocks;	/* of them, and of those reserved behind */
	uint64_t new_desc;	/* block with those of its meta group; 0: none */
	uint32_t per_block;	/* descriptors in a block */
	bool has_super;
};

/* Find those of @group.  Reports.  Return: 0 or E4PACK_ET_BAD_IMAGE. */
errcode_t read_group_super(struct group_super *ret, struct image *img,
			   uint32_t group);

/* Read the inode bitmap of @g, descriptor of @group, to block_size bytes at
 * @out.  Reports.  Return: as image_read(), or E4PACK_ET_STRICT. */
errcode_t read_inode_bitmap(uint8_t *out, struct image *img, uint32_t group,
			    const struct group_info *g);

/* List what no allocator can move: superblocks, descriptors and the blocks
 * reserved for them, bitmaps and inode tables of all groups, rounded out to
 * whole clusters.  Sorted, neither touching nor overlapping.  Reports.
 * Return: 0 with *@ret to free(), ENOMEM, or as read_group(). */
errcode_t read_fixed_runs(struct run **ret, size_t *n_ret,
			  struct image *img);

/* Called for each run of free blocks.  A code other than 0 ends it. */
typedef errcode_t free_run_visit(void *arg, uint64_t start, uint64_t len);

/* Find every free run in ascending order; runs cross groups.  @fixed is what
 * read_fixed_runs() gave.  Reports.
 * Return: 0, what @visit returned, or as read_group() and image_read(). */
errcode_t read_free_runs(struct image *img, const struct run *fixed,
			 size_t n_fixed, free_run_visit *visit, void *arg);

/* As read_free_runs() in one group: its runs end where it does. */
errcode_t read_group_free_runs(struct image *img, uint32_t group,
			       const struct run *fixed, size_t n_fixed,
			       free_run_visit *visit, void *arg);

#endif
