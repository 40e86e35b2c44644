/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last step of a new image: bitmaps from the free runs, group
 * descriptors, superblocks, the resize inode and the empty journal.
 */
#ifndef E4PACK_IMAGE_SUPER_H
#define E4PACK_IMAGE_SUPER_H

#include <stdint.h>

#include <et/com_err.h>

#include "image/geometry.h"
#include "image/inode.h"

/* What the image holds besides its frame. */
struct image_usage {
	const struct run *free;	/* ascending, not touching */
	size_t n_free;
	const uint8_t *inodes;	/* a bit for each number from 1 on: in use */
	uint32_t last_ino;	/* the highest number in use */
	const uint32_t *dirs;	/* folders per group */
	const uint8_t *journal_i_block;	/* the journal inode's 60 bytes, kept
					 * in the superblock too; NULL: none */
	uint64_t journal_bytes;
};

/* Write bitmaps, descriptors and the backups of the superblock.
 * Return: 0, ENOMEM, or the errno of a write. */
errcode_t super_write_groups(struct geometry *g, const struct blockio *io,
			     const struct image_usage *u);

/* Write the primary superblock, after everything else: it makes the image a
 * file system.  Return: 0, or the errno of a write. */
errcode_t super_write_primary(const struct geometry *g,
			      const struct blockio *io);

/* Fill the values of the resize inode and write its blocks: the doubly
 * indirect one at @pblk, and the reserved descriptors that it lists.
 * Return: 0, ENOMEM, or the errno of a write. */
errcode_t super_resize_inode(const struct geometry *g,
			     const struct blockio *io, uint64_t pblk,
			     struct inode_values *v);

/* Write the superblock of an empty journal of @blocks blocks to @pblk. */
errcode_t super_journal(const struct geometry *g, const struct blockio *io,
			uint64_t pblk, uint64_t blocks);

/* Wipe the first block and the place of the primary superblock, so that what
 * was there before is no file system while the new one is written over it,
 * and nothing of it is left beside the new one.
 * Return: 0, ENOMEM, or the errno of a write. */
errcode_t super_wipe(const struct blockio *io);

#endif
