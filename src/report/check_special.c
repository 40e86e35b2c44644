// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes that are more, or less, than a mapping: the reserved ones, devices
 * and their like, symbolic links, and those that hold an attribute's value.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_map.h"
#include "report/check.h"

enum {
	BAD_BLOCKS_INO = 1, USER_QUOTA_INO = 3, GROUP_QUOTA_INO = 4,
	BOOT_LOADER_INO = 5,
	AT_ATIME = 8, AT_SIZE_HI = 0x6c,
	VALUE_MAX = 65536,
};

static void check_bad_blocks(struct check *c, const struct inode_info *info)
{
	if (info->mode || info->uid || info->gid || info->links ||
	    (info->flags & FL_INLINE) || info->file_acl)
		fault_inode(c->faults, info->ino, "the list of bad blocks has "
			    "attributes of a file");
}

/* A reserved inode that is in use has to be a file, another one empty.
 * Return: whether it may have blocks. */
static bool check_system_file(struct check *c, const struct inode_info *info,
			      bool in_use, const char *name)
{
	if (in_use && !S_ISREG(info->mode))
		fault_inode(c->faults, info->ino, "the %s is no regular file",
			    name);
	if (!in_use && (info->links || info->sectors ||
			get_le32(info->i_block)))
		fault_inode(c->faults, info->ino, "the inode of the %s is not "
			    "empty, and not in use", name);
	return in_use || info->links;
}

bool check_reserved(struct check *c, struct check_inode *i)
{
	const struct inode_info *info = &i->info;
	const uint32_t ino = info->ino;
	const bool quota = c->ro_compat & RO_QUOTA;

	if (ino == FORMAT_ROOT_INO && !S_ISDIR(info->mode))
		fault_inode(c->faults, ino, "the root is no folder");
	if (check_has_name(c, ino))
		return false;
	if (ino == BAD_BLOCKS_INO)
		check_bad_blocks(c, info);
	else if (ino == FORMAT_JOURNAL_INO)
		i->empty = !check_system_file(c, info,
				sb32(c, SB_JOURNAL_INO) == ino, "journal");
	else if (ino == USER_QUOTA_INO || ino == GROUP_QUOTA_INO ||
		 ino == sb32(c, SB_PROJECT_QUOTA))
		i->empty = !check_system_file(c, info, quota &&
				(ino == sb32(c, SB_USER_QUOTA) ||
				 ino == sb32(c, SB_GROUP_QUOTA) ||
				 ino == sb32(c, SB_PROJECT_QUOTA)), "quota");
	else if (ino == sb32(c, SB_ORPHAN_FILE))
		i->empty = !check_system_file(c, info,
				c->compat & COMPAT_ORPHAN_FILE,
				"orphan file");
	else if (ino == BOOT_LOADER_INO ? S_ISDIR(info->mode) :
		 ino == FORMAT_RESIZE_INO ? info->mode && !S_ISREG(info->mode) :
		 info->mode)
		fault_inode(c->faults, ino, "the reserved inode has the mode "
			    "0%o", info->mode);
	return true;
}

void check_device(struct check *c, const struct check_inode *i)
{
	const struct inode_info *info = &i->info;
	const bool link = S_ISLNK(info->mode);

	if (S_ISREG(info->mode) || S_ISDIR(info->mode))
		return;
	if (info->flags & (FL_IMMUTABLE | FL_APPEND))
		fault_inode(c->faults, info->ino, "a special file or link is "
			    "immutable or append-only");
	if (info->flags & FL_INDEX)
		fault_inode(c->faults, info->ino, "it has the flag of an "
			    "indexed folder");
	if (link)
		return;
	if (info->flags & (FL_EXTENTS | FL_INLINE))
		fault_inode(c->faults, info->ino, "a special file has the "
			    "flag of extents or inline data");
	if (info->size || get_le32(i->raw + AT_SIZE_HI))
		fault_inode(c->faults, info->ino, "a special file has the "
			    "size %" PRIu64, info->size);
}

