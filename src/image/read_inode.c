// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes of an image.  The fixed part, little-endian, as far as it is read:
 *
 *	0 mode(2) uid(2) size_lo(4) atime(4) | 16 ctime mtime dtime gid(2)
 *	links(2) | 28 blocks_lo(4) flags(4) | 40 i_block(60) | 100
 *	generation(4) file_acl_lo(4) size_hi(4) | 116 blocks_hi(2)
 *	file_acl_hi(2) uid_hi(2) gid_hi(2) checksum_lo(2)
 *
 * and from 128 on, where i_extra_isize reaches: extra_isize(2)
 * checksum_hi(2) ctime_extra(4) mtime_extra atime_extra crtime crtime_extra.
 */
#include "image/read_inode.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/format.h"
#include "image/read_group.h"
#include "image/read_image.h"

enum {
	OLD_SIZE = 128,
	AT_CSUM_LO = 124,
	AT_CSUM_HI = 130,
	AT_GENERATION = 100,
	AT_VERSION = 36,
	AT_CRTIME = 144,
	AT_VERSION_HI = 152,
	AT_PROJECT = 156,
	FLAG_HUGE_FILE = 0x40000,
	SCAN_BYTES = 1 << 20,
};

/* Seconds of 32 bits and, where the inode has them, 2 more and the ns. */
static struct timestamp get_time(const uint8_t *raw, uint32_t at,
				 uint32_t at_extra, uint32_t len)
{
	struct timestamp t = { (int32_t)get_le32(raw + at), 0 };
	uint32_t extra;

	if (at_extra + 4 > len)
		return t;
	extra = get_le32(raw + at_extra);
	t.sec += (int64_t)(extra & 3) << 32;
	t.nsec = extra >> 2;
	if (t.nsec > 999999999)
		t.nsec = 0;
	return t;
}

static void get_times(struct inode_info *i, const uint8_t *raw, uint32_t len)
{
	static const struct timestamp none = { 0, 0 };

	i->times[INODE_ATIME] = get_time(raw, 8, 140, len);
	i->times[INODE_CTIME] = get_time(raw, 12, 132, len);
	i->times[INODE_MTIME] = get_time(raw, 16, 136, len);
	i->times[INODE_CRTIME] = none;
	if (len >= 148)
		i->times[INODE_CRTIME] = get_time(raw, 144, 148, len);
}

void inode_decode(struct inode_info *i, const uint8_t *raw,
		  const struct image_geometry *geo, uint32_t ino)
{
	uint32_t len = OLD_SIZE;

	if (geo->inode_size > OLD_SIZE)
		len += get_le16(raw + OLD_SIZE);
	if (len > geo->inode_size)
		len = OLD_SIZE;
	i->ino = ino;
	i->mode = get_le16(raw);
	i->uid = get_le16(raw + 2) | (uint32_t)get_le16(raw + 120) << 16;
	i->gid = get_le16(raw + 24) | (uint32_t)get_le16(raw + 122) << 16;
	i->links = get_le16(raw + 26);
	i->flags = get_le32(raw + 32);
	i->generation = get_le32(raw + AT_GENERATION);
	i->dtime = get_le32(raw + 20);
	i->size = get_le32(raw + 4);
	if (S_ISREG(i->mode) || (S_ISDIR(i->mode) && geo->large_dir))
		i->size |= (uint64_t)get_le32(raw + 108) << 32;
	i->sectors = get_le32(raw + 28);
	if (geo->huge_file) {
		i->sectors |= (uint64_t)get_le16(raw + 116) << 32;
		if (i->flags & FLAG_HUGE_FILE)
			i->sectors <<= geo->block_bits - 9;
	}
	i->file_acl = get_le32(raw + 104) |
		      (uint64_t)get_le16(raw + 118) << 32;
	get_times(i, raw, len);
	memcpy(i->i_block, raw + 40, sizeof(i->i_block));
}

