// SPDX-License-Identifier: GPL-2.0-or-later
/* Group descriptors as values. */
#include "image/group_detail.h"

#include <string.h>

#include "base/number.h"
#include "image/read_image.h"

static void set_run(struct run *r, uint64_t start, uint64_t len)
{
	r->start = start;
	r->len = len;
}

static errcode_t place_backups(struct group_detail *d, struct image *img,
			       uint32_t group)
{
	const struct ext2_super_block *sb = img->fs->super;
	uint64_t desc_blocks = img->fs->desc_blocks;
	blk64_t super, old_desc, new_desc;
	const bool meta = sb->s_feature_incompat &
			  EXT2_FEATURE_INCOMPAT_META_BG;

	if (ext2fs_super_and_bgd_loc2(img->fs, group, &super, &old_desc,
				      &new_desc, NULL))
		return image_bad(img, "group %u cannot be placed", group);
	d->has_super = group == 0 || super;
	d->super = super;
	if (meta)
		desc_blocks = sb->s_first_meta_bg;
	if (new_desc)
		set_run(&d->descriptors, new_desc, 1);
	else if (old_desc)
		set_run(&d->descriptors, old_desc, desc_blocks);
	if (old_desc && !meta && sb->s_reserved_gdt_blocks)
		set_run(&d->reserved, old_desc + desc_blocks,
			sb->s_reserved_gdt_blocks);
	return 0;
}

errcode_t read_group_detail(struct group_detail *ret, struct image *img,
			    uint32_t group)
{
	const struct image_geometry *geo = &img->geo;
	ext2_filsys fs = img->fs;
	uint64_t start = geo->first_data_block +
			 (uint64_t)group * geo->blocks_per_group;
	uint64_t left = geo->blocks - start;

	memset(ret, 0, sizeof(*ret));
	set_run(&ret->blocks, start, left < geo->blocks_per_group ? left :
		geo->blocks_per_group);
	ret->flags = ext2fs_bg_flags(fs, group);
	ret->block_bitmap = ext2fs_block_bitmap_loc(fs, group);
	ret->inode_bitmap = ext2fs_inode_bitmap_loc(fs, group);
	ret->block_bitmap_csum = ext2fs_block_bitmap_checksum(fs, group);
	ret->inode_bitmap_csum = ext2fs_inode_bitmap_checksum(fs, group);
	set_run(&ret->inode_table, ext2fs_inode_table_loc(fs, group),
		div_round_up((uint64_t)geo->inodes_per_group *
			     geo->inode_size, geo->block_size));
	ret->free_blocks = ext2fs_bg_free_blocks_count(fs, group);
	ret->free_inodes = ext2fs_bg_free_inodes_count(fs, group);
	ret->directories = ext2fs_bg_used_dirs_count(fs, group);
	ret->unused_inodes = ext2fs_bg_itable_unused(fs, group);
	ret->csum = ext2fs_bg_checksum(fs, group);
	ret->csum_good = !geo->group_csum ||
			 ext2fs_group_desc_csum_verify(fs, group);
	return place_backups(ret, img, group);
}
