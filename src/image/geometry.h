/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frame of a new file system: how many groups, what each holds, where
 * superblocks, descriptors, bitmaps and inode tables lie.  libext2fs makes
 * it; this room is the only one that sees libext2fs.
 */
#ifndef E4PACK_IMAGE_GEOMETRY_H
#define E4PACK_IMAGE_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "image/blockio.h"
#include "image/features.h"
#include "image/format.h"

struct struct_ext2_filsys;

/* What to make.  Zero this, then fill in. */
struct geometry_options {
	struct features features;
	uint64_t blocks;	/* of the whole file system */
	uint64_t inodes;	/* at least so many */
	uint32_t block_size;	/* bytes */
	uint32_t cluster_size;	/* bytes; the block size without bigalloc */
	uint32_t inode_size;	/* bytes */
	double reserved_percent;	/* of the blocks, for root */
	uint32_t stride, stripe_width;	/* blocks, 0: none */
	bool packed_meta;	/* all bitmaps and tables at the beginning */
	int num_backup_sb;	/* sparse_super2: 0 to 2 */
	uint64_t resize_blocks;	/* room in the descriptors to grow to so many
				 * blocks; 0: libext2fs's choice */
	int64_t time;		/* of the superblock, seconds */
	uint8_t uuid[16], hash_seed[16];
	char label[17];		/* NUL-ended */
};

struct geometry {
	struct struct_ext2_filsys *fs;	/* inner */
	struct format format;
	uint64_t blocks;	/* may be fewer than asked for: whole clusters,
				 * and a last group too small for its own
				 * tables is dropped */
	uint32_t first_block;	/* s_first_data_block */
	uint32_t groups;
	uint32_t group_blocks;	/* blocks per group */
	uint32_t inodes;	/* of the whole file system */
	uint32_t group_inodes;	/* inodes per group */
	uint32_t table_blocks;	/* of one group's inode table */
	uint32_t flex_groups;	/* groups of a flex group, 1: no flex_bg */
	uint64_t fixed_blocks;	/* superblocks, descriptors, bitmaps, tables,
				 * and all else in the clusters they touch */
	uint64_t free_blocks;	/* all the others: whole clusters */
	int64_t time;
};

/* Make the frame.
 * Return: 0 with @g to geometry_release(); E4PACK_ET_TOO_SMALL;
 * E4PACK_ET_TOO_BIG when its blocks cannot be counted; E4PACK_ET_NO_INODES
 * when no such frame holds that many; ENOMEM; a code of libext2fs. */
errcode_t geometry_init(struct geometry *g, const struct geometry_options *o);
void geometry_release(struct geometry *g);

/* Give the frame another UUID and hash seed than it was made with. */
void geometry_set_identity(struct geometry *g, const uint8_t uuid[16],
			   const uint8_t hash_seed[16]);

/* Set what of @fmt follows from the features; fmt->inode_size is set. */
void geometry_set_features(struct format *fmt, const struct features *f);

/* Blocks of a group, and the block where group 0 begins, in frames made with
 * @o; many inodes can make groups smaller, but not with bigalloc. */
uint64_t geometry_group_blocks(const struct geometry_options *o);
uint32_t geometry_first_block(const struct geometry_options *o);

/* The most inodes that the groups of a frame of @blocks can hold, where
 * groups cannot be made smaller to have more of them; else UINT32_MAX. */
uint64_t geometry_most_inodes(const struct geometry_options *o,
			      uint64_t blocks);

/* Blocks of the journal that goes with @blocks, after libext2fs's table and
 * at least 1024. */
uint64_t geometry_journal_blocks(uint64_t blocks);

/* The gaps between the fixed blocks, whole clusters, ascending, as an array to free().
 * Return: 0 or ENOMEM. */
errcode_t geometry_gaps(const struct geometry *g, struct run **ret,
			size_t *n);

/* First block of @group's inode table. */
uint64_t geometry_inode_table(const struct geometry *g, uint32_t group);

/* Blocks that the resize inode needs besides the reserved descriptors: 1, or
 * 0 without it. */
uint64_t geometry_resize_blocks(const struct geometry *g);

#endif
