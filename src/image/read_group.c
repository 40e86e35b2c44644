// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block groups of an image.  Bits of a block bitmap stand for clusters; the
 * runs told to callers are blocks.
 */
#include "image/read_group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/read_image.h"

static bool inside(const struct image_geometry *geo, uint64_t pblk,
		   uint64_t len)
{
	return pblk > geo->first_data_block && pblk < geo->blocks &&
	       len <= geo->blocks - pblk;
}

errcode_t read_group(struct group_info *ret, struct image *img,
		     uint32_t group)
{
	const struct image_geometry *geo = &img->geo;
	struct group_info g;
	uint32_t unused = 0;

	g.block_bitmap = ext2fs_block_bitmap_loc(img->fs, group);
	g.inode_bitmap = ext2fs_inode_bitmap_loc(img->fs, group);
	g.inode_table = ext2fs_inode_table_loc(img->fs, group);
	g.inode_table_blocks = div_round_up(
		(uint64_t)geo->inodes_per_group * geo->inode_size,
		geo->block_size);
	if (!inside(geo, g.block_bitmap, 1) ||
	    !inside(geo, g.inode_bitmap, 1) ||
	    !inside(geo, g.inode_table, g.inode_table_blocks))
		return image_bad(img, "group %u: its bitmaps or inode table "
				 "are outside of the image", group);
	g.block_uninit = false;
	if (geo->group_csum) {
		g.block_uninit = ext2fs_bg_flags_test(img->fs, group,
						      EXT2_BG_BLOCK_UNINIT);
		unused = ext2fs_bg_itable_unused(img->fs, group);
		if (ext2fs_bg_flags_test(img->fs, group, EXT2_BG_INODE_UNINIT))
			unused = geo->inodes_per_group;
	}
	if (unused > geo->inodes_per_group)
		return image_bad(img, "group %u: %u unused inodes of %u",
				 group, unused, geo->inodes_per_group);
	g.inodes_in_use = geo->inodes_per_group - unused;
	*ret = g;
	return 0;
}

errcode_t read_group_super(struct group_super *ret, struct image *img,
			   uint32_t group)
{
	struct ext2_super_block *sb = img->fs->super;
	blk64_t super, old_desc, new_desc;

	if (ext2fs_super_and_bgd_loc2(img->fs, group, &super, &old_desc,
				      &new_desc, NULL))
		return image_bad(img, "group %u cannot be placed", group);
	ret->super = super;
	ret->has_super = group == 0 || super;
	ret->old_desc = old_desc;
	ret->old_blocks = img->fs->desc_blocks + sb->s_reserved_gdt_blocks;
	if (sb->s_feature_incompat & EXT2_FEATURE_INCOMPAT_META_BG)
		ret->old_blocks = sb->s_first_meta_bg;
	ret->new_desc = new_desc;
	ret->per_block = EXT2_DESC_PER_BLOCK(sb);
	return 0;
}

void read_group_fields(struct group_fields *ret, struct image *img,
		       uint32_t group)
{
	ext2_filsys fs = img->fs;

	ret->block_bitmap = ext2fs_block_bitmap_loc(fs, group);
	ret->inode_bitmap = ext2fs_inode_bitmap_loc(fs, group);
	ret->inode_table = ext2fs_inode_table_loc(fs, group);
	ret->free_clusters = ext2fs_bg_free_blocks_count(fs, group);
	ret->free_inodes = ext2fs_bg_free_inodes_count(fs, group);
	ret->folders = ext2fs_bg_used_dirs_count(fs, group);
	ret->unused_inodes = ext2fs_bg_itable_unused(fs, group);
	ret->flags = ext2fs_bg_flags(fs, group);
	ret->csum_good = !img->geo.group_csum ||
			 ext2fs_group_desc_csum_verify(fs, group);
}

bool group_bitmap_is_right(struct image *img, uint32_t group,
			   const uint8_t *bits, bool of_inodes)
{
	const struct image_geometry *geo = &img->geo;
	char *map = (char *)bits;

	if (!geo->metadata_csum)
		return true;
	if (of_inodes)
		return ext2fs_inode_bitmap_csum_verify(img->fs, group, map,
					geo->inodes_per_group / 8);
	return ext2fs_block_bitmap_csum_verify(img->fs, group, map,
			(geo->blocks_per_group >> geo->cluster_bits) / 8);
}

