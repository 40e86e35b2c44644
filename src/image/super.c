// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bitmaps, descriptors and superblocks of a new image.
 *
 * Conserved: per group, free clusters counted in the descriptor == zero bits
 * of its bitmap == clusters of the free runs that lie in it; the blocks of all
 * of them are the superblock's count.
 *
 * A group is marked BLOCK_UNINIT when it holds nothing but its own
 * superblock backup, descriptors, bitmaps and table, because that is what a
 * reader then assumes; never the last one, whose bitmap has padding, and not
 * with bigalloc, where different kinds of metadata share clusters.
 * INODE_UNINIT when none of its inodes is in use.  ITABLE_ZEROED always: the
 * unused part of a table reads as zero.
 */
#include "image/super.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2fs.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "image/super_state.h"

enum { JOURNAL_IN_SUPER = 1 };

/* Clear bits @from up to, not including, @end. */
static void clear_bits(uint8_t *bitmap, uint32_t from, uint32_t end)
{
	uint32_t b;

	for (b = from; b < end; b++) {
		if (!(b & 7) && b + 8 <= end) {
			bitmap[b >> 3] = 0;
			b += 7;
			continue;
		}
		bitmap[b >> 3] &= (uint8_t)~(1u << (b & 7));
	}
}

/* Clear the bits of the free clusters, of 2^@bits blocks, that lie in the
 * group of the blocks @first to @last.  @next is the first run that may; it
 * moves on to the first that reaches behind the group.
 * Return: how many there are. */
static uint32_t clear_free(uint8_t *bitmap, const struct image_usage *u,
			   size_t *next, uint64_t first, uint64_t last,
			   int bits)
{
	uint32_t count = 0;

	for (; *next < u->n_free; (*next)++) {
		const struct run *r = &u->free[*next];
		uint64_t from = r->start > first ? r->start : first;
		uint64_t end = r->start + r->len;

		if (r->start > last)
			break;
		if (end > last + 1)
			end = last + 1;
		clear_bits(bitmap, (uint32_t)((from - first) >> bits),
			   (uint32_t)((end - first) >> bits));
		count += (uint32_t)((end - from) >> bits);
		if (r->start + r->len > last + 1)
			break;
	}
	return count;
}

/* Whether all of group @g that is in use is what a reader assumes of a group
 * without a bitmap. */
static bool holds_only_own_metadata(ext2_filsys fs, dgrp_t g, uint32_t free,
				    uint64_t first, uint64_t last)
{
	blk64_t super, old_desc, new_desc, at;
	blk_t used = 0;
	uint32_t own;

	ext2fs_super_and_bgd_loc2(fs, g, &super, &old_desc, &new_desc, &used);
	own = used;
	at = ext2fs_block_bitmap_loc(fs, g);
	own += at >= first && at <= last;
	at = ext2fs_inode_bitmap_loc(fs, g);
	own += at >= first && at <= last;
	at = ext2fs_inode_table_loc(fs, g);
	if (at >= first && at <= last)
		own += fs->inode_blocks_per_group;
	return own + free == last - first + 1;
}

/* Encode and write one group's block bitmap, where it needs one, and set its
 * counts. */
static errcode_t write_block_bitmap(ext2_filsys fs, const struct blockio *io,
				    const struct image_usage *u, dgrp_t g,
				    uint8_t *bitmap, size_t *next)
{
	uint64_t first = ext2fs_group_first_block2(fs, g);
	uint64_t last = ext2fs_group_last_block2(fs, g);
	uint32_t free;

	memset(bitmap, 0xff, fs->blocksize);
	free = clear_free(bitmap, u, next, first, last,
			  fs->cluster_ratio_bits);
	ext2fs_bg_free_blocks_count_set(fs, g, free);
	ext2fs_bg_flags_clear(fs, g, EXT2_BG_BLOCK_UNINIT);
	if (ext2fs_has_group_desc_csum(fs) && !fs->cluster_ratio_bits &&
	    g != fs->group_desc_count - 1 &&
	    holds_only_own_metadata(fs, g, free, first, last)) {
		ext2fs_bg_flags_set(fs, g, EXT2_BG_BLOCK_UNINIT);
		return 0;
	}
	ext2fs_block_bitmap_csum_set(fs, g, (char *)bitmap,
				     (int)(fs->super->s_clusters_per_group /
					   8));
	return blockio_write(io, ext2fs_block_bitmap_loc(fs, g), 1, bitmap);
}

