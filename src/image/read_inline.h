/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data that lies in the inode itself. */
#ifndef E4PACK_IMAGE_READ_INLINE_H
#define E4PACK_IMAGE_READ_INLINE_H

#include "base/buf.h"
#include "image/inline_data.h"
#include "image/read_inode.h"

/* Put all inline data of @i into @out: the INLINE_HEAD bytes of i_block and
 * what the xattr "system.data" holds after them.  May be more or, where
 * the file was extended by a hole, less than the size.  Reports.
 * Return: 0, ENOMEM, E4PACK_ET_BAD_IMAGE, or as read_inode_raw(). */
errcode_t read_inline(struct buf *out, struct image *img,
		      const struct inode_info *i);

#endif
