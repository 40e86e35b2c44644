// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hash-indexed folders, built in one pass over the names in hash order.
 *
 * Names are hashed, sorted by (hash, place) and packed into leaves, each as
 * full as the next name allows.  Above them stands a tree of index blocks of
 * (hash, block) entries, packed full as well:
 *
 *	root	0 "."  12 ".." (to the end)  24 zero  28 hash version
 *		29 info length 8  30 levels  31 flags  32 entries
 *	node	0 an unused record over the whole block  8 entries
 *	entries	0 limit u16  2 count u16  4 block u32; then (hash, block)
 *	tail	after entry number limit: 0 zero  4 crc32c of the block up to
 *		the last entry in use and of the tail with a zero checksum
 *
 * An entry's hash is the lowest hash below it; entry 0 of a block has none,
 * it begins where the block's own entry in the level above does, at 0 in the
 * root.  Hashes are even.  Where the names of one hash run over the end of a
 * leaf, the entry of the next leaf has hash + 1: the kernel's search then
 * ends in the leaf before it and goes on from there.  Two names of the end
 * mark's value stay in one leaf, see leaf_end().
 *
 * Blocks: the root, the nodes level by level from the top, the leaves.  With
 * w leaves, R entries in the root and N in a node, level k has
 * ceil(w / N^k) nodes, as many levels as it takes for the top to fit R.
 * The kernel follows one level of nodes, two with large_dir.
 */
#include "image/htree.h"

#include <ext2fs/ext2fs.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/dirleaf.h"

/* Of a hash, in sorting. */
enum { DIGIT_BITS = 8, DIGIT_MASK = (1 << DIGIT_BITS) - 1 };

enum {
	ENTRY = 8,		/* bytes of an index entry */
	ROOT_ENTRIES = 32,	/* where entries begin in the root */
	NODE_ENTRIES = 8,	/* and in a node */
	INFO_LENGTH = 8,
	LEVELS = 2,		/* of nodes, with large_dir */
	UNSIGNED_HASH = 3,	/* from a hash to its unsigned variant */
};

static const uint64_t BLOCKS_MAX = EXT4_DX_BLOCK_MASK;
static const uint32_t HASH_END = 0xfffffffe;

/* The index above some number of leaves. */
struct index {
	uint32_t root_limit, node_limit;	/* entries */
	unsigned int levels;			/* of nodes */
	uint64_t width[LEVELS];			/* nodes, lowest level first */
	uint64_t start[LEVELS + 1];		/* first block of the leaves,
						 * then of each level */
	uint64_t blocks;			/* leaves included */
};

static bool index_init(struct index *x, const struct format *fmt,
		       uint64_t leaves)
{
	unsigned int max = fmt->large_dir ? LEVELS : LEVELS - 1, k;
	uint64_t top = leaves;

	memset(x, 0, sizeof(*x));
	x->root_limit = (fmt->block_size - ROOT_ENTRIES) / ENTRY -
		fmt->metadata_csum;
	x->node_limit = (fmt->block_size - NODE_ENTRIES) / ENTRY -
		fmt->metadata_csum;
	while (top > x->root_limit) {
		if (x->levels == max)
			return false;
		top = top / x->node_limit + (top % x->node_limit != 0);
		x->width[x->levels++] = top;
	}
	x->blocks = 1;
	for (k = x->levels; k > 0; k--) {
		x->start[k] = x->blocks;
		x->blocks += x->width[k - 1];
	}
	x->start[0] = x->blocks;
	x->blocks += leaves;
	return x->blocks <= BLOCKS_MAX;
}

/* The largest value is the kernel's mark for the end of a folder: names
 * that have it go with the value below. */
static uint32_t kernel_hash(uint32_t hash)
{
	return hash == HASH_END ? HASH_END - 2 : hash;
}

/* Move the slots to @out in the order of one digit of their hash; those that
 * have the same stay in order. */
