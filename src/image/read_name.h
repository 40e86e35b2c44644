/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One name in a folder of an image. */
#ifndef E4PACK_IMAGE_READ_NAME_H
#define E4PACK_IMAGE_READ_NAME_H

#include "image/read_inode.h"

struct name_cache;

/* Find the inode that has the name in folder @i, the first one where there
 * are several; *@ino 0 for none.  Names of a large folder that is asked again
 * are kept in memory, up to a bound.  Reports.
 * Return: 0, or as read_dir(); with a name found, damage elsewhere in the
 * folder is no failure. */
errcode_t read_name(uint32_t *ino, struct image *img,
		    const struct inode_info *i, const char *name,
		    size_t len);

/* Inside of this room: forget all names; NULL is fine. */
void name_cache_free(struct name_cache *c);

#endif
