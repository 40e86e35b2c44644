// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One inode in use.  What its flags and fields may be depends on what it is;
 * then its blocks, of which
 *
 *	i_blocks = data + mapping + xattr block + values in inodes of its own,
 *
 * in sectors of 512 bytes or, with a flag, in blocks, always whole clusters.
 * The size has to go with the end of the mapping: nothing written lies behind
 * it, and a folder has neither holes nor blocks too many.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "image/read_inline.h"
#include "report/check.h"

enum {
	BAD_BLOCKS_INO = 1,
	AT_FADDR = 0x70, AT_BLOCKS_HI = 0x74, AT_ACL_HI = 0x76,
	AT_SIZE_HI = 0x6c, AT_BLOCKS = 0x1c,
};

static void check_feature_flags(struct check *c, const struct check_inode *i)
{
	static const struct {
		uint32_t flag, feature;
		const char *name;
	} needs[] = {
		{ FL_EXTENTS, INCOMPAT_EXTENTS, "extents" },
		{ FL_INLINE, INCOMPAT_INLINE_DATA, "inline_data" },
		{ FL_CASEFOLD, INCOMPAT_CASEFOLD, "casefold" },
	};
	const struct inode_info *info = &i->info;
	size_t k;

	for (k = 0; k < sizeof(needs) / sizeof(needs[0]); k++)
		if ((info->flags & needs[k].flag) &&
		    !(c->incompat & needs[k].feature))
			fault_inode(c->faults, info->ino, "it has the flag of "
				    "%s, the image not the feature",
				    needs[k].name);
	if ((info->flags & FL_INLINE) && (info->flags & FL_EXTENTS))
		fault_inode(c->faults, info->ino, "it has the flags of inline "
			    "data and of extents");
	if ((info->flags & FL_CASEFOLD) && !S_ISDIR(info->mode))
		fault_inode(c->faults, info->ino, "it has the flag casefold "
			    "and is no folder");
	if ((info->flags & FL_EA_INODE) && !S_ISREG(info->mode) &&
	    (c->incompat & INCOMPAT_EA_INODE))
		fault_inode(c->faults, info->ino, "it is to hold an attribute "
			    "and is no regular file");
	if ((info->flags & FL_IMAGIC) && info->ino >= c->geo->first_ino)
		fault_inode(c->faults, info->ino, "it has the flag imagic");
}

static bool is_known_kind(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return true;
	default:
		return false;
	}
}

static void check_fields(struct check *c, const struct check_inode *i)
{
	const uint32_t ino = i->info.ino;

	if (!is_known_kind(i->info.mode))
		fault_inode(c->faults, ino, "its mode 0%o is of no known "
			    "kind", i->info.mode);
	if (i->info.dtime)
		fault_inode(c->faults, ino, "it is in use and has a time of "
			    "deletion");
	if (get_le32(i->raw + AT_FADDR))
		fault_inode(c->faults, ino, "it has the address of a "
			    "fragment");
	if (!(c->incompat & INCOMPAT_64BIT) && get_le16(i->raw + AT_ACL_HI))
		fault_inode(c->faults, ino, "its attribute block has a high "
			    "half without the feature 64bit");
	if (!c->geo->huge_file && get_le16(i->raw + AT_BLOCKS_HI))
		fault_inode(c->faults, ino, "its count of blocks has a high "
			    "half without the feature huge_file");
	if (S_ISDIR(i->info.mode) && get_le32(i->raw + AT_SIZE_HI) &&
	    !(c->incompat & INCOMPAT_LARGEDIR))
		fault_inode(c->faults, ino, "the folder is over 4 GiB without "
			    "the feature large_dir");
}

/* The size of a block-mapped file is bounded by what three levels reach. */
static uint64_t most_mapped(const struct check *c)
{
	const uint64_t per = c->geo->block_size / 4;

	return (12 + per + per * per + per * per * per)
		<< c->geo->block_bits;
}

