// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where attributes lie and their bytes.  Both areas grow from both ends: the
 * entries from the front, closed by four zero bytes, the values from the
 * end, each padded with zeros to a multiple of four.
 *
 *	inode	0  magic		block	 0  magic
 *		4  entries			 4  inodes that share it
 *		.. values			 8  blocks, 1
 *						12  hash over the entries
 *						16  checksum
 *						32  entries
 *						.. values
 *
 *	entry	 0  length of the name (8 bits)
 *		 1  number of the prefix (8)
 *		 2  offset of the value (16): from the block's beginning, in
 *		    the inode from the first entry; 0 where it has no bytes
 *		    or an inode of its own
 *		 4  that inode, or 0
 *		 8  bytes of the value
 *		12  hash of name and value; 0 in the inode, unless the value
 *		    has an inode of its own
 *		16  the name, padded to a multiple of four
 */
#include "image/xattr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"

enum {
	XATTR_MAGIC = 0xEA020000,
	IBODY_HEADER_LEN = 4,
	BLOCK_HEADER_LEN = 32,
	CHECKSUM_OFFSET = 16,
	ENTRY_LEN = 16,
	END_LEN = 4,
	INDEX_SYSTEM = 7,	/* of the names that begin with "system." */
};

static size_t pad(size_t len)
{
	return (len + 3) & ~(size_t)3;
}

static size_t entry_bytes(const struct xattr *x)
{
	return pad(ENTRY_LEN + x->name_len);
}

/* Bytes that are free for entries and values. */
struct room {
	size_t inode, block;
};

/* What fits goes into the inode; the rest is counted in @need, against the
 * room of the block. */
static void fill_inode(struct xattr_layout *l, const struct xattr_set *set,
		       struct room *room, size_t *need)
{
	uint32_t i;

	for (i = 0; i < set->n; i++) {
		const struct xattr *x = &set->entries[i];
		size_t bytes = entry_bytes(x) + pad(x->value_len);

		if (bytes <= room->inode) {
			room->inode -= bytes;
			continue;
		}
		l->entry_in_block[i] = 1;
		*need += bytes;
	}
}

struct by_size {
	uint32_t value_len, i;
};

static int compare_by_size(const void *a, const void *b)
{
	const struct by_size *p = a, *q = b;

	if (p->value_len != q->value_len)
		return p->value_len > q->value_len ? -1 : 1;
	return p->i < q->i ? -1 : 1;
}

/* Give values inodes of their own, the largest first, until what is left
 * fits the block. */
static errcode_t move_values(struct xattr_layout *l,
			     const struct xattr_set *set, struct room *room,
			     size_t need)
{
	struct by_size *order = malloc(set->n * sizeof(*order));
	uint32_t i, n = 0;

	if (!order)
		return ENOMEM;
	for (i = 0; i < set->n; i++)
		if (l->entry_in_block[i] && set->entries[i].value_len)
			order[n++] = (struct by_size){
				set->entries[i].value_len, i };
	qsort(order, n, sizeof(*order), compare_by_size);
	for (i = 0; i < n && need > room->block; i++) {
		const struct xattr *x = &set->entries[order[i].i];

		l->value_in_inode[order[i].i] = 1;
		l->n_ea_inodes++;
		need -= pad(x->value_len);
		if (entry_bytes(x) > room->inode)
			continue;
		l->entry_in_block[order[i].i] = 0;
		room->inode -= entry_bytes(x);
		need -= entry_bytes(x);
	}
	free(order);
	return need > room->block ? E4PACK_ET_NO_SPACE : 0;
}

/* Bytes for entries and values in an area of @in_inode bytes. */
static size_t inode_room(size_t in_inode)
{
	if (in_inode <= IBODY_HEADER_LEN + END_LEN)
		return 0;
	return (in_inode & ~(size_t)3) - IBODY_HEADER_LEN - END_LEN;
}

static struct room find_room(const struct format *fmt, size_t in_inode)
{
	struct room room = { inode_room(in_inode), 0 };

