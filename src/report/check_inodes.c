// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The scan of all inodes.  Not the bitmaps but the inodes say which are in
 * use: those with links, and the reserved ones.  A table is read as far as
 * its group ever used it.  In ascending order each inode in use takes the next
 * place of c->links, so that later passes find it by its rank.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/dirblock.h"
#include "image/read_group.h"
#include "report/check.h"

enum { SCAN_BYTES = 1 << 20 };

bool check_has_name(const struct check *c, uint32_t ino)
{
	return ino == FORMAT_ROOT_INO ||
	       (ino >= c->geo->first_ino && ino <= c->geo->inodes &&
		ino != sb32(c, SB_USER_QUOTA) &&
		ino != sb32(c, SB_GROUP_QUOTA) &&
		ino != sb32(c, SB_PROJECT_QUOTA) &&
		ino != sb32(c, SB_ORPHAN_FILE));
}

static errcode_t add_used(struct check *c, const struct inode_info *i)
{
	if (array_reserve(&c->links, &c->cap_links, c->n_links + 1,
			  sizeof(*c->links)) ||
	    array_reserve(&c->kinds, &c->cap_kinds, c->n_links + 1, 1))
		return diag_nomem(image_diag(c->img));
	c->kinds[c->n_links] = dir_file_type(i->mode);
	c->links[c->n_links++] = (uint16_t)i->links;
	bits_add(&c->used, i->ino);
	if (S_ISREG(i->mode)) {
		c->n_regular += check_has_name(c, i->ino);
	} else if (!S_ISDIR(i->mode)) {
		c->n_other += check_has_name(c, i->ino);
	} else if (check_has_name(c, i->ino)) {
		bits_add(&c->folders, i->ino);
		if (array_reserve(&c->folder, &c->cap_folders,
				  c->n_folders + 1, sizeof(*c->folder)))
			return diag_nomem(image_diag(c->img));
		c->folder[c->n_folders++] = (struct check_folder){
			.ino = i->ino };
	}
	return 0;
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, len - 1);
}

/* Times of the superblock that look like inode numbers: then a time of
 * deletion may, too. */
static bool times_are_small(const struct check *c)
{
	static const enum super_at times[] = { SB_WTIME, SB_MTIME,
					       SB_MKFS_TIME };
	size_t i;

	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		if (sb32(c, times[i]) && sb32(c, times[i]) < c->geo->inodes)
			return true;
	return false;
}

/* An inode without links is free; what it must not look like. */
static void check_free(struct check *c, const struct inode_info *i)
{
	if (!i->dtime && i->mode)
		fault_inode(c->faults, i->ino, "it is deleted, without a time "
			    "of deletion");
}

static errcode_t check_raw(struct check *c, const uint8_t *raw, uint32_t ino)
{
	struct check_inode i = { .raw = raw };
	bool reserved = ino < c->geo->first_ino;
	errcode_t err;

	inode_decode(&i.info, raw, c->geo, ino);
	i.group = (ino - 1) / c->geo->inodes_per_group;
	if (c->geo->metadata_csum && !all_zero(raw, 128) &&
	    !inode_csum_is_right(c->geo, raw, ino))
		fault_inode(c->faults, ino, "wrong checksum");
	if (i.info.dtime && i.info.dtime < c->geo->inodes &&
	    !times_are_small(c))
		fault_inode(c->faults, ino, "it is on a list of orphans, "
			    "deleted while open, and not freed yet");
	if (!i.info.links && !reserved) {
		check_free(c, &i.info);
		return 0;
	}
	if (!i.info.links && ino == FORMAT_ROOT_INO)
		fault_inode(c->faults, ino, "the root folder is free");
	err = add_used(c, &i.info);
	return err ? err : check_one_inode(c, &i);
}

static errcode_t scan_table(struct check *c, uint8_t *table, uint32_t group,
			    uint64_t start, uint32_t n)
{
	const struct image_geometry *geo = c->geo;
	const uint32_t most = SCAN_BYTES / geo->inode_size;
	uint32_t from, i, len;
	errcode_t err = 0;

	for (from = 0; !err && from < n; from += most) {
		len = n - from < most ? n - from : most;
		err = c->progress ? progress_check(c->progress) : 0;
		if (!err)
			err = image_read(c->img, start + (((uint64_t)from *
					 geo->inode_size) >> geo->block_bits),
					 div_round_up((uint64_t)len *
						      geo->inode_size,
						      geo->block_size),
					 table);
		for (i = 0; !err && i < len; i++)
			err = check_raw(c, table + (size_t)i * geo->inode_size,
					group * geo->inodes_per_group + from +
					i + 1);
	}
	return err;
}

static errcode_t scan_group(struct check *c, uint8_t *table, uint32_t group)
{
	const struct image_geometry *geo = c->geo;
	const uint64_t blocks = div_round_up((uint64_t)geo->inodes_per_group *
					     geo->inode_size, geo->block_size);
	struct group_fields g;
	uint32_t n = geo->inodes_per_group;

	read_group_fields(&g, c->img, group);
	if (geo->group_csum && (g.flags & GROUP_INODE_UNINIT))
		return 0;
	if (geo->group_csum && g.unused_inodes <= n)
		n -= g.unused_inodes;
	if (!check_inside(c, g.inode_table) ||
	    blocks > geo->blocks - g.inode_table)
		return 0;
	return scan_table(c, table, group, g.inode_table, n);
}

errcode_t check_inodes(struct check *c)
{
	uint8_t *table = malloc(SCAN_BYTES);
	errcode_t err = 0;
	uint32_t group;

	if (!table || bits_init(&c->used, (uint64_t)c->geo->inodes + 1) ||
	    bits_init(&c->folders, (uint64_t)c->geo->inodes + 1))
		err = diag_nomem(image_diag(c->img));
	for (group = 0; !err && group < c->geo->groups; group++)
		err = scan_group(c, table, group);
	free(table);
	if (err)
		return err;
	check_xattr_uses(c);
	c->names = calloc(c->n_links + 1, sizeof(*c->names));
	if (!c->names || bits_index(&c->used) || bits_index(&c->folders))
		return diag_nomem(image_diag(c->img));
	return 0;
}
