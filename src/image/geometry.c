// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame of a new file system, by ext2fs_initialize() and
 * ext2fs_allocate_tables() over an I/O channel that refuses every access:
 * libext2fs computes here, it neither reads nor writes.
 */
#include "image/geometry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2fs.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/null_io.h"

enum {
	LOG_GROUPS_PER_FLEX = 4, CRC32C_CHKSUM = 1,
	MAX_GROUP_CLUSTERS = 65528,	/* what 16 bits count, in whole bytes */
	MAX_GROUP_INODES = 65536,	/* and a table block less than that */
};

static uint32_t cluster_blocks(const struct geometry_options *o)
{
	return o->cluster_size / o->block_size;
}

/* As many as a bitmap of one block has bits. */
static uint32_t group_clusters(const struct geometry_options *o)
{
	uint32_t n = o->block_size * 8;

	return n > MAX_GROUP_CLUSTERS ? MAX_GROUP_CLUSTERS : n;
}

uint64_t geometry_group_blocks(const struct geometry_options *o)
{
	return (uint64_t)group_clusters(o) * cluster_blocks(o);
}

/* The boot block of 1 KiB stands before the groups, unless it lies in the
 * cluster of the superblock. */
uint32_t geometry_first_block(const struct geometry_options *o)
{
	return o->cluster_size == 1024;
}

uint64_t geometry_most_inodes(const struct geometry_options *o,
			      uint64_t blocks)
{
	uint64_t groups = div_round_up(blocks, geometry_group_blocks(o));
	uint32_t per_block = o->block_size / o->inode_size;
	uint32_t n = o->block_size * 8;

	if (!features_has(&o->features, "bigalloc"))
		return UINT32_MAX;
	if (n > MAX_GROUP_INODES - per_block)
		n = MAX_GROUP_INODES - per_block;
	n -= n % (per_block > 8 ? per_block : 8);
	return groups < UINT32_MAX / n ? groups * n : UINT32_MAX;
}

uint64_t geometry_journal_blocks(uint64_t blocks)
{
	int n = ext2fs_default_journal_size(blocks);

	return n < 1024 ? 1024 : (uint64_t)n;
}

/* Reserved descriptor blocks that let the file system grow to
 * o->resize_blocks, as many as one indirect block can list. */
static uint32_t reserved_descriptors(const struct geometry_options *o)
{
	bool wide = features_has(&o->features, "64bit");
	uint64_t per_block = o->block_size / (wide ? 64 : 32);
	uint64_t group_blocks = geometry_group_blocks(o);
	uint64_t groups = div_round_up(o->blocks, group_blocks);
	uint64_t later = div_round_up(o->resize_blocks, group_blocks);
	uint64_t now = div_round_up(groups, per_block);
	uint64_t then = div_round_up(later, per_block);
	uint64_t n = then > now ? then - now : 0;

	return n > o->block_size / 4 ? o->block_size / 4 : (uint32_t)n;
}

/* @bytes as the superblock keeps sizes: log2 of KiB. */
static uint32_t log_size(uint32_t bytes)
{
	uint32_t bits = 0;

	while (UINT32_C(1024) << bits < bytes)
		bits++;
	return bits;
}

static void set_param(struct ext2_super_block *p,
		      const struct geometry_options *o, uint64_t inodes)
{
	memset(p, 0, sizeof(*p));
	p->s_log_block_size = log_size(o->block_size);
	p->s_log_cluster_size = log_size(o->cluster_size);
	if (features_has(&o->features, "bigalloc"))
		p->s_clusters_per_group = group_clusters(o);
	p->s_rev_level = EXT2_DYNAMIC_REV;
	p->s_inode_size = (uint16_t)o->inode_size;
	p->s_inodes_count = (uint32_t)inodes;
	p->s_feature_compat = o->features.compat;
	p->s_feature_incompat = o->features.incompat;
	p->s_feature_ro_compat = o->features.ro_compat;
	/* Its blocks are mapped by numbers of 32 bits. */
	if (o->blocks > UINT32_MAX)
		p->s_feature_compat &= ~EXT2_FEATURE_COMPAT_RESIZE_INODE;
	/* The counts have high halves only with 64bit: features come first. */
	ext2fs_blocks_count_set(p, o->blocks);
	ext2fs_r_blocks_count_set(p, (blk64_t)(o->reserved_percent *
					       (double)o->blocks / 100.0));
	if (features_has(&o->features, "flex_bg"))
		p->s_log_groups_per_flex = LOG_GROUPS_PER_FLEX;
	if (features_has(&o->features, "sparse_super2")) {
		p->s_backup_bgs[0] = o->num_backup_sb > 0 ? 1 : 0;
		p->s_backup_bgs[1] = o->num_backup_sb > 1 ? ~0u : 0;
	}
	if (o->resize_blocks && ext2fs_has_feature_resize_inode(p))
		p->s_reserved_gdt_blocks = (uint16_t)reserved_descriptors(o);
	p->s_raid_stride = (uint16_t)o->stride;
	p->s_raid_stripe_width = o->stripe_width;
}

