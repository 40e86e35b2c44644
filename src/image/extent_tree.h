/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extent trees: the inner half of mapping.h for the extents feature. */
#ifndef E4PACK_IMAGE_EXTENT_TREE_H
#define E4PACK_IMAGE_EXTENT_TREE_H

#include "image/format.h"

/* Return: the blocks of a packed tree of @n extents, its root in the inode
 * not counted. */
uint64_t extent_tree_blocks(const struct format *fmt, uint64_t n);

/* Write the root to @i_block (60 bytes) and the extent_tree_blocks() others,
 * that will lie at @meta_pblk, to @blocks: levels from the top down, each in
 * the order of its extents.  @seed is that of the inode's checksums. */
void extent_tree_encode(uint8_t *i_block, uint8_t *blocks,
			const uint64_t *meta_pblk, const struct format *fmt,
			uint32_t seed, const struct extent *extents, size_t n);

#endif
