// SPDX-License-Identifier: GPL-2.0-or-later
/* The door to both ways of mapping a file, and the check of what is mapped. */
#include "image/mapping.h"

#include "base/errors.h"
#include "image/extent_tree.h"
#include "image/indirect.h"

static const uint64_t PBLK_END = UINT64_C(1) << 48;

/* Whether @e can follow a file mapped up to @end in the form of @fmt. */
static bool extent_valid(const struct format *fmt, const struct extent *e,
			 uint64_t end)
{
	uint32_t max = e->unwritten ? EXTENT_UNWRITTEN_MAX :
		EXTENT_WRITTEN_MAX;

	return e->len && e->len <= max && e->lblk >= end &&
		e->len - 1 <= FORMAT_MAX_LBLK - e->lblk &&
		e->pblk < PBLK_END && e->len <= PBLK_END - e->pblk &&
		(fmt->extents || !e->unwritten);
}

static bool extents_valid(const struct format *fmt,
			  const struct extent *extents, size_t n)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (extents[i].lblk > FORMAT_MAX_LBLK ||
		    !extent_valid(fmt, &extents[i], end))
			return false;
		end = (uint64_t)extents[i].lblk + extents[i].len;
	}
	return true;
}

errcode_t mapping_blocks(uint64_t *ret, const struct format *fmt,
			 const struct extent *extents, size_t n)
{
	if (!fmt->extents)
		return indirect_blocks(ret, fmt, extents, n);
	*ret = extent_tree_blocks(fmt, n);
	return 0;
}

uint64_t mapping_extent_blocks(const struct format *fmt, uint64_t n)
{
	return extent_tree_blocks(fmt, n);
}

errcode_t mapping_encode(uint8_t i_block[60], uint8_t *blocks,
			 const uint64_t *meta_pblk, uint64_t n_meta,
			 const struct format *fmt, uint32_t ino,
			 uint32_t generation, const struct extent *extents,
			 size_t n)
{
	uint64_t count;
	errcode_t err;

	if (!extents_valid(fmt, extents, n))
		return E4PACK_ET_BUG;
	err = mapping_blocks(&count, fmt, extents, n);
	if (err)
		return err;
	if (count != n_meta)
		return E4PACK_ET_BUG;
	if (!fmt->extents)
		return indirect_encode(i_block, blocks, meta_pblk, fmt,
				       extents, n);
	extent_tree_encode(i_block, blocks, meta_pblk, fmt,
			   format_inode_seed(fmt->csum_seed, ino, generation),
			   extents, n);
	return 0;
}