/* What ext2fs_initialize() leaves at its own default and we settle. */
static void set_super(ext2_filsys fs, const struct geometry_options *o)
{
	struct ext2_super_block *sb = fs->super;

	memcpy(sb->s_volume_name, o->label, sizeof(sb->s_volume_name));
	sb->s_def_hash_version = EXT2_HASH_HALF_MD4;
	sb->s_flags &= ~EXT2_FLAGS_SIGNED_HASH;
	sb->s_flags |= EXT2_FLAGS_UNSIGNED_HASH;
	sb->s_max_mnt_count = -1;
	sb->s_errors = EXT2_ERRORS_CONTINUE;
	sb->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	sb->s_state = EXT2_VALID_FS;
	if (!features_has(&o->features, "extra_isize")) {
		sb->s_min_extra_isize = 0;
		sb->s_want_extra_isize = 0;
	}
	if (ext2fs_has_feature_metadata_csum(sb))
		sb->s_checksum_type = CRC32C_CHKSUM;
}

void geometry_set_identity(struct geometry *g, const uint8_t uuid[16],
			   const uint8_t hash_seed[16])
{
	struct ext2_super_block *sb = g->fs->super;
	int i;

	memcpy(sb->s_uuid, uuid, sizeof(sb->s_uuid));
	memcpy(sb->s_hash_seed, hash_seed, sizeof(sb->s_hash_seed));
	/* ext2fs_init_csum_seed() would take the old one with csum_seed. */
	g->fs->csum_seed = format_crc32c(~0u, sb->s_uuid,
					 sizeof(sb->s_uuid));
	if (ext2fs_has_feature_csum_seed(sb))
		sb->s_checksum_seed = g->fs->csum_seed;
	g->format.csum_seed = g->fs->csum_seed;
	for (i = 0; i < 4; i++)
		g->format.hash_seed[i] = get_le32(hash_seed + 4 * i);
}

void geometry_set_features(struct format *fmt, const struct features *f)
{
	fmt->extra_isize = fmt->inode_size > EXT2_GOOD_OLD_INODE_SIZE ?
		sizeof(struct ext2_inode_large) - EXT2_GOOD_OLD_INODE_SIZE : 0;
	fmt->hash_version = EXT2_HASH_HALF_MD4;
	fmt->metadata_csum = features_has(f, "metadata_csum");
	fmt->extents = features_has(f, "extent");
	fmt->filetype = features_has(f, "filetype");
	fmt->dir_index = features_has(f, "dir_index");
	fmt->large_dir = features_has(f, "large_dir");
	fmt->dir_nlink = features_has(f, "dir_nlink");
	fmt->ea_inode = features_has(f, "ea_inode");
	fmt->ext_attr = features_has(f, "ext_attr");
	fmt->huge_file = features_has(f, "huge_file");
	fmt->large_file = features_has(f, "large_file");
	fmt->inline_data = features_has(f, "inline_data");
}

static void set_format(struct geometry *g, const struct geometry_options *o)
{
	struct format *fmt = &g->format;

	fmt->block_size = o->block_size;
	fmt->block_bits = 10 + g->fs->super->s_log_block_size;
	fmt->cluster_bits = (uint32_t)g->fs->cluster_ratio_bits;
	fmt->inode_size = o->inode_size;
	geometry_set_features(fmt, &o->features);
}

/* Take @count blocks at or after *@from for group metadata. */
static errcode_t take_blocks(ext2_filsys fs, blk64_t *from, uint32_t count,
			     blk64_t *ret)
{
	errcode_t err = ext2fs_get_free_blocks2(fs, *from,
						ext2fs_blocks_count(fs->super),
						(int)count, fs->block_map,
						ret);

	if (err)
		return err;
	ext2fs_mark_block_bitmap_range2(fs->block_map, *ret, count);
	*from = *ret + count;
	return 0;
}

/* -E packed_meta_blocks: kind by kind, from the beginning of the image. */
static errcode_t allocate_packed(ext2_filsys fs)
{
	blk64_t from = fs->super->s_first_data_block, at;
	errcode_t err;
	dgrp_t g;

	for (g = 0; g < fs->group_desc_count; g++) {
		err = take_blocks(fs, &from, 1, &at);
		if (err)
			return err;
		ext2fs_block_bitmap_loc_set(fs, g, at);
	}
	for (g = 0; g < fs->group_desc_count; g++) {
		err = take_blocks(fs, &from, 1, &at);
		if (err)
			return err;
		ext2fs_inode_bitmap_loc_set(fs, g, at);
	}
	for (g = 0; g < fs->group_desc_count; g++) {
		err = take_blocks(fs, &from, fs->inode_blocks_per_group, &at);
		if (err)
			return err;
		ext2fs_inode_table_loc_set(fs, g, at);
	}
	return 0;
}

/* Walk the gaps; @runs NULL only counts.  The bitmap of a new frame has a bit
 * for each block; a cluster that metadata touches is in no gap. */
