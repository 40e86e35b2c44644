// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading the index of a folder; its form is told in htree.c.
 *
 * Way down: in each block the last entry whose hash is not above the wanted
 * one; entry 0 has none and stands for everything below entry 1.  The next
 * leaf is that of the next entry, in the lowest block that has one.
 */
#include "image/dir_index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2fs.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_image.h"

enum {
	ENTRY = 8, TAIL = 8, ROOT_ENTRIES = 32, NODE_ENTRIES = 8, INFO_LENGTH = 8,
	UNSIGNED_HASH = 3,	/* from a hash to its unsigned variant */
	BLOCK_MASK = 0x0fffffff,
};

static errcode_t bad(const struct dir_index *x, const char *what)
{
	return image_bad(x->d->changes->image, "folder inode %u: its index %s: "
			 "run e2fsck", x->d->inode.ino, what);
}

/* The checksum that an index block should have, and where in the block it is:
 * at 0 when there is none. */
static uint32_t csum(const struct dir_edit *d, const uint8_t *block,
		     uint32_t entries, uint32_t *at)
{
	const struct image_geometry *geo = image_geometry(d->changes->image);
	uint32_t limit = get_le16(block + entries);
	uint32_t count = get_le16(block + entries + 2);
	uint32_t tail = entries + limit * ENTRY, crc;
	uint8_t bytes[8];

	*at = 0;
	if (!geo->metadata_csum || count > limit ||
	    tail + TAIL > geo->block_size)
		return 0;
	*at = tail + 4;
	put_le32(bytes, d->inode.ino);
	put_le32(bytes + 4, d->inode.generation);
	crc = format_crc32c(geo->csum_seed, bytes, 8);
	crc = format_crc32c(crc, block, entries + count * ENTRY);
	memset(bytes, 0, 8);
	crc = format_crc32c(crc, block + tail, 4);
	return format_crc32c(crc, bytes, 4);
}

errcode_t dir_index_check_csum(const struct dir_edit *d, const uint8_t *block,
			       bool is_root)
{
	uint32_t at, crc = csum(d, block, is_root ? ROOT_ENTRIES :
				NODE_ENTRIES, &at);

	if (!at || get_le32(block + at) == crc)
		return 0;
	return image_wrong_csum(d->changes->image, IMAGE_CSUM_DIR,
				"folder inode %u, its index", d->inode.ino);
}

/* Read index block @lblk as frame @level. */
static errcode_t read_frame(struct dir_index *x, uint32_t lblk,
			    uint32_t level)
{
	struct dir_index_frame *f = &x->frames[level];
	struct image *img = x->d->changes->image;
	uint32_t size = image_geometry(img)->block_size, limit;
	const uint8_t *block;
	uint64_t pblk;
	errcode_t err;

	err = dir_edit_place(x->d, lblk, &pblk);
	if (!err)
		err = changes_peek(x->d->changes, pblk, &block);
	if (!err && !f->block) {
		f->block = malloc(size);
		if (!f->block)
			err = diag_nomem(image_diag(img));
	}
	if (err)
		return err;
	memcpy(f->block, block, size);
	f->entries = level ? NODE_ENTRIES : ROOT_ENTRIES;
	limit = get_le16(f->block + f->entries);
	f->count = get_le16(f->block + f->entries + 2);
	if (!f->count || f->count > limit ||
	    limit > (size - f->entries) / ENTRY)
		return bad(x, "has a wrong count");
	return dir_index_check_csum(x->d, f->block, !level);
}

static uint32_t entry_hash(const struct dir_index_frame *f, uint32_t i)
{
	return get_le32(f->block + f->entries + i * ENTRY);
}

static uint32_t entry_block(const struct dir_index_frame *f, uint32_t i)
{
	return get_le32(f->block + f->entries + i * ENTRY + 4) & BLOCK_MASK;
}

static void choose(const struct dir_index *x, struct dir_index_frame *f)
{
	uint32_t lo = 1, hi = f->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (entry_hash(f, mid) > x->hash)
			hi = mid;
		else
			lo = mid + 1;
	}
	f->at = lo - 1;
}

/* From frame @level down to a leaf: by hash, or along entries 0. */
static errcode_t descend(struct dir_index *x, uint32_t level, bool by_hash)
{
	errcode_t err = 0;

	for (; !err && level < x->levels; level++) {
		const struct dir_index_frame *above = &x->frames[level - 1];

		err = read_frame(x, entry_block(above, above->at), level);
		if (err)
			break;
		x->frames[level].at = 0;
		if (by_hash)
			choose(x, &x->frames[level]);
	}
	if (err)
		return err;
	x->leaf = entry_block(&x->frames[x->levels - 1],
			      x->frames[x->levels - 1].at);
	if (!x->leaf || x->leaf >= x->d->blocks)
		return bad(x, "leads outside of the folder");
	return 0;
}

/* The hash of a name, as the root says it is made. */
static errcode_t hash_name(struct dir_index *x, const char *name, size_t len)
{
	const struct ext2_super_block *sb = x->d->changes->image->fs->super;
	int version = x->frames[0].block[28];
	ext2_dirhash_t hash;
	errcode_t err;

	if (version <= EXT2_HASH_TEA &&
	    (sb->s_flags & EXT2_FLAGS_UNSIGNED_HASH))
		version += UNSIGNED_HASH;
	err = ext2fs_dirhash(version, name, (int)len, sb->s_hash_seed, &hash,
			     NULL);
	if (err)
		return bad(x, "has an unknown hash");
	x->hash = hash;
	return 0;
}

errcode_t dir_index_probe(struct dir_index *x, struct dir_edit *d,
			  const char *name, size_t len)
{
	const uint8_t *root;
	errcode_t err;

	*x = (struct dir_index){ .d = d };
	err = read_frame(x, 0, 0);
	if (err)
		return err;
	root = x->frames[0].block;
	x->levels = root[30] + 1u;
	if (root[29] != INFO_LENGTH || x->levels > DIR_INDEX_LEVELS)
		return bad(x, "has a wrong root");
	err = hash_name(x, name, len);
	if (err)
		return err;
	choose(x, &x->frames[0]);
	return descend(x, 1, true);
}

errcode_t dir_index_next(struct dir_index *x, bool *more)
{
	uint32_t level = x->levels;
	struct dir_index_frame *f;

	*more = false;
	while (level && x->frames[level - 1].at + 1 >=
	       x->frames[level - 1].count)
		level--;
	if (!level)
		return 0;
	f = &x->frames[level - 1];
	if (entry_hash(f, f->at + 1) != (x->hash | 1))
		return 0;
	f->at++;
	*more = true;
	return descend(x, level, false);
}

void dir_index_release(struct dir_index *x)
{
	size_t i;

	for (i = 0; i < DIR_INDEX_LEVELS; i++)
		free(x->frames[i].block);
	memset(x, 0, sizeof(*x));
}

void dir_index_set_csum(const struct dir_edit *d, uint8_t *block)
{
	uint32_t at, crc = csum(d, block, ROOT_ENTRIES, &at);

	if (at)
		put_le32(block + at, crc);
}
