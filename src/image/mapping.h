/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a file's extents to the blocks and the 60 bytes that map them: an
 * extent tree built bottom up and packed full, or, without the extents
 * feature, the indirect blocks of ext2.
 */
#ifndef E4PACK_IMAGE_MAPPING_H
#define E4PACK_IMAGE_MAPPING_H

#include <et/com_err.h>

#include "image/format.h"

/* Blocks that map @n extents besides the 60 bytes in the inode.  @extents
 * is looked at only without the extents feature, where the logical places
 * matter; then also E4PACK_ET_TOO_BIG for a block that cannot be reached. */
errcode_t mapping_blocks(uint64_t *ret, const struct format *fmt,
			 const struct extent *extents, size_t n);

/* As mapping_blocks() for extents that are not known yet, only their count;
 * extents feature only. */
uint64_t mapping_extent_blocks(const struct format *fmt, uint64_t n);

/* Encode the mapping of @n extents of inode @ino with @generation (ascending,
 * not overlapping).  @meta_pblk has the place of each further block, in the
 * order in which they are written to @blocks (room for mapping_blocks()
 * whole blocks); @i_block gets 60 bytes.
 * Return: 0; E4PACK_ET_BUG when the counts do not agree or an extent is
 * malformed; without the extents feature also E4PACK_ET_TOO_BIG for a block
 * number over 32 bits. */
errcode_t mapping_encode(uint8_t i_block[60], uint8_t *blocks,
			 const uint64_t *meta_pblk, uint64_t n_meta,
			 const struct format *fmt, uint32_t ino,
			 uint32_t generation, const struct extent *extents,
			 size_t n);

#endif
