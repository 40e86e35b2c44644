// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block maps: 32-bit block numbers, one per logical block, 0 for a hole.
 *
 *	i_block[0..11]	logical blocks 0 to 11
 *	i_block[12]	a block of P numbers, P = block_size / 4
 *	i_block[13]	a block of P blocks of P numbers
 *	i_block[14]	one level more
 *
 * Only blocks that hold at least one number exist.  They are numbered in the
 * order in which a walk over the file in logical order first needs them, a
 * parent before its first child: where metadata and data are read together,
 * each map block comes before the blocks below it.
 *
 * Counting and encoding are the same walk; the former stores nothing.
 */
#include "image/indirect.h"

#include <string.h>

#include "base/endian.h"
#include "base/errors.h"

enum { DIRECT = 12, LEVELS = 3, I_BLOCK_BYTES = 60 };

static const uint64_t NO_BLOCK = UINT64_MAX;

struct walk {
	const struct format *fmt;
	unsigned int bits;		/* log2 of the numbers per block */
	unsigned int depth;		/* tree the walk is in; 0: none yet */
	uint64_t id[LEVELS + 1];	/* which block of each level ... */
	uint64_t number[LEVELS + 1];	/* ... and its number in blocks */
	uint64_t taken;			/* blocks so far */
	uint8_t *i_block, *blocks;	/* NULL: count only */
	const uint64_t *meta_pblk;
};

static void walk_init(struct walk *w, const struct format *fmt)
{
	memset(w, 0, sizeof(*w));
	w->fmt = fmt;
	w->bits = fmt->block_bits - 2;
}

/* Put @pblk at @index of map block @block (NO_BLOCK: the inode). */
static errcode_t store(struct walk *w, uint64_t block, uint32_t index,
		       uint64_t pblk)
{
	uint8_t *map;

	if (!w->i_block)
		return 0;
	if (pblk > UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	map = block == NO_BLOCK ? w->i_block :
		w->blocks + block * w->fmt->block_size;
	put_le32(map + 4 * (size_t)index, pblk);
	return 0;
}

/* Find the tree that maps *@place, and leave there the place inside it.
 * Return: its depth, or 0 past the end of all. */
static unsigned int find_tree(const struct walk *w, uint64_t *place)
{
	uint64_t p = *place - DIRECT;
	unsigned int depth;

	for (depth = 1; depth <= LEVELS; depth++) {
		uint64_t span = UINT64_C(1) << (w->bits * depth);

		if (p < span) {
			*place = p;
			return depth;
		}
		p -= span;
	}
	return 0;
}

static void enter_tree(struct walk *w, unsigned int depth)
{
	unsigned int level;

	if (w->depth == depth)
		return;
	w->depth = depth;
	for (level = 0; level <= LEVELS; level++)
		w->id[level] = NO_BLOCK;
}

/* Make the path from the inode to the map block that has @place. */
static errcode_t descend(struct walk *w, uint64_t place)
{
	uint64_t parent = NO_BLOCK;
	uint32_t index = DIRECT + w->depth - 1;
	uint32_t mask = (UINT32_C(1) << w->bits) - 1;
	unsigned int level;
	errcode_t err;

	for (level = w->depth; level > 0; level--) {
		uint64_t id = place >> (w->bits * level);

		if (w->id[level] != id) {
			uint64_t number = w->taken++;

			w->id[level] = id;
			w->number[level] = number;
			err = store(w, parent, index, w->i_block ?
				    w->meta_pblk[number] : 0);
			if (err)
				return err;
		}
		parent = w->number[level];
		index = (place >> (w->bits * (level - 1))) & mask;
	}
	return 0;
}

/* Map as much of @len blocks at @lblk as one map block takes.
 * *@done gets the number of blocks. */
static errcode_t map_some(struct walk *w, uint64_t lblk, uint64_t pblk,
			  uint32_t len, uint32_t *done)
{
	uint64_t place = lblk, block = NO_BLOCK;
	uint32_t index = lblk, room = DIRECT, i;
	errcode_t err;

	if (lblk >= DIRECT) {
		unsigned int depth = find_tree(w, &place);

		if (!depth)
			return E4PACK_ET_TOO_BIG;
		enter_tree(w, depth);
		err = descend(w, place);
		if (err)
			return err;
		block = w->number[1];
		room = UINT32_C(1) << w->bits;
		index = place & (room - 1);
	}
	*done = len < room - index ? len : room - index;
	for (i = 0; w->i_block && i < *done; i++) {
		err = store(w, block, index + i, pblk + i);
		if (err)
			return err;
	}
	return 0;
}

static errcode_t walk_extents(struct walk *w, const struct extent *extents,
			      size_t n)
{
	const struct extent *e;
	uint32_t at, done;
	errcode_t err;

	for (e = extents; e < extents + n; e++) {
		for (at = 0; at < e->len; at += done) {
			err = map_some(w, (uint64_t)e->lblk + at, e->pblk + at,
				       e->len - at, &done);
			if (err)
				return err;
		}
	}
	return 0;
}

errcode_t indirect_blocks(uint64_t *ret, const struct format *fmt,
			  const struct extent *extents, size_t n)
{
	struct walk w;
	errcode_t err;

	walk_init(&w, fmt);
	err = walk_extents(&w, extents, n);
	if (!err)
		*ret = w.taken;
	return err;
}

errcode_t indirect_encode(uint8_t *i_block, uint8_t *blocks,
			  const uint64_t *meta_pblk, const struct format *fmt,
			  const struct extent *extents, size_t n)
{
	uint64_t count;
	struct walk w;
	errcode_t err;

	err = indirect_blocks(&count, fmt, extents, n);
	if (err)
		return err;
	memset(i_block, 0, I_BLOCK_BYTES);
	if (count)
		memset(blocks, 0, count * fmt->block_size);
	walk_init(&w, fmt);
	w.i_block = i_block;
	w.blocks = blocks;
	w.meta_pblk = meta_pblk;
	return walk_extents(&w, extents, n);
}
