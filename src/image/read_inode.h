/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inodes of an image as values: one by number, or all that are in use. */
#ifndef E4PACK_IMAGE_READ_INODE_H
#define E4PACK_IMAGE_READ_INODE_H

#include "image/image.h"
#include "image/inode.h"

struct inode_info {
	uint32_t ino;
	uint32_t mode, uid, gid;
	uint32_t links;
	uint32_t flags;		/* EXT4_*_FL */
	uint32_t generation;
	uint32_t dtime;		/* when it was deleted; next orphan */
	uint64_t size;		/* bytes */
	uint64_t sectors;	/* allocated, in units of 512 bytes */
	uint64_t file_acl;	/* xattr block, or 0 */
	struct timestamp times[INODE_TIMES];	/* no crtime: all 0 */
	uint8_t i_block[60];
};

/* Flags that decide how i_block is to be read. */
enum {
	INODE_FLAG_ENCRYPT = 0x800,
	INODE_FLAG_INDEX = 0x1000,
	INODE_FLAG_EXTENTS = 0x80000,
	INODE_FLAG_EA_INODE = 0x200000,
	INODE_FLAG_INLINE = 0x10000000,
};

/* Read inode @ino.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE for a number out of range; E4PACK_ET_STRICT
 * for a wrong checksum; or as image_peek(). */
errcode_t read_inode(struct inode_info *ret, struct image *img, uint32_t ino);

/* Look at the inode_size bytes of @ino, valid until the image is read again.
 * Reports.  Return: as read_inode(), without a look at the checksum. */
errcode_t read_inode_raw(const uint8_t **ret, struct image *img,
			 uint32_t ino);

/* What few ask for of an inode. */
struct inode_more {
	uint32_t group;		/* whose table it lies in */
	uint64_t block;		/* of that table ... */
	uint32_t offset;	/* ... and the byte in it */
	uint32_t extra_isize;	/* bytes of extra fields in use, or 0 */
	uint64_t version;	/* change counter; an EA inode's use count */
	uint32_t project;	/* 0 where the inode has no place for it */
	bool has_crtime, has_project, has_csum;
	bool csum_good;		/* with has_csum */
	uint32_t csum;		/* as stored, with has_csum */
};

/* Read it.  Reports.  Return: as read_inode_raw(). */
errcode_t read_inode_more(struct inode_more *ret, struct image *img,
			  uint32_t ino);

/* Turn the inode_size bytes @raw of @ino into values. */
void inode_decode(struct inode_info *i, const uint8_t *raw,
		  const struct image_geometry *geo, uint32_t ino);

/* Whether the checksum in the inode_size bytes @raw of @ino is theirs; only
 * where the image has checksums. */
bool inode_csum_is_right(const struct image_geometry *geo,
			 const uint8_t *raw, uint32_t ino);

/* Called for each inode.  A code other than 0 ends the scan. */
typedef errcode_t inode_visit(void *arg, const struct inode_info *i);

/* Visit all inodes whose bit is set, in ascending order, reserved ones
 * included.  @visit may use the image.  Reports.
 * Return: 0, ENOMEM, what @visit returned, or as read_group(). */
errcode_t read_inodes(struct image *img, inode_visit *visit, void *arg);

/* Whether the inode belongs to the tree of names: no reserved one besides
 * the root, no quota or orphan file, no value of an xattr, not deleted. */
bool inode_has_name(const struct image *img, const struct inode_info *i);

#endif
