// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extent trees.  A node is a header (magic, entries, most, depth) and entries
 * of 12 bytes; a node below the root is a block of its own, whose checksum
 * follows the last entry there is room for.
 *
 *	leaf	lblk u32 | len u16, over 32768: unwritten | pblk 16+32 bits
 *	index	lblk u32 | pblk 32+16 bits of the node below
 *
 * Sound: the keys of a node ascend; a node below begins at its index entry's
 * key and ends before the next one's; extents do not overlap, lie inside the
 * image and belong to no one else.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "report/check.h"

enum {
	NODE_MAGIC = 0xf30a, HEADER = 12, ENTRY = 12,
	DEEPEST = 5,
	TAIL_ENTRIES = 2,	/* a node may say that it holds fewer */
	DIR_LIMIT_BITS = 21,	/* folders: 2 GiB without large_dir */
};

struct tree_walk {
	struct check *check;
	struct check_inode *inode;
	uint32_t seed;		/* of the checksums of its nodes */
	uint32_t depth;		/* of the root */
	uint64_t next;		/* behind the last extent */
	uint64_t last_pblk;	/* last block of it */
};

/* A node and what its parent says of it. */
struct tree_node {
	const uint8_t *data;
	uint32_t size, depth;
	uint64_t lo, hi;	/* keys are from @lo on and below @hi */
};

static void bad(struct tree_walk *w, const char *what, uint64_t lblk)
{
	w->inode->bad_map = true;
	fault_inode(w->check->faults, w->inode->info.ino,
		    "extents: %s, at logical block %" PRIu64, what, lblk);
}

void check_mapped(struct check *c, struct check_inode *i, uint64_t lblk,
		  uint64_t pblk, uint64_t len, bool unwritten)
{
	bool taken;

	if (len)
		i->clusters += claim_blocks(c, i->info.ino, pblk, len, &taken);
	if (i->end_lblk < lblk + len)
		i->end_lblk = lblk + len;
	if (!unwritten && !S_ISDIR(i->info.mode))
		i->end_written = lblk + len;
}

/* The part of an extent that lies in clusters of its own: the first cluster
 * may be one that the extent before it has. */
static void claim_extent(struct tree_walk *w, uint64_t lblk, uint64_t pblk,
			 uint64_t len, bool unwritten)
{
	const uint32_t shift = w->check->geo->cluster_bits;
	const uint64_t mask = (UINT64_C(1) << shift) - 1;
	uint64_t skip = 0;

	if (shift && (lblk & mask) != (pblk & mask))
		bad(w, "a cluster is not aligned", lblk);
	else if (shift && w->last_pblk && lblk & mask &&
		 (lblk >> shift) == (w->next - 1) >> shift &&
		 pblk >> shift != w->last_pblk >> shift)
		bad(w, "a cluster is in two places", lblk);
	if (shift && w->last_pblk && pblk >> shift == w->last_pblk >> shift)
		skip = (((pblk >> shift) + 1) << shift) - pblk;
	if (skip < len)
		check_mapped(w->check, w->inode, lblk + skip, pblk + skip,
			     len - skip, unwritten);
	else
		check_mapped(w->check, w->inode, lblk, pblk, 0, unwritten);
	w->last_pblk = pblk + len - 1;
}

static const char *folder_extent(const struct tree_walk *w, uint64_t lblk,
				 uint64_t len, bool unwritten)
{
	const struct check *c = w->check;

	if (!S_ISDIR(w->inode->info.mode))
		return NULL;
	if (unwritten)
		return "a block of a folder is unwritten";
	if (lblk > w->next)
		return "a folder has a hole";
	if (!(c->incompat & INCOMPAT_LARGEDIR) &&
	    w->inode->info.size >> 32 == 0 &&
	    lblk + len > UINT64_C(1) << (DIR_LIMIT_BITS + 10 -
					 c->geo->block_bits))
		return "a folder is too large";
	return NULL;
}

/* Return: what is wrong with an extent, or NULL. */
static const char *extent_fault(const struct tree_walk *w,
				const struct tree_node *n, uint64_t lblk,
				uint64_t pblk, uint64_t len, bool unwritten)
{
	const struct check *c = w->check;
	const uint64_t eof = (w->inode->info.size + c->geo->block_size - 1) >>
			     c->geo->block_bits;

	if (!check_inside(c, pblk) || len > c->geo->blocks - pblk)
		return "an extent is outside of the image";
	if (!len)
		return "an extent is empty";
	if (lblk < w->next || lblk < n->lo)
		return "extents overlap or are out of order";
	if (lblk + len > n->hi && !(w->depth && n->hi >= eof &&
				    (unwritten || (w->inode->info.flags &
						   FL_VERITY))))
		return "an extent reaches past its node";
	if (w->depth && !unwritten && lblk + len > eof &&
	    !(w->inode->info.flags & FL_VERITY))
		return "an extent is written behind the end of the file";
	return folder_extent(w, lblk, len, unwritten);
}

