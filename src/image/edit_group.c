// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bitmaps and counts of an image that is edited.
 *
 * Kept at each step, for every group and for the sums in the superblock
 *	free clusters counted = zero bits of the block bitmap
 *	free inodes counted = zero bits of the inode bitmap
 *	folders counted = inodes in use that are folders
 *
 * A group with BLOCK_UNINIT has no bitmap on disk: before its first cluster
 * is taken one is made, in which its own metadata is used.  INODE_UNINIT and
 * itable_unused say that inodes were never used: a number above moves the
 * border, so that the inodes between count as free ones.
 *
 * libext2fs keeps the descriptors in memory and knows their checksums;
 * nothing here makes it write.
 */
#include "image/edit_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/read_image.h"

enum { DIRTY_BLOCKS = 1, DIRTY_INODES = 2 };

struct group_edit {
	struct changes *changes;
	struct image *image;
	struct run *fixed;	/* what no allocator can move, once needed */
	size_t n_fixed;
	uint8_t *dirty;		/* per group: DIRTY_* */
};

static const struct image_geometry *geometry(const struct group_edit *e)
{
	return image_geometry(e->image);
}

static ext2_filsys fs_of(const struct group_edit *e)
{
	return e->image->fs;
}

/* After a recovery the superblock may count what was free before it. */
static void count_from_groups(struct group_edit *e)
{
	ext2_filsys fs = fs_of(e);
	uint64_t clusters = 0, inodes = 0;
	uint32_t group;

	for (group = 0; group < geometry(e)->groups; group++) {
		clusters += ext2fs_bg_free_blocks_count(fs, group);
		inodes += ext2fs_bg_free_inodes_count(fs, group);
	}
	ext2fs_free_blocks_count_set(fs->super, clusters <<
				     geometry(e)->cluster_bits);
	fs->super->s_free_inodes_count = (uint32_t)inodes;
}

errcode_t group_edit_new(struct group_edit **ret, struct changes *changes)
{
	struct group_edit *e = calloc(1, sizeof(*e));

	if (!e)
		return diag_nomem(image_diag(changes->image));
	e->changes = changes;
	e->image = changes->image;
	e->dirty = calloc(geometry(e)->groups, 1);
	if (!e->dirty) {
		group_edit_free(e);
		return diag_nomem(image_diag(changes->image));
	}
	count_from_groups(e);
	*ret = e;
	return 0;
}

void group_edit_free(struct group_edit *e)
{
	if (!e)
		return;
	free(e->fixed);
	free(e->dirty);
	free(e);
}

uint32_t group_edit_free_clusters(const struct group_edit *e, uint32_t group)
{
	return ext2fs_bg_free_blocks_count(fs_of(e), group);
}

uint32_t group_edit_free_inodes(const struct group_edit *e, uint32_t group)
{
	return ext2fs_bg_free_inodes_count(fs_of(e), group);
}

uint64_t group_edit_all_clusters(const struct group_edit *e)
{
	return ext2fs_free_blocks_count(fs_of(e)->super) >>
	       geometry(e)->cluster_bits;
}

uint32_t group_edit_all_inodes(const struct group_edit *e)
{
	return fs_of(e)->super->s_free_inodes_count;
}

static uint64_t group_start(const struct image_geometry *geo, uint32_t group)
{
	return geo->first_data_block +
	       (uint64_t)group * geo->blocks_per_group;
}

static uint32_t group_of(const struct image_geometry *geo, uint64_t pblk)
{
	return (uint32_t)((pblk - geo->first_data_block) /
			  geo->blocks_per_group);
}

static errcode_t need_fixed(struct group_edit *e)
{
	return e->fixed ? 0 : read_fixed_runs(&e->fixed, &e->n_fixed,
					      e->image);
}

errcode_t group_edit_free_runs(struct group_edit *e, uint32_t group,
			       free_run_visit *visit, void *arg)
{
	errcode_t err = 0;

	if (ext2fs_bg_flags_test(fs_of(e), group, EXT2_BG_BLOCK_UNINIT))
		err = need_fixed(e);
	return err ? err : read_group_free_runs(e->image, group, e->fixed,
						e->n_fixed, visit, arg);
}

