// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The index of a folder, as src/image/htree.c lays it out.  What is gathered
 * of each block while the folder is read is checked at the end:
 *
 *	every block but the root is in the index, once
 *	all leaves are as deep as the root says
 *	lo <= least hash in it, most hash in it <= hi,
 *
 * where lo and hi are those of its entry and of the next one; the first and
 * last entry of a node take them from its parent.  Names of one hash may run
 * over into the next leaf, so hi is one that leaf may have, too.
 */
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/dirhash.h"
#include "report/check_dir.h"

enum {
	ROOT_INFO = 24,		/* where the root keeps its figures */
	INFO_LENGTH = 8,
	NODE_ENTRIES = 8, ENTRY = 8, TAIL = 8,
	BLOCK_MASK = 0x0fffffff,
	LEVELS = 2, LEVELS_LARGE = 3,
	INCOMPAT_FLAG = 1,
	SUPER_UNSIGNED = 2,	/* s_flags: the hash takes bytes unsigned */
};

static const uint32_t HASH_MAX = 0xfffffffe;

/* Give up on the index: what cannot be followed is not checked further. */
static void give_up(struct dir_check *d, const char *what)
{
	fault_inode(d->check->faults, d->info.ino, "index of the folder: %s",
		    what);
	free(d->htree.blocks);
	d->htree.blocks = NULL;
}

errcode_t htree_begin(struct dir_check *d)
{
	const uint32_t bits = d->check->geo->block_bits;
	const uint64_t blocks = d->info.size >> bits;

	/* The size was held against the blocks there are. */
	if (!d->indexed || (d->info.flags & FL_INLINE) || !blocks ||
	    blocks > d->check->geo->blocks || blocks > BLOCK_MASK)
		return 0;
	d->htree.blocks = calloc(blocks, sizeof(*d->htree.blocks));
	if (!d->htree.blocks)
		return diag_nomem(image_diag(d->check->img));
	d->htree.n = (uint32_t)blocks;
	return 0;
}

static uint32_t tail_bytes(const struct dir_check *d)
{
	return d->check->geo->metadata_csum ? TAIL : 0;
}

enum htree_kind htree_kind(struct dir_check *d, const uint8_t *block)
{
	const struct check *c = d->check;
	const uint32_t limit = (c->geo->block_size - NODE_ENTRIES -
				tail_bytes(d)) / ENTRY;

	if (!d->indexed)
		return HTREE_LEAF;
	if (d->at == 0)
		return HTREE_ROOT;
	if (!get_le32(block) && dir_record(c, block) == c->geo->block_size &&
	    !block[6] && get_le16(block + NODE_ENTRIES) == limit)
		return HTREE_NODE;
	return HTREE_LEAF;
}

/* Read the figures of the root.  Return: what is wrong, or NULL. */
static const char *take_root(struct dir_check *d, const uint8_t *info)
{
	const struct check *c = d->check;
	const uint32_t levels = c->incompat & INCOMPAT_LARGEDIR ?
				LEVELS_LARGE : LEVELS;
	struct htree *t = &d->htree;

	t->version = info[4];
	t->depth = info[6] + UINT32_C(1);
	if (get_le32(info) || info[5] < INFO_LENGTH)
		return "the root is damaged";
	if (t->version > DIRHASH_TEA && t->version != DIRHASH_SIPHASH)
		return "the hash is not known";
	if ((t->version == DIRHASH_SIPHASH) != d->hash_beside)
		return "the hash is not that of such a folder";
	if (info[7] & INCOMPAT_FLAG)
		return "a flag is not known";
	if (t->depth > levels)
		return "it is too deep";
	if (t->version <= DIRHASH_TEA &&
	    (sb32(c, SB_FLAGS) & SUPER_UNSIGNED))
		t->version += DIRHASH_UNSIGNED;
	return NULL;
}

/* Note what one entry of the node says of its child. */
static const char *take_child(struct dir_check *d, const uint8_t *entries,
			      uint32_t i, uint32_t count)
{
	const uint8_t *at = entries + (size_t)i * ENTRY;
	const uint32_t hash = i ? get_le32(at) & ~1u : 0;
	const uint32_t number = get_le32(at + 4) & BLOCK_MASK;
	struct htree_block *self = &d->htree.blocks[d->at], *b;

	if (number >= d->htree.n)
		return "an entry is outside of the folder";
	if (i > 1 && hash < (get_le32(at - ENTRY) & ~1u))
		return "hashes are out of order";
	b = &d->htree.blocks[number];
	b->twice |= b->referenced;
	b->referenced = true;
	b->parent = d->at;
	b->first = !i;
	b->last = i + 1 == count;
	b->lo = hash;
	b->hi = b->last ? HASH_MAX : get_le32(at + ENTRY) & ~1u;
	if (i && self->least > hash)
		self->least = hash;
	if (i && self->most < hash)
		self->most = hash;
	return NULL;
}