/* crc32c over number, generation and the inode with its checksum as 0. */
bool inode_csum_is_right(const struct image_geometry *geo,
			 const uint8_t *raw, uint32_t ino)
{
	static const uint8_t zero[2] = { 0, 0 };
	uint32_t crc, stored = get_le16(raw + AT_CSUM_LO);
	bool high = geo->inode_size > OLD_SIZE &&
		    get_le16(raw + OLD_SIZE) >= 4;

	crc = format_inode_seed(geo->csum_seed, ino,
				get_le32(raw + AT_GENERATION));
	crc = format_crc32c(crc, raw, AT_CSUM_LO);
	crc = format_crc32c(crc, zero, 2);
	crc = format_crc32c(crc, raw + AT_CSUM_LO + 2,
			    OLD_SIZE - AT_CSUM_LO - 2);
	if (!high) {
		crc = format_crc32c(crc, raw + OLD_SIZE,
				    geo->inode_size - OLD_SIZE);
		return (crc & 0xffff) == stored;
	}
	crc = format_crc32c(crc, raw + OLD_SIZE, AT_CSUM_HI - OLD_SIZE);
	crc = format_crc32c(crc, zero, 2);
	crc = format_crc32c(crc, raw + AT_CSUM_HI + 2,
			    geo->inode_size - AT_CSUM_HI - 2);
	stored |= (uint32_t)get_le16(raw + AT_CSUM_HI) << 16;
	return crc == stored;
}

static errcode_t check_csum(struct image *img, const uint8_t *raw,
			    uint32_t ino)
{
	/* Reserved inodes that nobody uses are all zero. */
	if (!img->geo.metadata_csum || get_le16(raw) == 0 ||
	    inode_csum_is_right(&img->geo, raw, ino))
		return 0;
	return image_wrong_csum(img, IMAGE_CSUM_INODE, "inode %u", ino);
}

errcode_t read_inode_raw(const uint8_t **ret, struct image *img, uint32_t ino)
{
	const struct image_geometry *geo = &img->geo;
	uint32_t group = (ino - 1) / geo->inodes_per_group;
	uint64_t byte = (uint64_t)((ino - 1) % geo->inodes_per_group) *
			geo->inode_size;
	const uint8_t *block;
	struct group_info g;
	errcode_t err;

	if (ino == 0 || ino > geo->inodes)
		return image_bad(img, "inode %u is out of range", ino);
	err = read_group(&g, img, group);
	if (!err)
		err = image_peek(img, &block,
				 g.inode_table + (byte >> geo->block_bits));
	if (!err)
		*ret = block + (byte & (geo->block_size - 1));
	return err;
}

errcode_t read_inode(struct inode_info *ret, struct image *img, uint32_t ino)
{
	const uint8_t *raw;
	errcode_t err = read_inode_raw(&raw, img, ino);

	if (!err)
		err = check_csum(img, raw, ino);
	if (!err)
		inode_decode(ret, raw, &img->geo, ino);
	return err;
}

static void decode_more(struct inode_more *m, const uint8_t *raw,
			const struct image_geometry *geo)
{
	uint32_t extra = 0;

	if (geo->inode_size > OLD_SIZE)
		extra = get_le16(raw + OLD_SIZE);
	if (extra > geo->inode_size - OLD_SIZE)
		extra = 0;
	m->extra_isize = extra;
	m->version = get_le32(raw + AT_VERSION);
	if (OLD_SIZE + extra >= AT_VERSION_HI + 4)
		m->version |= (uint64_t)get_le32(raw + AT_VERSION_HI) << 32;
	m->has_crtime = OLD_SIZE + extra >= AT_CRTIME + 4;
	m->has_project = OLD_SIZE + extra >= AT_PROJECT + 4;
	m->project = m->has_project ? get_le32(raw + AT_PROJECT) : 0;
	m->csum = get_le16(raw + AT_CSUM_LO);
	if (extra >= 4)
		m->csum |= (uint32_t)get_le16(raw + AT_CSUM_HI) << 16;
}

errcode_t read_inode_more(struct inode_more *ret, struct image *img,
			  uint32_t ino)
{
	const struct image_geometry *geo = &img->geo;
	const uint8_t *raw;
	struct group_info g;
	uint64_t byte;
	errcode_t err = read_inode_raw(&raw, img, ino);

	if (err)
		return err;
	decode_more(ret, raw, geo);
	ret->has_csum = geo->metadata_csum;
	ret->csum_good = geo->metadata_csum &&
			 inode_csum_is_right(geo, raw, ino);
	ret->group = (ino - 1) / geo->inodes_per_group;
	byte = (uint64_t)((ino - 1) % geo->inodes_per_group) *
	       geo->inode_size;
	err = read_group(&g, img, ret->group);
	if (err)
		return err;
	ret->block = g.inode_table + (byte >> geo->block_bits);
	ret->offset = byte & (geo->block_size - 1);
	return 0;
}