static errcode_t check_bitmap(struct image *img, uint32_t group,
			      const uint8_t *bits, bool of_inodes)
{
	if (group_bitmap_is_right(img, group, bits, of_inodes))
		return 0;
	return image_wrong_csum(img, IMAGE_CSUM_BITMAP, "%s bitmap of group "
				"%u", of_inodes ? "inode" : "block", group);
}

errcode_t read_inode_bitmap(uint8_t *out, struct image *img, uint32_t group,
			    const struct group_info *g)
{
	const uint8_t *bits;
	errcode_t err = image_peek(img, &bits, g->inode_bitmap);

	if (err)
		return err;
	memcpy(out, bits, img->geo.block_size);
	return check_bitmap(img, group, out, true);
}

/* A growing list of runs. */
struct run_list {
	struct run *runs;
	size_t n, cap;
};

/* Add blocks, rounded out to clusters and cut at the end of the image. */
static errcode_t list_add(struct run_list *list, const struct image *img,
			  uint64_t start, uint64_t len)
{
	const struct image_geometry *geo = &img->geo;
	uint64_t mask = (UINT64_C(1) << geo->cluster_bits) - 1;
	uint64_t first = geo->first_data_block, end;

	if (len == 0 || start >= geo->blocks)
		return 0;
	end = len > geo->blocks - start ? geo->blocks : start + len;
	if (start > first)
		start = first + ((start - first) & ~mask);
	if (end > first)
		end = first + ((end - first + mask) & ~mask);
	if (end > geo->blocks)
		end = geo->blocks;
	if (array_reserve(&list->runs, &list->cap, list->n + 1,
			  sizeof(*list->runs)))
		return diag_nomem(img->diag);
	list->runs[list->n].start = start;
	list->runs[list->n++].len = end - start;
	return 0;
}

static errcode_t add_descriptors(struct run_list *list, struct image *img,
				 uint32_t group)
{
	struct group_super g;
	errcode_t err = read_group_super(&g, img, group);

	if (!err && g.has_super)
		err = list_add(list, img, g.super, 1);
	if (!err && g.old_desc)
		err = list_add(list, img, g.old_desc, g.old_blocks);
	if (!err && g.new_desc)
		err = list_add(list, img, g.new_desc, 1);
	return err;
}

