// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extent trees, built bottom up and packed full.
 *
 * Every node is a header and entries of 12 bytes each.  A block has room for
 * cap = (block_size - 12) / 12 entries, the 60 bytes in the inode for 4.
 * Block sizes are powers of two, so 4 or 8 bytes are left over: the checksum
 * takes the first 4 of them and costs no entry.
 *
 *	header	0 magic  2 entries  4 cap  6 depth (0: leaf)  8 generation
 *	extent	0 lblk   4 len (+ 32768: unwritten)  6 pblk 47..32  8 pblk 31..0
 *	index	0 lblk   4 child 31..0  8 child 47..32  10 unused
 *	tail	0 crc32c of all before it, from the inode's seed
 *
 * With n extents level 0 has w0 = ceil(n / cap) nodes, level k has
 * wk = ceil(w(k-1) / cap), until the nodes of a level fit the inode.  Packed
 * full means that node i of level k begins with extent i * cap^(k+1), so no
 * node needs to be looked at to write its parent.
 *
 * Blocks are numbered from the top level down, so that a reader who goes
 * from the root to the leaves only ever moves forward on the disk.
 */
#include "image/extent_tree.h"

#include <string.h>

#include "base/endian.h"

enum {
	MAGIC = 0xf30a,
	HEADER = 12,		/* bytes */
	ENTRY = 12,		/* bytes */
	ROOT_CAP = 4,		/* entries in the inode */
	UNWRITTEN = 32768,	/* added to the length */
	DEPTH_MAX = 10,		/* 4 * 84^10 is over 2^64 */
};

struct shape {
	uint32_t cap;			/* entries per block */
	unsigned int depth;		/* levels besides the root */
	uint64_t width[DEPTH_MAX];	/* nodes per level, leaves first */
	uint64_t start[DEPTH_MAX];	/* number of a level's first block */
	uint64_t blocks;		/* all levels */
};

static void shape_init(struct shape *s, const struct format *fmt, uint64_t n)
{
	unsigned int level;

	memset(s, 0, sizeof(*s));
	s->cap = (fmt->block_size - HEADER) / ENTRY;
	while (n > ROOT_CAP) {
		n = n / s->cap + (n % s->cap != 0);
		s->width[s->depth++] = n;
	}
	for (level = s->depth; level > 0; level--) {
		s->start[level - 1] = s->blocks;
		s->blocks += s->width[level - 1];
	}
}

uint64_t extent_tree_blocks(const struct format *fmt, uint64_t n)
{
	struct shape s;

	shape_init(&s, fmt, n);
	return s.blocks;
}

static void put_header(uint8_t *node, uint64_t entries, uint32_t cap,
		       unsigned int depth)
{
	put_le16(node, MAGIC);
	put_le16(node + 2, entries);
	put_le16(node + 4, cap);
	put_le16(node + 6, depth);
	put_le32(node + 8, 0);
}

static void put_extent(uint8_t *at, const struct extent *e)
{
	put_le32(at, e->lblk);
	put_le16(at + 4, e->unwritten ? e->len + UNWRITTEN : e->len);
	put_le16(at + 6, e->pblk >> 32);
	put_le32(at + 8, e->pblk);
}

static void put_index(uint8_t *at, uint32_t lblk, uint64_t child)
{
	put_le32(at, lblk);
	put_le32(at + 4, child);
	put_le16(at + 8, child >> 32);
	put_le16(at + 10, 0);
}

/* Everything that writing one node needs besides its place in the tree. */
struct encoder {
	struct shape shape;
	const uint64_t *meta_pblk;
	const struct extent *extents;
	size_t n;
};

/* Write the node of @level whose first entry is entry @first of all entries
 * of that level. */
static void put_node(const struct encoder *c, uint8_t *node,
		     unsigned int level, uint64_t first, uint32_t cap)
{
	const struct shape *s = &c->shape;
	uint64_t all = level ? s->width[level - 1] : c->n;
	uint64_t span = 1, i, end;
	unsigned int k;

	end = all - first < cap ? all : first + cap;
	put_header(node, end - first, cap, level);
	for (k = 0; k < level; k++)
		span *= s->cap;
	for (i = first; i < end; i++) {
		uint8_t *at = node + HEADER + (i - first) * ENTRY;

		if (level)
			put_index(at, c->extents[i * span].lblk,
				  c->meta_pblk[s->start[level - 1] + i]);
		else
			put_extent(at, &c->extents[i]);
	}
}

static void put_tail(uint8_t *node, uint32_t cap, uint32_t seed)
{
	size_t len = HEADER + (size_t)cap * ENTRY;

	put_le32(node + len, format_crc32c(seed, node, len));
}

void extent_tree_encode(uint8_t *i_block, uint8_t *blocks,
			const uint64_t *meta_pblk, const struct format *fmt,
			uint32_t seed, const struct extent *extents, size_t n)
{
	struct encoder c = { .meta_pblk = meta_pblk, .extents = extents,
			     .n = n };
	const struct shape *s = &c.shape;
	unsigned int level;
	uint64_t i;

	shape_init(&c.shape, fmt, n);
	memset(i_block, 0, HEADER + ROOT_CAP * ENTRY);
	put_node(&c, i_block, s->depth, 0, ROOT_CAP);
	for (level = 0; level < s->depth; level++) {
		for (i = 0; i < s->width[level]; i++) {
			uint8_t *node = blocks +
				(s->start[level] + i) * fmt->block_size;

			memset(node, 0, fmt->block_size);
			put_node(&c, node, level, i * s->cap, s->cap);
			if (fmt->metadata_csum)
				put_tail(node, s->cap, seed);
		}
	}
}
