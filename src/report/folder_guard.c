// SPDX-License-Identifier: GPL-2.0-or-later
/* Bounds of a walk over folders. */
#include "report/folder_guard.h"

errcode_t folder_guard_init(struct folder_guard *g, const struct image *img)
{
	const struct image_geometry *geo = image_geometry(img);

	g->bytes = geo->blocks << geo->block_bits;
	return inode_set_init(&g->seen, img);
}

void folder_guard_release(struct folder_guard *g)
{
	inode_set_release(&g->seen);
}

errcode_t folder_guard_enter(struct folder_guard *g, const struct image *img,
			     const struct inode_info *i)
{
	if (!inode_set_add(&g->seen, i->ino))
		return image_bad(img, "folder inode %u has more than one name",
				 i->ino);
	if (i->size > g->bytes)
		return image_bad(img, "folder inode %u: folders are larger "
				 "than the image", i->ino);
	g->bytes -= i->size;
	return 0;
}
