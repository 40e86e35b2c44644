// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings of existing files, read without trust.
 *
 * An extent tree node: magic(2) entries(2) max(2) depth(2) generation(4),
 * then entries of 12 bytes; a leaf's: lblk(4) len(2) pblk_hi(2) pblk_lo(4),
 * a length over 32768 meaning 32768 less, unwritten; an index's: lblk(4)
 * child_lo(4) child_hi(2) unused(2).  A node that fills a block has a
 * checksum behind its last possible entry.
 *
 * What keeps a hostile mapping from holding us up: the depth goes down by one
 * per level from at most 5; an index node has at least one entry and all its
 * keys lie in the range its parent gives it, so that no node is met twice on
 * one level; a file cannot map more blocks than the image has; and every
 * mapping block read is taken from a budget.  Indirect blocks carry no range,
 * so that for them the last two must do.
 */
#include "image/read_map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_image.h"

enum {
	EXTENT_MAGIC = 0xf30a,
	EXTENT_HEADER = 12,
	EXTENT_ENTRY = 12,
	EXTENT_MAX_DEPTH = 5,
	DIRECT_BLOCKS = 12,
	INDIRECT_LEVELS = 3,
};

#define LBLK_END (UINT64_C(1) + FORMAT_MAX_LBLK)

struct map_walk {
	struct image *img;
	const struct inode_info *inode;
	const struct map_visitor *v;
	uint64_t own_budget;	/* when the visitor brings none */
	uint64_t *budget;
	uint64_t next_lblk;	/* end of the last extent told or pending */
	uint64_t mapped;	/* blocks told so far */
	struct extent pending;	/* indirect: a run that may still grow */
	uint32_t csum_seed;	/* of this inode's own blocks */
};

static errcode_t bad(const struct map_walk *w, const char *what)
{
	return image_bad(w->img, "inode %u: %s", w->inode->ino, what);
}

static bool in_image(const struct map_walk *w, uint64_t pblk, uint64_t len)
{
	const struct image_geometry *geo = &w->img->geo;

	return pblk > geo->first_data_block && pblk < geo->blocks &&
	       len <= geo->blocks - pblk;
}

static errcode_t tell(struct map_walk *w, const struct extent *e)
{
	w->mapped += e->len;
	if (w->mapped > w->img->geo.blocks)
		return bad(w, "it maps more blocks than there are");
	return w->v->extent(w->v->arg, e);
}

/* Copy a block of the mapping to new memory in *@ret. */
static errcode_t load(uint8_t **ret, struct map_walk *w, uint64_t pblk)
{
	const uint32_t len = w->img->geo.block_size;
	const uint8_t *block;
	errcode_t err = 0;

	if (!in_image(w, pblk, 1))
		return image_bad(w->img, "inode %u: mapping block %" PRIu64
				 " is outside of the image", w->inode->ino,
				 pblk);
	if (*w->budget == 0)
		return bad(w, "mapping blocks are shared or form a loop");
	--*w->budget;
	if (w->v->meta)
		err = w->v->meta(w->v->arg, pblk);
	if (!err)
		err = image_peek(w->img, &block, pblk);
	if (err)
		return err;
	*ret = malloc(len);
	if (!*ret)
		return diag_nomem(w->img->diag);
	memcpy(*ret, block, len);
	return 0;
}

/* A node of an extent tree and what its parent says of it. */
struct node {
	const uint8_t *data;
	uint32_t size;		/* bytes of @data */
	uint32_t depth;
	uint64_t lo, hi;	/* keys lie in here, @hi exclusive */
};

static uint32_t node_entries(const struct node *n)
{
	return get_le16(n->data + 2);
}

static const uint8_t *node_entry(const struct node *n, uint32_t i)
{
	return n->data + EXTENT_HEADER + (size_t)i * EXTENT_ENTRY;
}