static void check_csum(struct dir_check *d, const uint8_t *block,
		       uint32_t offset, uint32_t limit, uint32_t count)
{
	static const uint8_t zero[4];
	const uint8_t *tail = block + offset + (size_t)limit * ENTRY;
	uint32_t crc;

	if (!d->check->geo->metadata_csum)
		return;
	crc = format_crc32c(d->seed, block, offset + (size_t)count * ENTRY);
	crc = format_crc32c(crc, tail, 4);
	crc = format_crc32c(crc, zero, sizeof(zero));
	if (crc != get_le32(tail + 4))
		dir_fault(d, "wrong checksum");
}

void htree_take_block(struct dir_check *d, const uint8_t *block)
{
	const uint32_t size = d->check->geo->block_size;
	const char *wrong = NULL;
	uint32_t offset = NODE_ENTRIES, limit, count, i;

	if (!d->htree.blocks || d->at >= d->htree.n)
		return;
	if (d->at == 0) {
		wrong = take_root(d, block + ROOT_INFO);
		offset = ROOT_INFO + block[ROOT_INFO + 5];
	}
	d->htree.blocks[d->at].kind = d->at ? HTREE_NODE : HTREE_ROOT;
	d->htree.blocks[d->at].found = true;
	d->htree.blocks[d->at].least = UINT32_MAX;
	limit = (size - tail_bytes(d) - offset) / ENTRY;
	count = get_le16(block + offset + 2);
	if (!wrong && get_le16(block + offset) != limit)
		wrong = "a limit is wrong";
	if (!wrong && (!count || count > limit))
		wrong = "a count is wrong";
	if (!wrong)
		check_csum(d, block, offset, limit, count);
	for (i = 0; !wrong && i < count; i++)
		wrong = take_child(d, block + offset, i, count);
	if (wrong)
		give_up(d, wrong);
}

errcode_t htree_take_name(struct dir_check *d, const uint8_t *name,
			  uint8_t len, bool is_dot)
{
	struct htree_block *b = &d->htree.blocks[d->at];
	uint32_t hash;
	errcode_t err;

	if (d->twice || is_dot || d->at >= d->htree.n || !d->at)
		return 0;
	if (d->htree.version == DIRHASH_SIPHASH) {
		hash = get_le32(name + ((len + 3u) & ~3u));
	} else {
		err = dirhash(&hash, d->check->img, d->htree.version,
			      d->info.flags & FL_CASEFOLD, name, len);
		if (err)
			return err;
	}
	if (!b->found) {
		b->found = true;
		b->least = UINT32_MAX;
	}
	if (b->least > hash)
		b->least = hash;
	if (b->most < hash)
		b->most = hash;
	return 0;
}

/* Find the range of a block and its depth by going up to the root. */
static uint32_t find_range(const struct htree *t,
			   const struct htree_block *b, uint32_t *lo,
			   uint32_t *hi)
{
	bool first = b->first, last = b->last;
	uint32_t depth = 1;

	*lo = b->lo;
	*hi = b->hi;
	while (b->parent && depth <= t->depth) {
		b = &t->blocks[b->parent];
		if (first)
			*lo = b->lo;
		if (last)
			*hi = b->hi;
		first = first && b->first;
		last = last && b->last;
		depth++;
	}
	return depth;
}

/* Return: what is wrong with a block besides the root, or NULL. */
static const char *block_fault(const struct htree *t,
			       const struct htree_block *b)
{
	uint32_t lo, hi, depth;

	if (!b->referenced)
		return "it is not in the index";
	if (b->twice)
		return "it is in the index twice";
	depth = find_range(t, b, &lo, &hi);
	if (b->kind == HTREE_LEAF ? depth != t->depth : depth >= t->depth)
		return "it is not at the depth of its kind";
	if (b->found && b->least <= b->most &&
	    (b->least < lo || b->most > hi))
		return "it has hashes that its place in the index has not";
	return NULL;
}

void htree_end(struct dir_check *d)
{
	const struct htree *t = &d->htree;
	const char *wrong;
	uint32_t i;

	if (!t->blocks)
		return;
	for (i = 1; i < t->n; i++) {
		wrong = block_fault(t, &t->blocks[i]);
		d->at = i;
		if (wrong)
			dir_fault(d, wrong);
	}
	free(d->htree.blocks);
	d->htree.blocks = NULL;
}