static void set_bits(uint8_t *bits, uint32_t from, uint32_t n)
{
	for (; n; n--, from++)
		bits[from >> 3] |= (uint8_t)(1u << (from & 7));
}

/* The bitmap that a group without one has: only what is fixed is used, and
 * the padding behind its end. */
static errcode_t make_block_bitmap(struct group_edit *e, uint32_t group,
				   uint8_t *bits)
{
	const struct image_geometry *geo = geometry(e);
	uint64_t start = group_start(geo, group);
	uint64_t end = start + geo->blocks_per_group;
	errcode_t err = need_fixed(e);
	size_t i;

	if (err)
		return err;
	if (end > geo->blocks)
		end = geo->blocks;
	memset(bits, 0, geo->block_size);
	for (i = 0; i < e->n_fixed; i++) {
		uint64_t from = e->fixed[i].start;
		uint64_t to = from + e->fixed[i].len;

		from = from > start ? from : start;
		to = to < end ? to : end;
		if (from < to)
			set_bits(bits, (from - start) >> geo->cluster_bits,
				 div_round_up(to - from, UINT64_C(1) <<
					      geo->cluster_bits));
	}
	i = div_round_up(end - start, UINT64_C(1) << geo->cluster_bits);
	set_bits(bits, (uint32_t)i, geo->block_size * 8 - (uint32_t)i);
	ext2fs_bg_flags_clear(fs_of(e), group, EXT2_BG_BLOCK_UNINIT);
	return 0;
}

/* A bitmap as it lies in the image. */
static errcode_t check_bitmap(struct group_edit *e, uint32_t group,
			      const uint8_t *bits, bool of_inodes)
{
	if (group_bitmap_is_right(e->image, group, bits, of_inodes))
		return 0;
	return image_wrong_csum(e->image, IMAGE_CSUM_BITMAP,
				"%s bitmap of group %u",
				of_inodes ? "inode" : "block", group);
}

static errcode_t block_bitmap(struct group_edit *e, uint32_t group,
			      uint8_t **ret)
{
	struct group_info g;
	errcode_t err = read_group(&g, e->image, group);

	if (!err)
		err = changes_edit(e->changes, g.block_bitmap, ret);
	if (!err && g.block_uninit)
		err = make_block_bitmap(e, group, *ret);
	else if (!err && !(e->dirty[group] & DIRTY_BLOCKS))
		err = check_bitmap(e, group, *ret, false);
	if (!err)
		e->dirty[group] |= DIRTY_BLOCKS;
	return err;
}

/* Set or clear the bits of [@pblk, @pblk + @len), which lie in one group. */
static errcode_t mark_in_group(struct group_edit *e, uint32_t group,
			       uint64_t pblk, uint64_t len, bool used)
{
	const struct image_geometry *geo = geometry(e);
	ext2_filsys fs = fs_of(e);
	uint32_t bit = (uint32_t)((pblk - group_start(geo, group)) >>
				  geo->cluster_bits);
	uint32_t n = (uint32_t)div_round_up(len, UINT64_C(1) <<
					    geo->cluster_bits), i;
	uint32_t free = ext2fs_bg_free_blocks_count(fs, group);
	uint64_t all = ext2fs_free_blocks_count(fs->super);
	uint64_t blocks = (uint64_t)n << geo->cluster_bits;
	uint8_t *bits;
	errcode_t err = block_bitmap(e, group, &bits);

	for (i = bit; !err && i < bit + n; i++) {
		if ((bits[i >> 3] >> (i & 7) & 1) == used)
			return image_bad(e->image, "block bitmap of group %u: "
					 "a block to be %s is so already: run "
					 "e2fsck", group, used ? "used" :
					 "freed");
		bits[i >> 3] ^= (uint8_t)(1u << (i & 7));
	}
	if (err)
		return err;
	if (used && (free < n || all < blocks))
		return image_bad(e->image, "group %u: more blocks are free "
				 "than it counts: run e2fsck", group);
	ext2fs_bg_free_blocks_count_set(fs, group, used ? free - n : free + n);
	ext2fs_free_blocks_count_set(fs->super, used ? all - blocks :
						       all + blocks);
	return 0;
}