static errcode_t check_node(const struct map_walk *w, const struct node *n)
{
	uint32_t entries = node_entries(n), max = get_le16(n->data + 4);

	if (get_le16(n->data) != EXTENT_MAGIC)
		return bad(w, "an extent tree node has no magic");
	if (get_le16(n->data + 6) != n->depth)
		return bad(w, "an extent tree node has a wrong depth");
	if (max > (n->size - EXTENT_HEADER) / EXTENT_ENTRY)
		return bad(w, "an extent tree node is larger than its block");
	if (entries > max)
		return bad(w, "an extent tree node has more entries than fit");
	if (entries == 0 && n->depth)
		return bad(w, "an extent tree index is empty");
	return 0;
}

static errcode_t check_node_csum(const struct map_walk *w,
				 const struct node *n, uint64_t pblk)
{
	uint32_t at = EXTENT_HEADER + EXTENT_ENTRY * get_le16(n->data + 4);

	if (!w->img->geo.metadata_csum || at + 4 > n->size)
		return 0;
	if (format_crc32c(w->csum_seed, n->data, at) ==
	    get_le32(n->data + at))
		return 0;
	return image_wrong_csum(w->img, IMAGE_CSUM_EXTENT,
				"inode %u: extent block %" PRIu64,
				w->inode->ino, pblk);
}

static errcode_t walk_leaf(struct map_walk *w, const struct node *n)
{
	uint32_t i, entries = node_entries(n);
	errcode_t err = 0;

	for (i = 0; !err && i < entries; i++) {
		const uint8_t *at = node_entry(n, i);
		struct extent e = { .lblk = get_le32(at),
				    .len = get_le16(at + 4) };

		e.unwritten = e.len > EXTENT_WRITTEN_MAX;
		if (e.unwritten)
			e.len -= EXTENT_WRITTEN_MAX;
		e.pblk = (uint64_t)get_le16(at + 6) << 32 | get_le32(at + 8);
		if (e.len == 0)
			return bad(w, "an extent is empty");
		if (e.lblk < w->next_lblk || e.lblk < n->lo)
			return bad(w, "extents overlap or are out of order");
		if (e.lblk + (uint64_t)e.len > LBLK_END)
			return bad(w, "an extent is past the largest file");
		if (!in_image(w, e.pblk, e.len))
			return bad(w, "an extent is outside of the image");
		w->next_lblk = e.lblk + (uint64_t)e.len;
		err = tell(w, &e);
	}
	return err;
}

static errcode_t walk_node(struct map_walk *w, const struct node *n);

static errcode_t walk_child(struct map_walk *w, uint64_t pblk,
			    uint32_t depth, uint64_t lo, uint64_t hi)
{
	struct node child = { .size = w->img->geo.block_size,
			      .depth = depth, .lo = lo, .hi = hi };
	uint8_t *block = NULL;
	errcode_t err = load(&block, w, pblk);

	child.data = block;
	if (!err)
		err = check_node(w, &child);
	if (!err)
		err = check_node_csum(w, &child, pblk);
	if (!err)
		err = walk_node(w, &child);
	free(block);
	return err;
}

static errcode_t walk_index(struct map_walk *w, const struct node *n)
{
	uint32_t i, entries = node_entries(n);
	uint64_t lo, hi, child;
	errcode_t err = 0;

	for (i = 0; !err && i < entries; i++) {
		const uint8_t *at = node_entry(n, i);

		lo = get_le32(at);
		hi = n->hi;
		if (i + 1 < entries)
			hi = get_le32(at + EXTENT_ENTRY);
		if (lo < n->lo || lo >= hi || hi > n->hi)
			return bad(w, "an extent index is out of order");
		child = get_le32(at + 4) | (uint64_t)get_le16(at + 8) << 32;
		err = walk_child(w, child, n->depth - 1, lo, hi);
	}
	return err;
}

static errcode_t walk_node(struct map_walk *w, const struct node *n)
{
	return n->depth ? walk_index(w, n) : walk_leaf(w, n);
}

