/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indirect blocks: the inner half of mapping.h without the extents feature. */
#ifndef E4PACK_IMAGE_INDIRECT_H
#define E4PACK_IMAGE_INDIRECT_H

#include <et/com_err.h>

#include "image/format.h"

/* Count the blocks that map @n extents besides the inode.
 * Return: 0, or E4PACK_ET_TOO_BIG for a logical block out of reach. */
errcode_t indirect_blocks(uint64_t *ret, const struct format *fmt,
			  const struct extent *extents, size_t n);

/* Write the block map to @i_block (60 bytes) and the indirect_blocks() that
 * will lie at @meta_pblk to @blocks.  Return: 0, or E4PACK_ET_TOO_BIG also
 * for a block number that needs more than 32 bits. */
errcode_t indirect_encode(uint8_t *i_block, uint8_t *blocks,
			  const uint64_t *meta_pblk, const struct format *fmt,
			  const struct extent *extents, size_t n);

#endif
