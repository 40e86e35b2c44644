/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extended attributes of an inode: in it, in its block, and values in
 * inodes of their own. */
#ifndef E4PACK_IMAGE_READ_XATTR_H
#define E4PACK_IMAGE_READ_XATTR_H

#include "image/read_inode.h"
#include "image/xattr.h"

/* Entries and values in memory, not checked. */
struct xattr_area {
	const uint8_t *bytes;
	size_t size;
	size_t at;		/* where the next entry begins */
	size_t values;		/* offsets of values count from here */
};

/* An entry of it. */
struct xattr_entry {
	struct xattr x;		/* its value is NULL where @value_ino is set */
	uint32_t value_ino;	/* the inode that holds the value, or 0 */
};

enum xattr_next { XATTR_NEXT_ENTRY, XATTR_NEXT_END, XATTR_NEXT_BAD };

/* Step to the next entry.  Return: XATTR_NEXT_BAD when it or its value
 * reaches past the area. */
enum xattr_next xattr_area_next(struct xattr_area *a,
				struct xattr_entry *ret);

/* Fill @a with the in-inode area of the @inode_size bytes at @raw.
 * Return: whether there is one. */
bool xattr_area_of_inode(struct xattr_area *a, const uint8_t *raw,
			 size_t inode_size);

/* Whether this is system.data, under which inline data are kept. */
bool xattr_is_inline_data(const struct xattr *x);

/* Called for each attribute, its value read wherever it lies.  @in_block:
 * the entry lies in the block of the inode.  A code other than 0 ends it. */
typedef errcode_t xattr_visit(void *arg, const struct xattr_entry *e,
			      bool in_block);

/* Visit the attributes of @i as they lie, without inline data.  @visit may
 * use the image.  Damage is told, naming the inode; reading goes on behind
 * it.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was skipped; ENOMEM; what
 * @visit returned; or as image_peek(). */
errcode_t read_xattrs(struct image *img, const struct inode_info *i,
		      xattr_visit *visit, void *arg);

#endif
