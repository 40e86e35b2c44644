/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the blocks of a file lie, whatever the form of its mapping. */
#ifndef E4PACK_IMAGE_READ_MAP_H
#define E4PACK_IMAGE_READ_MAP_H

#include "image/format.h"
#include "image/read_inode.h"

/* Who is told.  A code other than 0 from either call ends the walk. */
struct map_visitor {
	/* One extent as stored, or one contiguous run of an indirect mapping
	 * cut at EXTENT_WRITTEN_MAX: ascending, not overlapping, inside of
	 * the image. */
	errcode_t (*extent)(void *arg, const struct extent *e);
	/* A block that holds mapping, not data.  NULL: not wanted. */
	errcode_t (*meta)(void *arg, uint64_t pblk);
	void *arg;
	/* Mapping blocks that may still be read, counted down; every sane
	 * image has fewer than it has blocks.  Shared by walks, it bounds
	 * their sum where files share mappings.  NULL: it is per file. */
	uint64_t *budget;
};

/* Walk the mapping of @i: an extent tree or the indirect blocks of ext2.
 * A file with inline data, a fast link or a device has none.  The callbacks
 * may use the image.  Reports, naming the inode.
 * Return: 0; E4PACK_ET_BAD_IMAGE, extents before the damage told; ENOMEM;
 * what a callback returned; or as image_read(). */
errcode_t read_map(struct image *img, const struct inode_info *i,
		   const struct map_visitor *v);

/* Whether the target of this link lies in the inode itself. */
bool inode_is_fast_link(const struct inode_info *i);

#endif
