/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An inode as values, and its bytes in the inode table. */
#ifndef E4PACK_IMAGE_INODE_H
#define E4PACK_IMAGE_INODE_H

#include "base/timestamp.h"
#include "image/format.h"

/* Which time of struct inode_values.times is which. */
enum inode_time { INODE_ATIME, INODE_MTIME, INODE_CTIME, INODE_CRTIME,
		  INODE_TIMES };

struct inode_values {
	uint32_t mode, uid, gid;
	uint32_t links;		/* over 65000 only for folders with dir_nlink,
				 * which then store 1 */
	uint32_t flags;		/* EXT4_*_FL as stored */
	uint32_t generation;
	uint64_t version;	/* change counter, 0 when new; the use count
				 * of an EA inode */
	uint64_t size;		/* bytes */
	uint64_t blocks;	/* allocated file system blocks, metadata of
				 * its mapping and xattr block included */
	uint64_t file_acl;	/* xattr block, or 0 */
	struct timestamp times[INODE_TIMES];
	uint8_t i_block[60];	/* mapping, fast link, or device number */
	const uint8_t *ibody;	/* in-inode xattrs, or NULL */
	size_t ibody_len;	/* bytes; all after the extra fields */
};

/* Bring @t into the range that can be stored, as the kernel clamps. */
struct timestamp inode_time_clamp(const struct format *fmt,
				  struct timestamp t);

/* Bytes after the extra fields, for in-inode xattrs; 0 when there are none. */
size_t inode_xattr_room(const struct format *fmt);

/* Put a device number into @i_block, the rest zero: the old form where both
 * numbers are below 256, else the new one, of 12 and 20 bits. */
void inode_set_device(uint8_t i_block[60], uint32_t major, uint32_t minor);

/* Read it back from either form. */
void inode_get_device(const uint8_t i_block[60], uint32_t *major,
		      uint32_t *minor);

/* Write inode @ino to fmt->inode_size bytes at @out, with its checksum. */
void inode_encode(uint8_t *out, const struct format *fmt, uint32_t ino,
		  const struct inode_values *v);

/* Change inode @ino where it lies, in the fmt->inode_size bytes at @out: all
 * that @v has but generation and version, which stay, as does what @v does
 * not know. v->ibody has inode_change_room() bytes, or v->ibody_len is 0:
 * what lies there stays. */
void inode_change(uint8_t *out, const struct format *fmt, uint32_t ino,
		  const struct inode_values *v);

/* As inode_xattr_room() for an inode that is there, whose extra fields may
 * reach less far. */
size_t inode_change_room(const uint8_t *out, const struct format *fmt);

/* How many attributes have the value that lies in the EA inode at @raw, and
 * another number of them, with the checksum that goes with it. */
uint64_t inode_value_refs(const uint8_t *raw);
void inode_set_value_refs(uint8_t *out, const struct format *fmt,
			  uint32_t ino, uint64_t refs);

/* Mark inode @ino at @out as deleted at @time (seconds). */
void inode_delete(uint8_t *out, const struct format *fmt, uint32_t ino,
		  uint32_t time);

#endif