static void walk_leaf(struct tree_walk *w, const struct tree_node *n)
{
	uint32_t k, entries = get_le16(n->data + 2);

	for (k = 0; k < entries; k++) {
		const uint8_t *at = n->data + HEADER + (size_t)k * ENTRY;
		uint64_t lblk = get_le32(at), len = get_le16(at + 4);
		uint64_t pblk = (uint64_t)get_le16(at + 6) << 32 |
				get_le32(at + 8);
		bool unwritten = len > EXTENT_WRITTEN_MAX;
		const char *wrong;

		if (unwritten)
			len -= EXTENT_WRITTEN_MAX;
		wrong = extent_fault(w, n, lblk, pblk, len, unwritten);
		if (wrong) {
			bad(w, wrong, lblk);
			continue;
		}
		claim_extent(w, lblk, pblk, len, unwritten);
		w->next = lblk + len;
	}
}

/* Return: what is wrong with the header, or NULL. */
static const char *header_fault(const struct tree_node *n)
{
	const uint32_t most = (n->size - HEADER) / ENTRY;
	const uint32_t max = get_le16(n->data + 4);

	if (get_le16(n->data) != NODE_MAGIC)
		return "a node has no magic number";
	if (max > most || max + TAIL_ENTRIES < most ||
	    get_le16(n->data + 2) > max)
		return "a node has wrong counts";
	return NULL;
}

static void check_node_csum(struct tree_walk *w, const struct tree_node *n,
			    uint64_t pblk)
{
	const uint32_t at = HEADER + ENTRY * get_le16(n->data + 4);

	if (!w->check->geo->metadata_csum || at + 4 > n->size ||
	    format_crc32c(w->seed, n->data, at) == get_le32(n->data + at))
		return;
	fault_inode(w->check->faults, w->inode->info.ino, "extents: block %"
		    PRIu64 " has a wrong checksum", pblk);
}

static errcode_t walk_index(struct tree_walk *w, const struct tree_node *n);

/* Look at the node in block @pblk, as an index entry says of it. */
static errcode_t walk_child(struct tree_walk *w, uint64_t pblk,
			    struct tree_node *n)
{
	struct check *c = w->check;
	const uint8_t *block;
	const char *wrong;
	uint8_t *copy;
	bool taken;
	errcode_t err;

	w->inode->clusters += claim_blocks(c, w->inode->info.ino, pblk, 1,
					   &taken);
	/* A node is read once, whoever points to it: no loops. */
	if (taken) {
		w->inode->bad_map = true;
		return 0;
	}
	err = image_peek(c->img, &block, pblk);
	if (err)
		return err;
	copy = malloc(n->size);
	if (!copy)
		return diag_nomem(image_diag(c->img));
	n->data = memcpy(copy, block, n->size);
	wrong = header_fault(n);
	if (!wrong && get_le16(copy + 2) == 0)
		wrong = "a node is empty";
	else if (!wrong && get_le32(copy + HEADER) != n->lo)
		wrong = "a node does not begin where its index says";
	if (wrong)
		bad(w, wrong, n->lo);
	else
		check_node_csum(w, n, pblk);
	/* What it holds is known from above: go on. */
	if (!wrong && get_le16(copy + 6) != n->depth)
		bad(w, "a node has a wrong depth", n->lo);
	if (!wrong && n->depth)
		err = walk_index(w, n);
	else if (!wrong)
		walk_leaf(w, n);
	free(copy);
	return err;
}

static errcode_t walk_index(struct tree_walk *w, const struct tree_node *n)
{
	uint32_t k, entries = get_le16(n->data + 2);
	errcode_t err = 0;

	for (k = 0; !err && k < entries; k++) {
		const uint8_t *at = n->data + HEADER + (size_t)k * ENTRY;
		uint64_t pblk = get_le32(at + 4) |
				(uint64_t)get_le16(at + 8) << 32;
		struct tree_node child = {
			.size = w->check->geo->block_size,
			.depth = n->depth - 1, .lo = get_le32(at),
			.hi = k + 1 < entries ? get_le32(at + ENTRY) : n->hi,
		};

		if (child.lo < n->lo || child.lo >= child.hi) {
			bad(w, "an index is out of order", child.lo);
		} else if (!check_inside(w->check, pblk)) {
			bad(w, "a node is outside of the image", child.lo);
		} else {
			err = walk_child(w, pblk, &child);
		}
	}
	return err;
}

/* The depth that a tree of the largest file can need. */
static uint32_t depth_limit(const struct check *c)
{
	uint32_t per = (c->geo->block_size - HEADER) / ENTRY, bits = 0;

	while (per >>= 1)
		bits++;
	return 1 + 30 / bits < DEEPEST ? 1 + 30 / bits : DEEPEST;
}

errcode_t check_extents(struct check *c, struct check_inode *i)
{
	struct tree_walk w = { .check = c, .inode = i };
	struct tree_node root = {
		.data = i->info.i_block, .size = sizeof(i->info.i_block),
		.hi = (uint64_t)FORMAT_MAX_LBLK + 1,
	};
	const char *wrong;
	uint8_t key[8];

	root.depth = w.depth = get_le16(root.data + 6);
	wrong = header_fault(&root);
	if (!wrong && w.depth > depth_limit(c))
		wrong = "the tree is too deep";
	else if (!wrong && w.depth && !get_le16(root.data + 2))
		wrong = "the root is an empty index";
	if (wrong) {
		bad(&w, wrong, 0);
		return 0;
	}
	put_le32(key, i->info.ino);
	put_le32(key + 4, i->info.generation);
	w.seed = format_crc32c(c->geo->csum_seed, key, sizeof(key));
	if (w.depth)
		return walk_index(&w, &root);
	walk_leaf(&w, &root);
	return 0;
}
