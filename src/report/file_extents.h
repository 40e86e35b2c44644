/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extents of one file of an image, all in memory. */
#ifndef E4PACK_REPORT_FILE_EXTENTS_H
#define E4PACK_REPORT_FILE_EXTENTS_H

#include "image/format.h"
#include "image/read_inode.h"

/* Zero it, or file_extents_release(). */
struct file_extents {
	struct extent *e;	/* ascending, not overlapping */
	size_t n, cap;
};

void file_extents_release(struct file_extents *l);

/* Replace what @l holds by the extents of @i.  @budget as in read_map.h.
 * Reports.  Return: as read_map(); @l is then empty. */
errcode_t file_extents_read(struct file_extents *l, struct image *img,
			   const struct inode_info *i, uint64_t *budget);

#endif
