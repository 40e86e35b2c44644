// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes.  The first 128 bytes are those of ext2; larger inodes go on with
 * i_extra_isize bytes of further fields, and what is left takes xattrs.
 *
 *	0x00 mode      0x02 uid       0x04 size      0x08 atime
 *	0x0c ctime     0x10 mtime     0x14 dtime     0x18 gid
 *	0x1a links     0x1c blocks    0x20 flags     0x24 version
 *	0x28 i_block   0x64 generation               0x68 file_acl
 *	0x6c size high 0x74 blocks high              0x76 file_acl high
 *	0x78 uid high  0x7a gid high  0x7c checksum
 *	0x80 extra_isize              0x82 checksum high
 *	0x84 ctime extra  0x88 mtime extra  0x8c atime extra
 *	0x90 crtime    0x94 crtime extra    0x98 version high
 *
 * A time is 32 signed bits of seconds; its extra word adds 2 high bits below
 * 30 bits of nanoseconds: sec = (int32)low + (extra & 3) * 2^32.  So a time
 * reaches from -2^31 to 2^34 - 2^31 - 1, and without the extra word to
 * 2^31 - 1, in whole seconds.
 *
 * A field counts only when i_extra_isize covers it.
 */
#include "image/inode.h"

#include <ext2fs/ext2_fs.h>
#include <string.h>
#include <sys/stat.h>

#include "base/endian.h"

enum {
	BASE_SIZE = 128,	/* bytes of every inode */
	EXTRA_MTIME_END = 0x90 - BASE_SIZE,	/* last of a, m, c extra */
	CHECKSUM_LO = 0x7c,
	CHECKSUM_HI = 0x82,
	EXTENT_MAGIC = 0xf30a,	/* of an extent tree's header */
	EXTENTS_IN_INODE = 4,	/* that i_block has room for */
};

static const int64_t TIME_MIN = INT32_MIN;
static const int64_t TIME_MAX = (INT64_C(1) << 34) + INT32_MIN - 1;

/* Whether the extra fields reach over the @len bytes at @offset. */
static bool covers(const struct format *fmt, uint32_t offset, uint32_t len)
{
	return fmt->inode_size > BASE_SIZE &&
		offset + len <= BASE_SIZE + fmt->extra_isize;
}

static bool wide_times(const struct format *fmt)
{
	return covers(fmt, BASE_SIZE, EXTRA_MTIME_END);
}

static struct timestamp clamp(struct timestamp t, bool wide)
{
	int64_t max = wide ? TIME_MAX : INT32_MAX;

	if (t.sec < TIME_MIN)
		return (struct timestamp){ TIME_MIN, 0 };
	if (t.sec > max)
		return (struct timestamp){ max, 0 };
	if (!wide)
		t.nsec = 0;
	return t;
}

struct timestamp inode_time_clamp(const struct format *fmt,
				  struct timestamp t)
{
	return clamp(t, wide_times(fmt));
}

size_t inode_xattr_room(const struct format *fmt)
{
	size_t used = BASE_SIZE + fmt->extra_isize;

	return fmt->inode_size > used ? fmt->inode_size - used : 0;
}

void inode_set_device(uint8_t i_block[60], uint32_t major, uint32_t minor)
{
	memset(i_block, 0, 60);
	if (major < 256 && minor < 256)
		put_le32(i_block, major << 8 | minor);
	else
		put_le32(i_block + 4, (minor & 0xff) | major << 8 |
			 (minor & ~0xffu) << 12);
}

void inode_get_device(const uint8_t i_block[60], uint32_t *major,
		      uint32_t *minor)
{
	uint32_t old = get_le32(i_block), new = get_le32(i_block + 4);

	if (old) {
		*major = old >> 8 & 0xff;
		*minor = old & 0xff;
	} else {
		*major = new >> 8 & 0xfff;
		*minor = (new & 0xff) | (new >> 12 & 0xfff00);
	}
}

/* Write @t to the words at @low and, where there is one, @high. */
static void put_time(uint8_t *out, const struct format *fmt, uint32_t low,
		     uint32_t high, struct timestamp t)
{
	bool wide = covers(fmt, high, 4);
	int64_t above;

	t = clamp(t, wide);
	put_le32(out + low, t.sec);
	if (!wide)
		return;
	above = t.sec - (int32_t)t.sec;
	put_le32(out + high, t.nsec << 2 | ((above >> 32) & 3));
}

static void put_times(uint8_t *out, const struct format *fmt,
		      const struct timestamp *times)
{
	put_time(out, fmt, 0x08, 0x8c, times[INODE_ATIME]);
	put_time(out, fmt, 0x0c, 0x84, times[INODE_CTIME]);
	put_time(out, fmt, 0x10, 0x88, times[INODE_MTIME]);
	if (covers(fmt, 0x90, 4))
		put_time(out, fmt, 0x90, 0x94, times[INODE_CRTIME]);
}

static void put_size(uint8_t *out, const struct format *fmt,
		     const struct inode_values *v)
{
	put_le32(out + 0x04, v->size);
	if (S_ISREG(v->mode) || (S_ISDIR(v->mode) && fmt->large_dir))
		put_le32(out + 0x6c, v->size >> 32);
}

/* Space in use is counted in sectors of 512 bytes, and in whole blocks, with
 * a flag, where 48 bits of sectors are not enough. */