	if (fmt->ext_attr)
		room.block = fmt->block_size - BLOCK_HEADER_LEN - END_LEN;
	return room;
}

errcode_t xattr_layout_init(struct xattr_layout *l, const struct format *fmt,
			    const struct xattr_set *set, size_t room)
{
	struct xattr_layout made = { 0 };
	struct room left = find_room(fmt, room);
	errcode_t err = 0;
	size_t need = 0;
	uint32_t i;

	made.entry_in_block = calloc(set->n + (size_t)1, 2);
	if (!made.entry_in_block)
		return ENOMEM;
	made.value_in_inode = made.entry_in_block + set->n;
	fill_inode(&made, set, &left, &need);
	if (need > left.block)
		err = fmt->ea_inode ? move_values(&made, set, &left, need) :
				      E4PACK_ET_NO_SPACE;
	if (err) {
		xattr_layout_release(&made);
		return err;
	}
	for (i = 0; i < set->n; i++) {
		made.has_block |= made.entry_in_block[i];
		made.has_ibody |= !made.entry_in_block[i];
	}
	*l = made;
	return 0;
}

void xattr_layout_release(struct xattr_layout *l)
{
	free(l->entry_in_block);
	memset(l, 0, sizeof(*l));
}

struct xattr xattr_data(const uint8_t *value, uint32_t len)
{
	return (struct xattr){ .index = INDEX_SYSTEM, .name = "data",
			       .name_len = 4, .value = value,
			       .value_len = len };
}

size_t xattr_data_max(size_t room)
{
	const struct xattr data = xattr_data(NULL, 0);
	size_t left = inode_room(room), entry = entry_bytes(&data);

	return left > entry ? left - entry : 0;
}

bool xattr_fits_beside_data(const struct xattr_set *set, size_t room,
			    size_t len)
{
	const struct xattr data = xattr_data(NULL, 0);
	size_t bytes = entry_bytes(&data) + pad(len);
	uint32_t i;

	for (i = 0; set && i < set->n; i++)
		bytes += entry_bytes(&set->entries[i]) +
			 pad(set->entries[i].value_len);
	return bytes <= inode_room(room);
}

uint64_t xattr_value_blocks(const struct format *fmt, uint32_t len)
{
	return format_whole_clusters(fmt, div_round_up(len, fmt->block_size));
}

uint32_t xattr_value_hash(const struct format *fmt, const uint8_t *value,
			  size_t len)
{
	return format_crc32c(fmt->csum_seed, value, len);
}

static uint32_t rotate(uint32_t v, unsigned int bits)
{
	return v << bits | v >> (32 - bits);
}

uint32_t xattr_entry_hash(const uint8_t *name, uint8_t name_len,
			  const uint8_t *value, size_t len, bool is_signed)
{
	uint32_t hash = 0;
	size_t i;

	for (i = 0; i < name_len; i++)
		hash = rotate(hash, 5) ^
		       (is_signed ? (uint32_t)(int8_t)name[i] : name[i]);
	for (i = 0; i < len; i += 4)
		hash = rotate(hash, 16) ^ get_le32(value + i);
	return hash;
}

/* Names as on every kernel since 6.2. */
static uint32_t hash_entry(const struct xattr *x, const uint8_t *value,
			   size_t len)
{
	return xattr_entry_hash((const uint8_t *)x->name, x->name_len, value,
				len, false);
}

/* An area being written. */
struct area {
	const struct format *fmt;
	uint8_t *base;		/* offsets of values count from here */
	size_t end;		/* offset where the lowest value begins */
	uint8_t *next;		/* the next entry */
	bool hashed;		/* entries carry the hash of their value */
	uint32_t hash;		/* over the entries so far */
	bool no_hash;		/* an entry's hash is 0: then all is */
};