/* Set the bits of the inodes of group @g that are in use; the rest of the
 * block is padding.  Return: how many.  *@last is behind the last of them. */
static uint32_t fill_inode_bitmap(ext2_filsys fs, const struct image_usage *u,
				  dgrp_t g, uint8_t *bitmap, uint32_t *last)
{
	uint32_t per_group = fs->super->s_inodes_per_group, used = 0, i;
	uint64_t before = (uint64_t)g * per_group;
	uint64_t left = u->last_ino > before ? u->last_ino - before : 0;
	uint32_t end = left < per_group ? (uint32_t)left : per_group;

	memset(bitmap, 0xff, fs->blocksize);
	memset(bitmap, 0, per_group / 8);
	*last = 0;
	for (i = 0; i < end; i++) {
		if (!(u->inodes[(before + i) >> 3] >> ((before + i) & 7) & 1))
			continue;
		bitmap[i >> 3] |= (uint8_t)(1u << (i & 7));
		*last = i + 1;
		used++;
	}
	return used;
}

static errcode_t write_inode_bitmap(ext2_filsys fs, const struct blockio *io,
				    const struct image_usage *u, dgrp_t g,
				    uint8_t *bitmap)
{
	uint32_t per_group = fs->super->s_inodes_per_group, last;
	uint32_t used = fill_inode_bitmap(fs, u, g, bitmap, &last);

	ext2fs_bg_free_inodes_count_set(fs, g, per_group - used);
	ext2fs_bg_used_dirs_count_set(fs, g, u->dirs[g]);
	if (ext2fs_has_group_desc_csum(fs)) {
		ext2fs_bg_itable_unused_set(fs, g, per_group - last);
		ext2fs_bg_flags_clear(fs, g, EXT2_BG_INODE_UNINIT);
		ext2fs_bg_flags_set(fs, g, EXT2_BG_INODE_ZEROED);
		if (!used) {
			ext2fs_bg_flags_set(fs, g, EXT2_BG_INODE_UNINIT);
			return 0;
		}
	}
	ext2fs_inode_bitmap_csum_set(fs, g, (char *)bitmap,
				     (int)(per_group / 8));
	return blockio_write(io, ext2fs_inode_bitmap_loc(fs, g), 1, bitmap);
}

static errcode_t write_bitmaps(ext2_filsys fs, const struct blockio *io,
			       const struct image_usage *u)
{
	uint8_t *bitmap = malloc(fs->blocksize);
	uint64_t free_clusters = 0, free_inodes = 0;
	size_t next = 0;
	errcode_t err = bitmap ? 0 : ENOMEM;
	dgrp_t g;

	for (g = 0; !err && g < fs->group_desc_count; g++) {
		err = write_block_bitmap(fs, io, u, g, bitmap, &next);
		if (!err)
			err = write_inode_bitmap(fs, io, u, g, bitmap);
		free_clusters += ext2fs_bg_free_blocks_count(fs, g);
		free_inodes += ext2fs_bg_free_inodes_count(fs, g);
		ext2fs_group_desc_csum_set(fs, g);
	}
	ext2fs_free_blocks_count_set(fs->super, free_clusters <<
						fs->cluster_ratio_bits);
	fs->super->s_free_inodes_count = (uint32_t)free_inodes;
	free(bitmap);
	return err;
}