static errcode_t mark(struct group_edit *e, uint64_t pblk, uint64_t len,
		      bool used)
{
	const struct image_geometry *geo = geometry(e);
	errcode_t err = 0;

	if (pblk < geo->first_data_block || pblk >= geo->blocks ||
	    len > geo->blocks - pblk)
		return image_bad(e->image, "blocks outside of it are in use: "
				 "run e2fsck");
	while (!err && len) {
		uint32_t group = group_of(geo, pblk);
		uint64_t left = group_start(geo, group) +
				geo->blocks_per_group - pblk;
		uint64_t n = len < left ? len : left;

		err = mark_in_group(e, group, pblk, n, used);
		pblk += n;
		len -= n;
	}
	return err;
}

errcode_t group_edit_take(struct group_edit *e, uint64_t pblk, uint64_t len)
{
	return mark(e, pblk, len, true);
}

errcode_t group_edit_give(struct group_edit *e, uint64_t pblk, uint64_t len)
{
	return mark(e, pblk, len, false);
}

static errcode_t inode_bitmap(struct group_edit *e, uint32_t group,
			      uint8_t **ret)
{
	const struct image_geometry *geo = geometry(e);
	ext2_filsys fs = fs_of(e);
	struct group_info g;
	errcode_t err = read_group(&g, e->image, group);

	if (!err)
		err = changes_edit(e->changes, g.inode_bitmap, ret);
	if (err)
		return err;
	if (geo->group_csum &&
	    ext2fs_bg_flags_test(fs, group, EXT2_BG_INODE_UNINIT)) {
		memset(*ret, 0xff, geo->block_size);
		memset(*ret, 0, geo->inodes_per_group / 8);
		ext2fs_bg_flags_clear(fs, group, EXT2_BG_INODE_UNINIT);
		ext2fs_bg_itable_unused_set(fs, group, geo->inodes_per_group);
	} else if (!(e->dirty[group] & DIRTY_INODES)) {
		err = check_bitmap(e, group, *ret, true);
	}
	e->dirty[group] |= DIRTY_INODES;
	return err;
}

/* Count one inode more, or one less, as in use. */
static errcode_t count_inode(struct group_edit *e, uint32_t group,
			     bool folder, int more)
{
	ext2_filsys fs = fs_of(e);
	uint32_t free = ext2fs_bg_free_inodes_count(fs, group);
	uint32_t dirs = ext2fs_bg_used_dirs_count(fs, group);

	if ((more > 0 && (!free || !fs->super->s_free_inodes_count)) ||
	    (more < 0 && folder && !dirs))
		return image_bad(e->image, "group %u: its counts of inodes "
				 "are wrong: run e2fsck", group);
	ext2fs_bg_free_inodes_count_set(fs, group, free - more);
	fs->super->s_free_inodes_count -= more;
	if (folder)
		ext2fs_bg_used_dirs_count_set(fs, group, dirs + more);
	return 0;
}

errcode_t group_edit_take_inode(struct group_edit *e, uint32_t group,
				bool folder, uint32_t *ino)
{
	const struct image_geometry *geo = geometry(e);
	uint32_t first = group ? 0 : geo->first_ino - 1, i;
	uint8_t *bits;
	errcode_t err;

	*ino = 0;
	if (!group_edit_free_inodes(e, group))
		return 0;
	err = inode_bitmap(e, group, &bits);
	if (err)
		return err;
	for (i = first; i < geo->inodes_per_group; i++)
		if (!(bits[i >> 3] >> (i & 7) & 1))
			break;
	if (i == geo->inodes_per_group)
		return 0;
	bits[i >> 3] |= (uint8_t)(1u << (i & 7));
	if (geo->group_csum &&
	    ext2fs_bg_itable_unused(fs_of(e), group) >
	    geo->inodes_per_group - 1 - i)
		ext2fs_bg_itable_unused_set(fs_of(e), group,
					    geo->inodes_per_group - 1 - i);
	*ino = group * geo->inodes_per_group + i + 1;
	return count_inode(e, group, folder, 1);
}

