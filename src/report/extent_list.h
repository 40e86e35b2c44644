/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extents of one file of an image, all in memory. */
#ifndef E4PACK_REPORT_EXTENT_LIST_H
#define E4PACK_REPORT_EXTENT_LIST_H

#include "image/format.h"
#include "image/read_inode.h"

/* Zero it, or extent_list_release(). */
struct extent_list {
	struct extent *e;	/* ascending, not overlapping */
	size_t n, cap;
};

void extent_list_release(struct extent_list *l);

/* Replace what @l holds by the extents of @i.  @budget as in read_map.h.
 * Reports.  Return: as read_map(); @l is then empty. */
errcode_t extent_list_read(struct extent_list *l, struct image *img,
			   const struct inode_info *i, uint64_t *budget);

#endif