/* The times of the superblock are 40 bits wide: 32 and a high byte. */
static void set_times(struct ext2_super_block *sb, int64_t time)
{
	sb->s_mkfs_time = sb->s_wtime = sb->s_lastcheck = (uint32_t)time;
	sb->s_mkfs_time_hi = (uint8_t)(time >> 32);
	sb->s_wtime_hi = (uint8_t)(time >> 32);
	sb->s_lastcheck_hi = (uint8_t)(time >> 32);
}

static void set_journal(struct ext2_super_block *sb,
			const struct image_usage *u)
{
	int i;

	if (!u->journal_i_block)
		return;
	sb->s_journal_inum = EXT2_JOURNAL_INO;
	sb->s_jnl_backup_type = JOURNAL_IN_SUPER;
	for (i = 0; i < EXT2_N_BLOCKS; i++)
		sb->s_jnl_blocks[i] = get_le32(u->journal_i_block + 4 * i);
	sb->s_jnl_blocks[15] = (uint32_t)(u->journal_bytes >> 32);
	sb->s_jnl_blocks[16] = (uint32_t)u->journal_bytes;
}

/* The descriptors in the byte order of the disk, to free(). */
static errcode_t disk_descriptors(ext2_filsys fs, uint8_t **ret)
{
	size_t bytes = (size_t)fs->desc_blocks * fs->blocksize;
	uint8_t *copy = malloc(bytes);

	if (!copy)
		return ENOMEM;
	memcpy(copy, fs->group_desc, bytes);
#ifdef WORDS_BIGENDIAN
	for (dgrp_t g = 0; g < fs->group_desc_count; g++)
		ext2fs_swap_group_desc2(fs, ext2fs_group_desc(fs, (void *)copy,
							      g));
#endif
	*ret = copy;
	return 0;
}

/* Put the superblock, as group @g keeps it, into @out. */
static void disk_super(ext2_filsys fs, dgrp_t g, struct ext2_super_block *out)
{
	*out = *fs->super;
	out->s_block_group_nr = g < UINT16_MAX ? (uint16_t)g : UINT16_MAX;
	if (g)
		out->s_state &= ~EXT2_VALID_FS;
#ifdef WORDS_BIGENDIAN
	ext2fs_swap_super(out);
#endif
	ext2fs_superblock_csum_set(fs, out);
}

static errcode_t write_backup_super(ext2_filsys fs, const struct blockio *io,
				    dgrp_t g, uint64_t pblk)
{
	struct ext2_super_block *sb = calloc(1, fs->blocksize);
	errcode_t err;

	if (!sb)
		return ENOMEM;
	disk_super(fs, g, sb);
	err = blockio_write(io, pblk, 1, sb);
	free(sb);
	return err;
}

static errcode_t write_group_copies(ext2_filsys fs, const struct blockio *io,
				    const uint8_t *desc)
{
	blk64_t super, old_desc, new_desc;
	uint32_t meta_bg;
	errcode_t err = 0;
	dgrp_t g;

	for (g = 0; !err && g < fs->group_desc_count; g++) {
		ext2fs_super_and_bgd_loc2(fs, g, &super, &old_desc, &new_desc,
					  NULL);
		if (g && super)
			err = write_backup_super(fs, io, g, super);
		if (!err && old_desc)
			err = blockio_write(io, old_desc, fs->desc_blocks,
					    desc);
		meta_bg = g / EXT2_DESC_PER_BLOCK(fs->super);
		if (!err && new_desc)
			err = blockio_write(io, new_desc, 1, desc +
					    (size_t)meta_bg * fs->blocksize);
	}
	return err;
}