errcode_t group_edit_give_inode(struct group_edit *e, uint32_t ino,
				bool folder)
{
	const struct image_geometry *geo = geometry(e);
	uint32_t group = (ino - 1) / geo->inodes_per_group;
	uint32_t i = (ino - 1) % geo->inodes_per_group;
	uint8_t *bits;
	errcode_t err = inode_bitmap(e, group, &bits);

	if (err)
		return err;
	if (!(bits[i >> 3] >> (i & 7) & 1))
		return image_bad(e->image, "inode %u is in use and not marked "
				 "so: run e2fsck", ino);
	bits[i >> 3] &= (uint8_t)~(1u << (i & 7));
	return count_inode(e, group, folder, -1);
}

errcode_t group_edit_alone(struct group_edit *e, uint32_t ino, bool *alone)
{
	const struct image_geometry *geo = geometry(e);
	uint32_t group = (ino - 1) / geo->inodes_per_group;
	uint32_t i = (ino - 1) % geo->inodes_per_group;
	uint32_t n = geo->block_size / geo->inode_size;
	uint32_t first = i - i % n, k;
	uint8_t *bits;
	errcode_t err = inode_bitmap(e, group, &bits);

	*alone = true;
	for (k = first; !err && k < first + n &&
	     k < geo->inodes_per_group; k++)
		if (k != i && (bits[k >> 3] >> (k & 7) & 1))
			*alone = false;
	return err;
}

/* The checksums of what was marked in @group, and its descriptor's. */
static errcode_t finish_group(struct group_edit *e, uint32_t group)
{
	const struct image_geometry *geo = geometry(e);
	ext2_filsys fs = fs_of(e);
	struct group_info g;
	uint8_t *bits = NULL;
	errcode_t err = read_group(&g, e->image, group);

	if (!err && (e->dirty[group] & DIRTY_BLOCKS)) {
		err = changes_edit(e->changes, g.block_bitmap, &bits);
		if (!err)
			ext2fs_block_bitmap_csum_set(fs, group, (char *)bits,
				(int)((geo->blocks_per_group >>
				       geo->cluster_bits) / 8));
	}
	if (!err && (e->dirty[group] & DIRTY_INODES)) {
		err = changes_edit(e->changes, g.inode_bitmap, &bits);
		if (!err)
			ext2fs_inode_bitmap_csum_set(fs, group, (char *)bits,
				(int)(geo->inodes_per_group / 8));
	}
	if (!err)
		ext2fs_group_desc_csum_set(fs, group);
	return err;
}

/* Put the descriptor of @group into the block of descriptors it lies in. */
static errcode_t put_descriptor(struct group_edit *e, uint32_t group)
{
	ext2_filsys fs = fs_of(e);
	uint32_t size = EXT2_DESC_SIZE(fs->super);
	uint32_t per_block = geometry(e)->block_size / size;
	uint64_t pblk = ext2fs_descriptor_block_loc2(fs,
			fs->super->s_first_data_block, group / per_block);
	uint8_t *block, *at;
	errcode_t err = changes_edit(e->changes, pblk, &block);

	if (err)
		return err;
	at = block + group % per_block * size;
	memcpy(at, ext2fs_group_desc(fs, fs->group_desc, group), size);
#ifdef WORDS_BIGENDIAN
	ext2fs_swap_group_desc2(fs, (struct ext2_group_desc *)at);
#endif
	return 0;
}

errcode_t group_edit_finish(struct group_edit *e)
{
	errcode_t err = 0;
	uint32_t group;

	for (group = 0; !err && group < geometry(e)->groups; group++) {
		if (!e->dirty[group])
			continue;
		err = finish_group(e, group);
		if (!err)
			err = put_descriptor(e, group);
	}
	return err;
}

void group_edit_super(const struct group_edit *e, uint8_t out[1024],
		      int64_t time)
{
	struct ext2_super_block sb = *fs_of(e)->super;

	sb.s_wtime = (uint32_t)time;
	sb.s_wtime_hi = (uint8_t)(time >> 32);
#ifdef WORDS_BIGENDIAN
	ext2fs_swap_super(&sb);
#endif
	ext2fs_superblock_csum_set(fs_of(e), &sb);
	memcpy(out, &sb, 1024);
}