static void sort_by_digit(struct dir_slot *out, const struct dir_slot *slots,
			  uint32_t n, unsigned int shift)
{
	uint32_t at[1 << DIGIT_BITS] = { 0 }, sum = 0, i, count;

	for (i = 0; i < n; i++)
		at[slots[i].hash >> shift & DIGIT_MASK]++;
	for (i = 0; i <= DIGIT_MASK; i++) {
		count = at[i];
		at[i] = sum;
		sum += count;
	}
	for (i = 0; i < n; i++)
		out[at[slots[i].hash >> shift & DIGIT_MASK]++] = slots[i];
}

/* Sort by hash, digit by digit from the lowest; names with the same hash stay
 * in their order.  The number of digits is even: they end where they were. */
static errcode_t sort_slots(struct dir_slot *slots, uint32_t n)
{
	struct dir_slot *other = malloc(n * sizeof(*other));
	unsigned int shift;

	if (!other)
		return ENOMEM;
	for (shift = 0; shift < 32; shift += 2 * DIGIT_BITS) {
		sort_by_digit(other, slots, n, shift);
		sort_by_digit(slots, other, n, shift + DIGIT_BITS);
	}
	free(other);
	return 0;
}

static errcode_t hash_names(struct dir_slot *slots, const struct format *fmt,
			    const struct dir_name *names, uint32_t n)
{
	int version = fmt->hash_version +
		      (fmt->hash_signed ? 0 : UNSIGNED_HASH);
	ext2_dirhash_t hash;
	errcode_t err;
	uint32_t i;

	for (i = 0; i < n; i++) {
		err = ext2fs_dirhash(version, names[i].name, names[i].len,
				     fmt->hash_seed, &hash, NULL);
		if (err)
			return err;
		slots[i].hash = hash;
		slots[i].name = i;
	}
	return sort_slots(slots, n);
}

/* Find the slot after the last one of the leaf that begins with @first.
 * e2fsck knows no end mark and takes names with its value for the highest:
 * both it and the kernel are content while one leaf has them all. */
static uint32_t leaf_end(const struct dir_slot *slots,
			 const struct format *fmt,
			 const struct dir_name *names, uint32_t n,
			 uint32_t first)
{
	uint32_t room = dirleaf_room(fmt), end = first, back;

	for (; end < n; end++) {
		uint32_t rec_len = dirleaf_record(names[slots[end].name].len);

		if (rec_len > room)
			break;
		room -= rec_len;
	}
	if (end == n || slots[end].hash != HASH_END)
		return end;
	for (back = end; back > first; back--)
		if (slots[back - 1].hash != HASH_END)
			return back;
	return end;
}

static uint32_t count_leaves(const struct dir_slot *slots,
			     const struct format *fmt,
			     const struct dir_name *names, uint32_t n)
{
	uint32_t leaves = 0, i;

	for (i = 0; i < n; i = leaf_end(slots, fmt, names, n, i))
		leaves++;
	return leaves;
}

errcode_t htree_layout(struct dir_layout *l, const struct format *fmt,
		       const struct dir_name *names)
{
	struct dir_slot *slots;
	struct index x;
	uint32_t leaves;
	errcode_t err;

	slots = calloc(l->n, sizeof(*slots));
	if (!slots)
		return ENOMEM;
	err = hash_names(slots, fmt, names, l->n);
	if (err)
		goto out;
	leaves = count_leaves(slots, fmt, names, l->n);
	if (!index_init(&x, fmt, leaves)) {
		err = E4PACK_ET_TOO_BIG;
		goto out;
	}
	l->indexed = true;
	l->leaves = leaves;
	l->blocks = x.blocks;
	l->slots = slots;
	slots = NULL;
out:
	free(slots);
	return err;
}

/* Everything that writing an index block needs. */
struct encoder {
	struct index index;
	const struct format *fmt;
	uint8_t *blocks;
	uint32_t seed;
};

static uint8_t *block_at(const struct encoder *c, uint64_t number)
{
	return c->blocks + number * c->fmt->block_size;
}