static void put_blocks(uint8_t *out, const struct format *fmt,
		       const struct inode_values *v)
{
	uint64_t count = v->blocks << (fmt->block_bits - 9);
	uint32_t flags = v->flags & ~(uint32_t)EXT4_HUGE_FILE_FL;

	if (count >> 48) {
		count = v->blocks;
		flags |= EXT4_HUGE_FILE_FL;
	}
	put_le32(out + 0x1c, count);
	put_le16(out + 0x74, count >> 32);
	put_le32(out + 0x20, flags);
}

static uint16_t stored_links(const struct inode_values *v)
{
	return S_ISDIR(v->mode) && v->links > FORMAT_LINK_MAX ? 1 : v->links;
}

static void put_owner(uint8_t *out, const struct inode_values *v)
{
	put_le16(out + 0x02, v->uid);
	put_le16(out + 0x78, v->uid >> 16);
	put_le16(out + 0x18, v->gid);
	put_le16(out + 0x7a, v->gid >> 16);
}

static void put_extra(uint8_t *out, const struct format *fmt,
		      const struct inode_values *v)
{
	if (fmt->inode_size <= BASE_SIZE)
		return;
	put_le16(out + 0x80, fmt->extra_isize);
	if (covers(fmt, 0x98, 4))
		put_le32(out + 0x98, v->version >> 32);
	if (v->ibody_len)
		memcpy(out + BASE_SIZE + fmt->extra_isize, v->ibody,
		       v->ibody_len);
}

static void put_checksum(uint8_t *out, const struct format *fmt,
			 uint32_t ino, uint32_t generation)
{
	uint32_t crc = format_inode_seed(fmt->csum_seed, ino, generation);

	put_le16(out + CHECKSUM_LO, 0);
	if (covers(fmt, CHECKSUM_HI, 2))
		put_le16(out + CHECKSUM_HI, 0);
	crc = format_crc32c(crc, out, fmt->inode_size);
	put_le16(out + CHECKSUM_LO, crc);
	if (covers(fmt, CHECKSUM_HI, 2))
		put_le16(out + CHECKSUM_HI, crc >> 16);
}

/* The fields that both a new inode and a changed one get. */
static void put_values(uint8_t *out, const struct format *fmt,
		       const struct inode_values *v)
{
	put_le16(out, v->mode);
	put_owner(out, v);
	put_size(out, fmt, v);
	put_times(out, fmt, v->times);
	put_le16(out + 0x1a, stored_links(v));
	put_blocks(out, fmt, v);
	memcpy(out + 0x28, v->i_block, sizeof(v->i_block));
	put_le32(out + 0x68, v->file_acl);
	put_le16(out + 0x76, v->file_acl >> 32);
}

void inode_encode(uint8_t *out, const struct format *fmt, uint32_t ino,
		  const struct inode_values *v)
{
	memset(out, 0, fmt->inode_size);
	put_values(out, fmt, v);
	put_le32(out + 0x24, v->version);
	put_le32(out + 0x64, v->generation);
	put_extra(out, fmt, v);
	if (fmt->metadata_csum)
		put_checksum(out, fmt, ino, v->generation);
}

size_t inode_change_room(const uint8_t *out, const struct format *fmt)
{
	struct format own = *fmt;

	if (fmt->inode_size <= BASE_SIZE)
		return 0;
	own.extra_isize = get_le16(out + 0x80);
	return inode_xattr_room(&own);
}

void inode_change(uint8_t *out, const struct format *fmt, uint32_t ino,
		  const struct inode_values *v)
{
	struct format own = *fmt;

	/* Its extra fields reach as far as they did when it was made. */
	if (fmt->inode_size > BASE_SIZE)
		own.extra_isize = get_le16(out + 0x80);
	put_values(out, &own, v);
	if (v->ibody_len)
		memcpy(out + BASE_SIZE + own.extra_isize, v->ibody,
		       v->ibody_len);
	if (fmt->metadata_csum)
		put_checksum(out, &own, ino, get_le32(out + 0x64));
}

/* The change counter of an EA inode, and above it its ctime. */
uint64_t inode_value_refs(const uint8_t *raw)
{
	return (uint64_t)get_le32(raw + 0x0c) << 32 | get_le32(raw + 0x24);
}

void inode_set_value_refs(uint8_t *out, const struct format *fmt,
			  uint32_t ino, uint64_t refs)
{
	struct format own = *fmt;

	if (fmt->inode_size > BASE_SIZE)
		own.extra_isize = get_le16(out + 0x80);
	put_le32(out + 0x0c, refs >> 32);
	put_le32(out + 0x24, refs);
	if (fmt->metadata_csum)
		put_checksum(out, &own, ino, get_le32(out + 0x64));
}

void inode_delete(uint8_t *out, const struct format *fmt, uint32_t ino,
		  uint32_t time)
{
	struct format own = *fmt;

	if (fmt->inode_size > BASE_SIZE)
		own.extra_isize = get_le16(out + 0x80);
	put_le16(out + 0x1a, 0);
	put_le32(out + 0x14, time);
	put_le32(out + 0x04, 0);
	put_le32(out + 0x6c, 0);
	put_le32(out + 0x1c, 0);
	put_le16(out + 0x74, 0);
	put_le32(out + 0x68, 0);
	put_le16(out + 0x76, 0);
	memset(out + 0x28, 0, 60);
	/* A flag without a tree looks like garbage to e2fsck. */
	if (get_le32(out + 0x20) & EXT4_EXTENTS_FL) {
		put_le16(out + 0x28, EXTENT_MAGIC);
		put_le16(out + 0x2c, EXTENTS_IN_INODE);
	}
	if (fmt->metadata_csum)
		put_checksum(out, &own, ino, get_le32(out + 0x64));
}