/* The buffers of a scan and who is told. */
struct inode_scan {
	struct image *img;
	inode_visit *visit;
	void *arg;
	uint8_t *bitmap;	/* one block */
	uint8_t *table;		/* SCAN_BYTES, or one block if that is more */
	uint32_t per_read;	/* inodes in @table */
};

static bool bit_is_set(const uint8_t *bits, uint32_t n)
{
	return bits[n / 8] >> n % 8 & 1;
}

/* Visit inodes @from to @to (exclusive) of a group, all in the table. */
static errcode_t scan_table(const struct inode_scan *s, uint32_t first_ino,
			    uint32_t from, uint32_t to)
{
	const struct image_geometry *geo = &s->img->geo;
	struct inode_info info;
	errcode_t err = 0;
	uint32_t i;

	for (i = from; !err && i < to; i++) {
		const uint8_t *raw = s->table +
			(size_t)(i - from) * geo->inode_size;

		if (!bit_is_set(s->bitmap, i))
			continue;
		err = check_csum(s->img, raw, first_ino + i);
		if (err)
			break;
		inode_decode(&info, raw, geo, first_ino + i);
		err = s->visit(s->arg, &info);
	}
	return err;
}

/* Read the part of a table that holds inodes from @from on, as far as it
 * goes up to @end, and visit them. */
static errcode_t scan_part(const struct inode_scan *s,
			   const struct group_info *g, uint32_t first_ino,
			   uint32_t from, uint32_t end)
{
	const struct image_geometry *geo = &s->img->geo;
	const uint32_t per_block = geo->block_size / geo->inode_size;
	errcode_t err = image_read(s->img, g->inode_table + from / per_block,
				   div_round_up(end - from, per_block),
				   s->table);

	return err ? err : scan_table(s, first_ino, from, end);
}

static errcode_t scan_group(const struct inode_scan *s, uint32_t group)
{
	const struct image_geometry *geo = &s->img->geo;
	const uint32_t per_block = geo->block_size / geo->inode_size;
	const uint32_t first_ino = group * geo->inodes_per_group + 1;
	struct group_info g;
	uint32_t from = 0, end, last;
	errcode_t err = read_group(&g, s->img, group);

	if (!err && g.inodes_in_use)
		err = read_inode_bitmap(s->bitmap, s->img, group, &g);
	if (err)
		return err;
	last = g.inodes_in_use;
	while (last && !bit_is_set(s->bitmap, last - 1))
		last--;
	for (; !err && from < last; from = end) {
		while (!bit_is_set(s->bitmap, from))
			from++;
		from -= from % per_block;
		end = last - from > s->per_read ? from + s->per_read : last;
		err = scan_part(s, &g, first_ino, from, end);
	}
	return err;
}

errcode_t read_inodes(struct image *img, inode_visit *visit, void *arg)
{
	struct inode_scan s = { .img = img, .visit = visit, .arg = arg };
	errcode_t err = 0;
	uint32_t group;

	s.per_read = SCAN_BYTES / img->geo.inode_size;
	s.bitmap = malloc(img->geo.block_size);
	s.table = malloc(SCAN_BYTES);
	if (!s.bitmap || !s.table)
		err = diag_nomem(img->diag);
	for (group = 0; !err && group < img->geo.groups; group++)
		err = scan_group(&s, group);
	free(s.table);
	free(s.bitmap);
	return err;
}

bool inode_has_name(const struct image *img, const struct inode_info *i)
{
	const struct image_geometry *geo = &img->geo;

	if (i->links == 0 || (i->flags & INODE_FLAG_EA_INODE))
		return false;
	if (i->ino == FORMAT_ROOT_INO)
		return true;
	return i->ino >= geo->first_ino && i->ino != geo->orphan_ino &&
	       i->ino != geo->project_quota_ino;
}