/* Enter child @i of the level @below (0: leaf @i), whose names begin at
 * @hash, into the index; and its parent with it when it is the first there. */
static void enter(const struct encoder *c, unsigned int below, uint64_t i,
		  uint32_t hash)
{
	const struct index *x = &c->index;

	for (;; below++) {
		bool top = below == x->levels;
		uint64_t node = top ? 0 : i / x->node_limit;
		uint64_t slot = i - node * x->node_limit;
		uint8_t *at = top ? block_at(c, 0) + ROOT_ENTRIES :
			block_at(c, x->start[below + 1] + node) + NODE_ENTRIES;

		put_le16(at + 2, slot + 1);
		if (slot)
			put_le32(at + slot * ENTRY, hash);
		put_le32(at + slot * ENTRY + 4, x->start[below] + i);
		if (slot || top)
			return;
		i = node;
	}
}

static void put_leaves(const struct encoder *c, const struct dir_layout *l,
		       const struct dir_name *names)
{
	struct dirleaf d = { .fmt = c->fmt, .seed = c->seed };
	const struct dir_slot *slots = l->slots;
	uint32_t leaf = 0, i = 0, end, hash;

	while (i < l->n) {
		end = leaf_end(slots, c->fmt, names, l->n, i);
		hash = kernel_hash(slots[i].hash);
		if (i && hash == kernel_hash(slots[i - 1].hash))
			hash |= 1;
		enter(c, 0, leaf, hash);
		dirleaf_begin(&d, block_at(c, c->index.start[0] + leaf++));
		for (; i < end; i++)
			dirleaf_add(&d, &names[slots[i].name]);
		dirleaf_end(&d);
	}
}

/* Finish the index block @number whose entries begin at @offset. */
static void end_index_block(const struct encoder *c, uint64_t number,
			    uint32_t offset, uint32_t limit)
{
	uint8_t *block = block_at(c, number), *at = block + offset;
	uint8_t *tail = at + (size_t)limit * ENTRY;
	uint32_t crc;

	put_le16(at, limit);
	if (!c->fmt->metadata_csum)
		return;
	crc = format_crc32c(c->seed, block, offset + get_le16(at + 2) * ENTRY);
	put_le32(tail + 4, format_crc32c(crc, tail, ENTRY));
}

static void begin_root(const struct encoder *c, uint32_t ino, uint32_t parent)
{
	uint8_t *root = block_at(c, 0);

	memset(root, 0, c->fmt->block_size);
	dirleaf_put_dots(root, c->fmt,
			 c->fmt->block_size - DIRLEAF_DOTS / 2, ino, parent);
	root[28] = c->fmt->hash_version;
	root[29] = INFO_LENGTH;
	root[30] = c->index.levels;
}

static void begin_nodes(const struct encoder *c)
{
	const struct dir_name unused = { NULL, 0, 0, 0 };
	uint64_t i;

	for (i = 1; i < c->index.start[0]; i++) {
		memset(block_at(c, i), 0, c->fmt->block_size);
		dirleaf_put(block_at(c, i), c->fmt, c->fmt->block_size,
			    &unused);
	}
}

void htree_encode(const struct dir_layout *l, uint8_t *blocks,
		  const struct format *fmt, uint32_t ino,
		  uint32_t generation, uint32_t parent,
		  const struct dir_name *names)
{
	struct encoder c = { .fmt = fmt, .blocks = blocks,
			     .seed = format_inode_seed(fmt->csum_seed, ino,
						       generation) };
	uint64_t i;

	index_init(&c.index, fmt, l->leaves);
	begin_root(&c, ino, parent);
	begin_nodes(&c);
	put_leaves(&c, l, names);
	end_index_block(&c, 0, ROOT_ENTRIES, c.index.root_limit);
	for (i = 1; i < c.index.start[0]; i++)
		end_index_block(&c, i, NODE_ENTRIES, c.index.node_limit);
}