/* Whether @text, of @room bytes, holds a target of the inode's size. */
static bool target_fits(const struct inode_info *info, const uint8_t *text,
			size_t room)
{
	uint64_t len;

	if (info->flags & FL_ENCRYPT)
		len = get_le16(text) + UINT64_C(2);
	else
		len = strnlen((const char *)text, room);
	return len < room && len == info->size;
}

/* Find the only block of a slow link.  Return: 0 when there is none. */
static uint64_t link_block(const struct check *c, const struct inode_info *info)
{
	const uint8_t *at = info->i_block;
	uint32_t k;

	if (!(info->flags & FL_EXTENTS)) {
		for (k = 4; k < sizeof(info->i_block); k++)
			if (at[k])
				return 0;
		return get_le32(at);
	}
	/* One extent, in a root without depth, of one block. */
	if (!(c->incompat & INCOMPAT_EXTENTS) || get_le16(at + 2) != 1 ||
	    get_le16(at + 6) || get_le32(at + 12) ||
	    get_le16(at + 16) % EXTENT_WRITTEN_MAX != 1)
		return 0;
	if (get_le16(at + 16) > EXTENT_WRITTEN_MAX)
		fault_inode(c->faults, info->ino, "the link's target is in a "
			    "block that reads as zero");
	return get_le32(at + 20) | (uint64_t)get_le16(at + 18) << 32;
}

errcode_t check_link(struct check *c, struct check_inode *i)
{
	const struct inode_info *info = &i->info;
	const uint8_t *block;
	uint64_t pblk;
	errcode_t err;
	bool fits = false;

	if (info->flags & FL_INLINE)
		return 0;
	if (get_le32(i->raw + AT_SIZE_HI) || !info->size) {
		;
	} else if (info->size < sizeof(info->i_block)) {
		fits = !(info->flags & FL_EXTENTS) &&
		       target_fits(info, info->i_block,
				   sizeof(info->i_block));
	} else {
		pblk = link_block(c, info);
		if (check_inside(c, pblk)) {
			err = image_peek(c->img, &block, pblk);
			if (err)
				return err;
			fits = target_fits(info, block, c->geo->block_size);
		}
	}
	if (!fits)
		fault_inode(c->faults, info->ino, "the link's target has not "
			    "its size, %" PRIu64, info->size);
	return 0;
}

struct value_reader {
	const struct check *check;
	uint64_t left;		/* bytes of the value that follow */
	uint32_t crc;
};

static errcode_t add_extent(void *arg, const struct extent *e)
{
	struct value_reader *r = arg;
	const uint32_t size = r->check->geo->block_size;
	const uint8_t *block;
	errcode_t err = 0;
	uint32_t k;

	for (k = 0; !err && k < e->len && r->left; k++) {
		size_t len = r->left < size ? r->left : size;

		err = image_peek(r->check->img, &block, e->pblk + k);
		if (!err)
			r->crc = format_crc32c(r->crc, block, len);
		r->left -= len;
	}
	return err;
}

errcode_t check_ea_value(struct check *c, const struct check_inode *i)
{
	struct value_reader r = {
		.check = c, .left = i->info.size, .crc = c->geo->csum_seed,
	};
	const struct map_visitor v = { .extent = add_extent, .arg = &r };
	errcode_t err;

	if (i->info.size > VALUE_MAX) {
		fault_inode(c->faults, i->info.ino, "it is to hold an "
			    "attribute of %" PRIu64 " bytes", i->info.size);
		return 0;
	}
	err = read_map(c->img, &i->info, &v);
	if (err == E4PACK_ET_BAD_IMAGE)
		return 0;
	if (!err && r.crc != get_le32(i->raw + AT_ATIME))
		fault_inode(c->faults, i->info.ino, "the value that it holds "
			    "has another hash");
	return err;
}
