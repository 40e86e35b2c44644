/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names in a folder of an image. */
#ifndef E4PACK_IMAGE_READ_DIR_H
#define E4PACK_IMAGE_READ_DIR_H

#include "image/read_inode.h"

/* One name.  It has 1 to 255 bytes, neither '/' nor NUL among them unless
 * the folder is encrypted; @ino is in range. */
struct dir_item {
	const char *name;	/* not NUL-ended; valid during the call */
	uint8_t len;
	uint8_t file_type;	/* EXT2_FT_*, 0 where the image has none; not
				 * to be trusted */
	uint32_t ino;
};

/* Called for each name.  A code other than 0 ends the reading. */
typedef errcode_t dir_visit(void *arg, const struct dir_item *item);

/* Visit the names of folder @i as they lie, "." and ".." included where
 * they are stored.  @visit may use the image.  Damage is told, naming folder
 * and block, the first faults one by one and the others by their number;
 * reading goes on behind it.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was skipped; E4PACK_ET_STRICT
 * for a wrong checksum; ENOMEM; what @visit returned; or as read_map(). */
errcode_t read_dir(struct image *img, const struct inode_info *i,
		   dir_visit *visit, void *arg);

/* Whether the name is "." or "..". */
bool dir_item_is_dot(const struct dir_item *item);

#endif