static void check_file_size(struct check *c, const struct check_inode *i)
{
	const uint32_t bits = c->geo->block_bits;
	const uint64_t size = i->info.size;

	if (i->end_written && size >> bits < i->end_written - 1 &&
	    !(i->info.flags & FL_VERITY))
		fault_inode(c->faults, i->info.ino, "its size is %" PRIu64
			    ", but %" PRIu64 " blocks are written", size,
			    i->end_written);
	else if (i->info.flags & FL_EXTENTS ?
		 size > ((uint64_t)1 << (32 + bits)) - 1 :
		 size > most_mapped(c))
		fault_inode(c->faults, i->info.ino, "its size %" PRIu64
			    " is more than can be mapped", size);
}

static void check_folder_size(struct check *c, const struct check_inode *i)
{
	const uint64_t size = i->info.size;
	const uint64_t blocks = size >> c->geo->block_bits;
	const uint32_t spare = c->super[SB_PREALLOC_DIR];

	if (i->info.flags & FL_INLINE)
		return;
	if (!i->end_lblk)
		fault_inode(c->faults, i->info.ino, "the folder has no "
			    "blocks");
	else if (size & (c->geo->block_size - 1) || blocks > i->end_lblk ||
		 i->end_lblk - blocks > spare)
		fault_inode(c->faults, i->info.ino, "the folder's size is %"
			    PRIu64 ", of its blocks %" PRIu64, size,
			    i->end_lblk << c->geo->block_bits);
}

static void check_sectors(struct check *c, const struct check_inode *i)
{
	const bool huge = c->geo->huge_file && (i->info.flags & FL_HUGE_FILE);
	uint64_t stored = get_le32(i->raw + AT_BLOCKS);
	uint64_t found = i->clusters << c->geo->cluster_bits;

	if (c->geo->huge_file)
		stored |= (uint64_t)get_le16(i->raw + AT_BLOCKS_HI) << 32;
	if (!huge)
		found <<= c->geo->block_bits - 9;
	if (stored != found)
		fault_inode(c->faults, i->info.ino, "its count of %s is %"
			    PRIu64 ", should be %" PRIu64,
			    huge ? "blocks" : "sectors", stored, found);
}

/* What i_block has no room for is the value of an attribute, which is there
 * even when it is empty.  Files may be longer: the rest is a hole. */
static void check_inline(struct check *c, const struct check_inode *i)
{
	const uint64_t found = INLINE_HEAD + (uint64_t)i->data_len;

	if (!i->has_data)
		fault_inode(c->faults, i->info.ino, "its inline data has no "
			    "attribute");
	else if (!S_ISREG(i->info.mode) && i->info.size != found)
		fault_inode(c->faults, i->info.ino, "its size is %" PRIu64
			    ", of its inline data %" PRIu64, i->info.size,
			    found);
}

/* Whether i_block holds a mapping. */
static bool has_map(const struct check_inode *i)
{
	switch (i->info.mode & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return false;
	case S_IFLNK:
		return i->info.size >= sizeof(i->info.i_block);
	default:
		return true;
	}
}

static errcode_t check_blocks(struct check *c, struct check_inode *i)
{
	errcode_t err = 0;

	if (i->info.flags & FL_INLINE)
		check_inline(c, i);
	else if (has_map(i))
		err = (i->info.flags & FL_EXTENTS) &&
		      (c->incompat & INCOMPAT_EXTENTS) ?
			check_extents(c, i) : check_block_map(c, i);
	if (err)
		return err;
	if (i->info.ino == BAD_BLOCKS_INO)
		return 0;
	if (S_ISDIR(i->info.mode))
		check_folder_size(c, i);
	else if (!S_ISLNK(i->info.mode))
		check_file_size(c, i);
	if (!i->bad_map)
		check_sectors(c, i);
	return 0;
}

errcode_t check_one_inode(struct check *c, struct check_inode *i)
{
	errcode_t err;

	check_feature_flags(c, i);
	if (!check_reserved(c, i)) {
		check_fields(c, i);
		check_device(c, i);
	}
	if (i->empty)
		return 0;
	err = check_xattrs(c, i);
	if (!err)
		err = check_blocks(c, i);
	if (!err && S_ISLNK(i->info.mode) && !i->bad_map)
		err = check_link(c, i);
	if (!err && (i->info.flags & FL_EA_INODE) && !i->bad_map &&
	    (c->incompat & INCOMPAT_EA_INODE))
		err = check_ea_value(c, i);
	return err ? err : check_quota_count(c, i);
}