static void walk_gaps(ext2_filsys fs, struct run *runs, size_t *n,
		      uint64_t *blocks)
{
	blk64_t at = fs->super->s_first_data_block, start, end;
	blk64_t last = ext2fs_blocks_count(fs->super) - 1;
	blk64_t mask = (UINT64_C(1) << fs->cluster_ratio_bits) - 1;

	*n = 0;
	*blocks = 0;
	while (at <= last &&
	       !ext2fs_find_first_zero_block_bitmap2(fs->block_map, at, last,
						     &start)) {
		if (ext2fs_find_first_set_block_bitmap2(fs->block_map, start,
							last, &end))
			end = last + 1;
		at = end;
		start = (start + mask) & ~mask;
		end &= ~mask;
		if (start >= end)
			continue;
		if (runs)
			runs[*n] = (struct run){ start, end - start };
		(*n)++;
		*blocks += end - start;
	}
}

errcode_t geometry_gaps(const struct geometry *g, struct run **ret, size_t *n)
{
	uint64_t blocks;
	struct run *runs;

	walk_gaps(g->fs, NULL, n, &blocks);
	runs = calloc(*n ? *n : 1, sizeof(*runs));
	if (!runs)
		return ENOMEM;
	walk_gaps(g->fs, runs, n, &blocks);
	*ret = runs;
	return 0;
}

static void set_counts(struct geometry *g, const struct geometry_options *o)
{
	struct ext2_super_block *sb = g->fs->super;
	size_t n;

	g->blocks = ext2fs_blocks_count(sb);
	g->first_block = sb->s_first_data_block;
	g->groups = g->fs->group_desc_count;
	g->group_blocks = sb->s_blocks_per_group;
	g->inodes = sb->s_inodes_count;
	g->group_inodes = sb->s_inodes_per_group;
	g->table_blocks = g->fs->inode_blocks_per_group;
	g->flex_groups = UINT32_C(1) << sb->s_log_groups_per_flex;
	g->time = o->time;
	walk_gaps(g->fs, NULL, &n, &g->free_blocks);
	g->fixed_blocks = g->blocks - g->free_blocks;
	set_format(g, o);
}

/* Whether block numbers, and the 8 inodes that a group has at least, can be
 * counted. */
static bool can_count(const struct geometry_options *o)
{
	if (!features_has(&o->features, "64bit"))
		return o->blocks <= UINT32_MAX;
	return o->blocks / geometry_group_blocks(o) <= UINT32_MAX / 16;
}

static errcode_t own_code(errcode_t err)
{
	switch (err) {
	case EXT2_ET_NO_MEMORY:
		return ENOMEM;
	case EXT2_ET_TOOSMALL:
	case EXT2_ET_INVALID_ARGUMENT:
	case EXT2_ET_BLOCK_ALLOC_FAIL:
		return E4PACK_ET_TOO_SMALL;
	case EXT2_ET_TOO_MANY_INODES:
		return E4PACK_ET_NO_INODES;
	default:
		return err;
	}
}

/* libext2fs rounds the inodes of a group down to a multiple of 8, which can
 * leave fewer than were asked for: then ask for more. */
static errcode_t initialize(ext2_filsys *fs, const struct geometry_options *o)
{
	struct ext2_super_block param;
	uint64_t inodes = o->inodes;
	int tries;
	errcode_t err;

	if (!can_count(o))
		return E4PACK_ET_TOO_BIG;
	for (tries = 0; tries < 4; tries++) {
		if (inodes > UINT32_MAX)
			return E4PACK_ET_NO_INODES;
		set_param(&param, o, inodes);
		err = ext2fs_initialize("", EXT2_FLAG_64BITS, &param,
					null_io_manager, fs);
		if (err)
			return own_code(err);
		if ((*fs)->super->s_inodes_count >= o->inodes)
			return 0;
		inodes += 8 * (uint64_t)(*fs)->group_desc_count;
		ext2fs_free(*fs);
		*fs = NULL;
	}
	return E4PACK_ET_NO_INODES;
}

errcode_t geometry_init(struct geometry *g, const struct geometry_options *o)
{
	struct geometry new = { .fs = NULL };
	errcode_t err;

	err = initialize(&new.fs, o);
	if (err)
		return err;
	set_super(new.fs, o);
	err = o->packed_meta ? allocate_packed(new.fs) :
			       ext2fs_allocate_tables(new.fs);
	if (err) {
		ext2fs_free(new.fs);
		return own_code(err);
	}
	set_counts(&new, o);
	geometry_set_identity(&new, o->uuid, o->hash_seed);
	*g = new;
	return 0;
}

void geometry_release(struct geometry *g)
{
	if (g->fs)
		ext2fs_free(g->fs);
	memset(g, 0, sizeof(*g));
}

uint64_t geometry_inode_table(const struct geometry *g, uint32_t group)
{
	return ext2fs_inode_table_loc(g->fs, group);
}

uint64_t geometry_resize_blocks(const struct geometry *g)
{
	return ext2fs_has_feature_resize_inode(g->fs->super) ? 1 : 0;
}