static errcode_t add_group(struct run_list *list, struct image *img,
			   uint32_t group)
{
	struct group_info g;
	errcode_t err = read_group(&g, img, group);

	if (!err)
		err = add_descriptors(list, img, group);
	if (!err)
		err = list_add(list, img, g.block_bitmap, 1);
	if (!err)
		err = list_add(list, img, g.inode_bitmap, 1);
	if (!err)
		err = list_add(list, img, g.inode_table, g.inode_table_blocks);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct run *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void merge_runs(struct run_list *list)
{
	size_t i, n = 0;

	if (list->n)
		qsort(list->runs, list->n, sizeof(*list->runs), by_start);
	for (i = 0; i < list->n; i++) {
		struct run *last = n ? &list->runs[n - 1] : NULL;
		const struct run r = list->runs[i];

		if (!last || r.start > last->start + last->len)
			list->runs[n++] = r;
		else if (r.start + r.len > last->start + last->len)
			last->len = r.start + r.len - last->start;
	}
	list->n = n;
}

errcode_t read_fixed_runs(struct run **ret, size_t *n_ret,
			  struct image *img)
{
	struct run_list list = { NULL, 0, 0 };
	errcode_t err = 0;
	uint32_t group;

	for (group = 0; !err && group < img->geo.groups; group++)
		err = add_group(&list, img, group);
	if (err) {
		free(list.runs);
		return err;
	}
	merge_runs(&list);
	*ret = list.runs;
	*n_ret = list.n;
	return 0;
}

/* The state of a scan for free runs. */
struct free_scan {
	const struct image *img;
	const struct run *fixed;	/* what is left of them */
	size_t n_fixed;
	free_run_visit *visit;
	void *arg;
	uint64_t start, end;	/* the run being gathered; empty if equal */
};

/* Blocks up to @end from @start on are free; tell the run before them
 * if they do not continue it. */
static errcode_t scan_free(struct free_scan *s, uint64_t start, uint64_t end)
{
	errcode_t err = 0;

	if (start == end)
		return 0;
	if (start != s->end && s->end > s->start)
		err = s->visit(s->arg, s->start, s->end - s->start);
	if (start != s->end)
		s->start = start;
	s->end = end;
	return err;
}

/* A group that was never written to: all but what is fixed is free. */
static errcode_t scan_uninit(struct free_scan *s, uint64_t start,
			     uint64_t end)
{
	uint64_t at = start;
	errcode_t err = 0;

	while (s->n_fixed && s->fixed->start + s->fixed->len <= start) {
		s->fixed++;
		s->n_fixed--;
	}
	while (!err && s->n_fixed && s->fixed->start < end) {
		if (s->fixed->start > at)
			err = scan_free(s, at, s->fixed->start);
		at = s->fixed->start + s->fixed->len;
		if (at > end)
			break;
		s->fixed++;
		s->n_fixed--;
	}
	if (!err && at < end)
		err = scan_free(s, at, end);
	return err;
}

/* The first bit from @from on that is not @value; @n if there is none. */
static uint32_t bit_run(const uint8_t *bits, uint32_t from, uint32_t n,
			bool value)
{
	const uint64_t flip = value ? UINT64_MAX : 0;
	uint32_t i = from & ~63u;
	uint64_t word;

	for (; i < n; i += 64) {
		word = get_le64(bits + i / 8) ^ flip;
		if (i < from)
			word &= UINT64_MAX << (from - i);
		if (word) {
			i += __builtin_ctzll(word);
			return i < n ? i : n;
		}
	}
	return n;
}

static errcode_t scan_bitmap(struct free_scan *s, const uint8_t *bits,
			     uint64_t start, uint64_t end)
{
	const uint32_t shift = s->img->geo.cluster_bits;
	const uint32_t n = div_round_up(end - start, UINT64_C(1) << shift);
	uint32_t at = 0, stop;
	errcode_t err = 0;

	while (!err && at < n) {
		at = bit_run(bits, at, n, true);
		stop = at < n ? bit_run(bits, at, n, false) : n;
		if (at < stop)
			err = scan_free(s, start + ((uint64_t)at << shift),
					stop == n ? end : start +
					((uint64_t)stop << shift));
		at = stop;
	}
	return err;
}

static errcode_t scan_group(struct free_scan *s, struct image *img,
			    uint32_t group)
{
	const struct image_geometry *geo = &img->geo;
	uint64_t start = geo->first_data_block +
			 (uint64_t)group * geo->blocks_per_group;
	uint64_t end = start + geo->blocks_per_group;
	struct group_info g;
	const uint8_t *bits;
	errcode_t err = read_group(&g, img, group);

	if (err)
		return err;
	if (end > geo->blocks)
		end = geo->blocks;
	if (g.block_uninit)
		return scan_uninit(s, start, end);
	err = image_peek(img, &bits, g.block_bitmap);
	if (!err)
		err = check_bitmap(img, group, bits, false);
	if (!err)
		err = scan_bitmap(s, bits, start, end);
	return err;
}

errcode_t read_free_runs(struct image *img, const struct run *fixed,
			 size_t n_fixed, free_run_visit *visit, void *arg)
{
	struct free_scan s = {
		.img = img, .fixed = fixed, .n_fixed = n_fixed,
		.visit = visit, .arg = arg,
	};
	errcode_t err = 0;
	uint32_t group;

	for (group = 0; !err && group < img->geo.groups; group++)
		err = scan_group(&s, img, group);
	if (!err && s.end > s.start)
		err = visit(arg, s.start, s.end - s.start);
	return err;
}

errcode_t read_group_free_runs(struct image *img, uint32_t group,
			       const struct run *fixed, size_t n_fixed,
			       free_run_visit *visit, void *arg)
{
	struct free_scan s = {
		.img = img, .fixed = fixed, .n_fixed = n_fixed,
		.visit = visit, .arg = arg,
	};
	errcode_t err = scan_group(&s, img, group);

	if (!err && s.end > s.start)
		err = visit(arg, s.start, s.end - s.start);
	return err;
}