static errcode_t walk_extents(struct map_walk *w)
{
	struct node root = { .data = w->inode->i_block,
			     .size = sizeof(w->inode->i_block),
			     .lo = 0, .hi = LBLK_END };
	errcode_t err;

	w->csum_seed = format_inode_seed(w->img->geo.csum_seed, w->inode->ino,
					 w->inode->generation);
	root.depth = get_le16(root.data + 6);
	if (root.depth > EXTENT_MAX_DEPTH)
		return bad(w, "the extent tree is too deep");
	err = check_node(w, &root);
	return err ? err : walk_node(w, &root);
}

/* Tell the run that waits and forget it. */
static errcode_t flush_run(struct map_walk *w)
{
	struct extent e = w->pending;

	w->pending.len = 0;
	return e.len ? tell(w, &e) : 0;
}

/* One block of an indirect mapping; 0 is a hole. */
static errcode_t add_block(struct map_walk *w, uint64_t lblk, uint32_t pblk)
{
	struct extent *p = &w->pending;
	errcode_t err;

	if (pblk == 0)
		return 0;
	if (!in_image(w, pblk, 1))
		return bad(w, "a block is outside of the image");
	if (lblk >= LBLK_END)
		return bad(w, "a block is past the largest file");
	if (p->len && p->len < EXTENT_WRITTEN_MAX &&
	    p->lblk + (uint64_t)p->len == lblk && p->pblk + p->len == pblk) {
		p->len++;
		return 0;
	}
	err = flush_run(w);
	p->lblk = lblk;
	p->pblk = pblk;
	p->len = 1;
	return err;
}

/* Walk the indirect block @pblk, @level above the data, for the logical
 * blocks from @lblk on. */
static errcode_t walk_indirect(struct map_walk *w, uint32_t pblk,
			       uint32_t level, uint64_t lblk)
{
	const uint32_t n = w->img->geo.block_size / 4;
	const uint32_t bits = w->img->geo.block_bits - 2;
	uint8_t *block = NULL;
	errcode_t err;
	uint32_t i;

	if (pblk == 0)
		return 0;
	err = load(&block, w, pblk);
	for (i = 0; !err && i < n; i++) {
		uint64_t at = lblk + ((uint64_t)i << bits * (level - 1));
		uint32_t entry = get_le32(block + 4 * (size_t)i);

		if (level > 1)
			err = walk_indirect(w, entry, level - 1, at);
		else
			err = add_block(w, at, entry);
	}
	free(block);
	return err;
}

static errcode_t walk_blocks(struct map_walk *w)
{
	const uint32_t bits = w->img->geo.block_bits - 2;
	const uint8_t *i_block = w->inode->i_block;
	uint64_t lblk = DIRECT_BLOCKS;
	uint32_t i, level;
	errcode_t err = 0;

	for (i = 0; !err && i < DIRECT_BLOCKS; i++)
		err = add_block(w, i, get_le32(i_block + 4 * i));
	for (level = 1; !err && level <= INDIRECT_LEVELS; level++, i++) {
		err = walk_indirect(w, get_le32(i_block + 4 * i), level, lblk);
		lblk += UINT64_C(1) << bits * level;
	}
	return err ? err : flush_run(w);
}

bool inode_is_fast_link(const struct inode_info *i)
{
	return S_ISLNK(i->mode) && i->size < sizeof(i->i_block) &&
	       !(i->flags & (INODE_FLAG_EXTENTS | INODE_FLAG_INLINE));
}

errcode_t read_map(struct image *img, const struct inode_info *i,
		   const struct map_visitor *v)
{
	struct map_walk w = { .img = img, .inode = i, .v = v };

	if ((i->flags & INODE_FLAG_INLINE) || inode_is_fast_link(i) ||
	    !(S_ISREG(i->mode) || S_ISDIR(i->mode) || S_ISLNK(i->mode)))
		return 0;
	w.own_budget = img->geo.blocks;
	w.budget = v->budget ? v->budget : &w.own_budget;
	if (i->flags & INODE_FLAG_EXTENTS)
		return walk_extents(&w);
	return walk_blocks(&w);
}
