// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The superblock.  What the geometry follows from was checked when the image
 * was opened; here is the rest: features that exclude each other, figures out
 * of range, the checksum, and the copies in other groups, which repair tools
 * fall back on.  A copy is as old as the last resize or change of features, so
 * only what those change must agree.
 */
#include <inttypes.h>
#include <string.h>

#include "base/errors.h"
#include "image/read_group.h"
#include "report/check.h"

enum {
	MAGIC_AT = 0x38, MAGIC = 0xef53,
	ISIZE_LEAST = 4,	/* extra fields with a checksum */
	/* Set by the kernel, in the primary superblock only. */
	RO_LAZY = RO_LARGE_FILE | RO_DIR_NLINK | RO_ORPHAN_PRESENT,
	INCOMPAT_LAZY = INCOMPAT_EXTENTS | INCOMPAT_RECOVER,
};

static void check_features(struct check *c)
{
	const uint32_t meta = INCOMPAT_META_BG;

	if ((c->ro_compat & RO_METADATA_CSUM) && (c->ro_compat & RO_GDT_CSUM))
		fault_image(c->faults, "superblock: features metadata_csum "
			    "and uninit_bg exclude each other");
	if (!(c->ro_compat & RO_METADATA_CSUM) &&
	    (c->incompat & INCOMPAT_CSUM_SEED))
		fault_image(c->faults, "superblock: feature metadata_csum_seed"
			    " needs metadata_csum");
	if ((c->incompat & INCOMPAT_64BIT) && !(c->incompat & INCOMPAT_EXTENTS))
		fault_image(c->faults, "superblock: feature 64bit needs "
			    "extents");
	if ((c->incompat & meta) && (c->compat & COMPAT_RESIZE_INODE))
		fault_image(c->faults, "superblock: features meta_bg and "
			    "resize_inode exclude each other");
	if (!(c->compat & COMPAT_RESIZE_INODE) && sb16(c, SB_RESERVED_GDT))
		fault_image(c->faults, "superblock: descriptor blocks are "
			    "reserved without the feature resize_inode");
}

static void check_isize(struct check *c, enum super_at at, const char *name)
{
	const uint32_t max = c->geo->inode_size - 128, value = sb16(c, at);

	if (c->geo->inode_size > 128 && value &&
	    (value < ISIZE_LEAST || value > max || value % 4))
		fault_image(c->faults, "superblock: the %s size of extra "
			    "inode fields is %u", name, value);
}

static void check_figures(struct check *c)
{
	const struct image_geometry *geo = c->geo;
	uint64_t reserved = sb32(c, SB_R_BLOCKS);
	uint64_t free = sb32(c, SB_FREE_BLOCKS);

	if (c->incompat & INCOMPAT_64BIT) {
		reserved |= (uint64_t)sb32(c, SB_R_BLOCKS_HI) << 32;
		free |= (uint64_t)sb32(c, SB_FREE_BLOCKS_HI) << 32;
	}
	if (reserved > geo->blocks / 2)
		fault_image(c->faults, "superblock: %" PRIu64 " of %" PRIu64
			    " blocks are reserved", reserved, geo->blocks);
	if (free > geo->blocks)
		fault_image(c->faults, "superblock: %" PRIu64 " of %" PRIu64
			    " blocks are free", free, geo->blocks);
	if (sb32(c, SB_FREE_INODES) > geo->inodes)
		fault_image(c->faults, "superblock: %u of %u inodes are free",
			    sb32(c, SB_FREE_INODES), geo->inodes);
	check_isize(c, SB_MIN_EXTRA, "least");
	check_isize(c, SB_WANT_EXTRA, "wanted");
}

static bool csum_is_right(const uint8_t *super)
{
	return format_crc32c(~0u, super, SB_CSUM) ==
	       get_le32(super + SB_CSUM);
}

/* Return: what differs between a copy and the superblock, or NULL. */
static const char *compare_copy(const struct check *c, const uint8_t *copy)
{
	static const struct {
		uint32_t at, bits;
		const char *name;
	} fields[] = {
		{ 0x00, UINT32_MAX, "count of inodes" },
		{ 0x04, UINT32_MAX, "count of blocks" },
		{ SB_BLOCKS_HI, UINT32_MAX, "count of blocks" },
		{ 0x18, UINT32_MAX, "block size" },
		{ 0x20, UINT32_MAX, "count of blocks per group" },
		{ 0x28, UINT32_MAX, "count of inodes per group" },
		{ SB_COMPAT, UINT32_MAX, "features" },
		{ SB_INCOMPAT, ~(uint32_t)INCOMPAT_LAZY, "features" },
		{ SB_RO_COMPAT, ~(uint32_t)RO_LAZY, "features" },
	};
	size_t i;

	if (get_le16(copy + MAGIC_AT) != MAGIC)
		return "magic number";
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if ((get_le32(copy + fields[i].at) ^
		     get_le32(c->super + fields[i].at)) & fields[i].bits)
			return fields[i].name;
	if (memcmp(copy + SB_UUID, c->super + SB_UUID, 16))
		return "UUID";
	if (c->geo->metadata_csum && !csum_is_right(copy))
		return "checksum";
	return NULL;
}

static errcode_t check_copies(struct check *c)
{
	const uint8_t *block;
	struct group_super g;
	const char *wrong;
	errcode_t err = 0;
	uint32_t group;

	for (group = 1; !err && group < c->geo->groups; group++) {
		err = read_group_super(&g, c->img, group);
		if (err || !g.super)
			continue;
		err = image_peek(c->img, &block, g.super);
		if (err)
			break;
		wrong = compare_copy(c, block);
		if (wrong)
			fault_group(c->faults, group, "the copy of the "
				    "superblock has another %s", wrong);
	}
	return err;
}

errcode_t check_superblock(struct check *c)
{
	if (c->geo->metadata_csum && !csum_is_right(c->super))
		fault_image(c->faults, "superblock: wrong checksum");
	check_features(c);
	check_figures(c);
	return check_copies(c);
}