errcode_t super_write_groups(struct geometry *g, const struct blockio *io,
			     const struct image_usage *u)
{
	uint8_t *desc = NULL;
	errcode_t err;

	set_times(g->fs->super, g->time);
	set_journal(g->fs->super, u);
	err = write_bitmaps(g->fs, io, u);
	if (!err)
		err = disk_descriptors(g->fs, &desc);
	if (!err)
		err = write_group_copies(g->fs, io, desc);
	free(desc);
	return err;
}

errcode_t super_write_primary(const struct geometry *g,
			      const struct blockio *io)
{
	struct ext2_super_block sb;

	disk_super(g->fs, 0, &sb);
	return io_pwrite(io->fd, &sb, SUPER_BYTES, io->offset + SUPER_POSITION);
}

errcode_t super_wipe(const struct blockio *io)
{
	size_t bytes = SUPER_POSITION + SUPER_BYTES;
	uint8_t *zeros;
	errcode_t err;

	if (bytes < io->block_size)
		bytes = io->block_size;
	zeros = calloc(1, bytes);
	if (!zeros)
		return ENOMEM;
	err = io_pwrite(io->fd, zeros, bytes, io->offset);
	free(zeros);
	return err;
}

/* Write one reserved descriptor block: an indirect block that lists the same
 * block of every backup group. */
static errcode_t write_reserved(const struct geometry *g,
				const struct blockio *io, uint64_t pblk,
				uint8_t *block, uint64_t *used)
{
	uint32_t n = 0;
	dgrp_t grp;

	memset(block, 0, g->format.block_size);
	for (grp = 1; grp < g->groups; grp++) {
		if (!ext2fs_bg_has_super(g->fs, grp))
			continue;
		put_le32(block + 4 * n++, (uint32_t)(pblk + (uint64_t)grp *
						     g->group_blocks));
	}
	*used += 1 + n;
	return blockio_write(io, pblk, 1, block);
}

errcode_t super_resize_inode(const struct geometry *g,
			     const struct blockio *io, uint64_t pblk,
			     struct inode_values *v)
{
	const struct ext2_super_block *sb = g->fs->super;
	uint32_t per_block = g->format.block_size / 4, i;
	uint8_t *dind = calloc(2, g->format.block_size);
	uint8_t *block = dind ? dind + g->format.block_size : NULL;
	blk64_t super, old_desc, new_desc, at;
	uint64_t used = 1;
	errcode_t err = dind ? 0 : ENOMEM;

	ext2fs_super_and_bgd_loc2(g->fs, 0, &super, &old_desc, &new_desc,
				  NULL);
	at = super + 1 + g->fs->desc_blocks;
	for (i = 0; !err && i < sb->s_reserved_gdt_blocks; i++) {
		uint32_t slot = (g->fs->desc_blocks + i) % per_block;

		put_le32(dind + 4 * slot, (uint32_t)(at + i));
		err = write_reserved(g, io, at + i, block, &used);
	}
	if (!err)
		err = blockio_write(io, pblk, 1, dind);
	free(dind);
	if (err)
		return err;
	memset(v, 0, sizeof(*v));
	v->mode = LINUX_S_IFREG | 0600;
	v->links = 1;
	v->size = ((uint64_t)per_block * per_block + per_block +
		   EXT2_NDIR_BLOCKS) * g->format.block_size;
	v->blocks = used << g->format.cluster_bits;
	put_le32(v->i_block + 4 * EXT2_DIND_BLOCK, (uint32_t)pblk);
	return 0;
}

errcode_t super_journal(const struct geometry *g, const struct blockio *io,
			uint64_t pblk, uint64_t blocks)
{
	struct ext2fs_journal_params params = {
		.num_journal_blocks = (blk_t)blocks,
	};
	char *jsb = NULL;
	errcode_t err;

	err = ext2fs_create_journal_superblock2(g->fs, &params, 0, &jsb);
	if (err)
		return err == EXT2_ET_NO_MEMORY ? ENOMEM : err;
	err = blockio_write(io, pblk, 1, jsb);
	ext2fs_free_mem(&jsb);
	return err;
}
