/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Targets of symbolic links. */
#ifndef E4PACK_IMAGE_READ_LINK_H
#define E4PACK_IMAGE_READ_LINK_H

#include "base/buf.h"
#include "image/read_inode.h"

/* Append the target of the link @i to @out.  It ends at the first NUL and is
 * never empty.  Reports.
 * Return: 0, ENOMEM, E4PACK_ET_BAD_IMAGE, E4PACK_ET_UNSUPPORTED where it is
 * encrypted, or as read_map(). */
errcode_t read_link(struct buf *out, struct image *img,
		    const struct inode_info *i);

#endif