static uint32_t put_value(struct area *a, uint8_t *entry,
			  const struct xattr *x)
{
	size_t len = pad(x->value_len);

	if (len) {
		a->end -= len;
		memcpy(a->base + a->end, x->value, x->value_len);
		put_le16(entry + 2, a->end);
	}
	if (!a->hashed)
		return 0;
	return hash_entry(x, a->base + a->end, len);
}

static void put_entry(struct area *a, const struct xattr *x, uint32_t ea_ino)
{
	uint8_t *entry = a->next, crc[4];
	uint32_t hash;

	entry[0] = x->name_len;
	entry[1] = x->index;
	put_le32(entry + 4, ea_ino);
	put_le32(entry + 8, x->value_len);
	memcpy(entry + ENTRY_LEN, x->name, x->name_len);
	a->next += entry_bytes(x);
	if (ea_ino) {
		put_le32(crc, xattr_value_hash(a->fmt, x->value,
					       x->value_len));
		hash = hash_entry(x, crc, sizeof(crc));
	} else {
		hash = put_value(a, entry, x);
	}
	put_le32(entry + 12, hash);
	a->hash = rotate(a->hash, 16) ^ hash;
	a->no_hash |= !hash;
}

/* Put every attribute whose entry lies in the block, or in the inode. */
static void put_entries(struct area *a, const struct xattr_set *set,
			const struct xattr_layout *l, const uint32_t *ea_ino,
			bool in_block)
{
	uint32_t i;

	for (i = 0; i < set->n; i++)
		if (!!l->entry_in_block[i] == in_block)
			put_entry(a, &set->entries[i],
				  l->value_in_inode[i] ? ea_ino[i] : 0);
}

void xattr_encode_ibody(uint8_t *out, size_t room, const struct format *fmt,
			const struct xattr *data, const struct xattr_set *set,
			const struct xattr_layout *l, const uint32_t *ea_ino)
{
	struct area a = { .fmt = fmt };

	memset(out, 0, room);
	if (!data && !(set && l->has_ibody))
		return;
	put_le32(out, XATTR_MAGIC);
	a.base = a.next = out + IBODY_HEADER_LEN;
	a.end = (room & ~(size_t)3) - IBODY_HEADER_LEN;
	if (data)
		put_entry(&a, data, 0);
	if (set)
		put_entries(&a, set, l, ea_ino, false);
}

/* Over the block's place and its bytes, its own field taken as zero. */
static uint32_t block_checksum(const struct format *fmt,
			       const uint8_t *block, uint64_t pblk)
{
	uint8_t place[8];

	put_le64(place, pblk);
	return format_crc32c(format_crc32c(fmt->csum_seed, place,
					   sizeof(place)),
			     block, fmt->block_size);
}

void xattr_encode_block(uint8_t *block, const struct format *fmt,
			const struct xattr_set *set,
			const struct xattr_layout *l, const uint32_t *ea_ino,
			uint64_t pblk, uint32_t refs)
{
	struct area a = {
		.fmt = fmt, .base = block, .end = fmt->block_size,
		.next = block + BLOCK_HEADER_LEN, .hashed = true,
	};

	memset(block, 0, fmt->block_size);
	put_le32(block, XATTR_MAGIC);
	put_le32(block + 4, refs);
	put_le32(block + 8, 1);
	put_entries(&a, set, l, ea_ino, true);
	put_le32(block + 12, a.no_hash ? 0 : a.hash);
	if (fmt->metadata_csum)
		put_le32(block + CHECKSUM_OFFSET,
			 block_checksum(fmt, block, pblk));
}

uint32_t xattr_block_refs(const uint8_t *block)
{
	return get_le32(block + 4);
}

void xattr_block_set_refs(uint8_t *block, const struct format *fmt,
			  uint64_t pblk, uint32_t refs)
{
	put_le32(block + 4, refs);
	if (!fmt->metadata_csum)
		return;
	put_le32(block + CHECKSUM_OFFSET, 0);
	put_le32(block + CHECKSUM_OFFSET, block_checksum(fmt, block, pblk));
}
