// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders changed in place.
 *
 * Kept for each block: its records cover it exactly, up to the checksum, and
 * each record in use is long enough for its name.
 *
 *	remove	the record before it grows over it; the first of a block
 *		becomes an unused one
 *	add	an unused record that is long enough, or the slack behind the
 *		name of one in use, takes it
 *
 * In a folder with an index a name belongs into the leaf whose range of
 * hashes holds its own, and may go on in the leaves behind it whose entry has
 * that hash with bit 0 set.  An add looks into the first of them only.  The
 * index stays as it is.
 */
#include "image/dir_edit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "image/dir_index.h"
#include "image/dirleaf.h"
#include "image/read_image.h"
#include "image/read_map.h"

enum { HEADER = 8, TAIL_TYPE = 0xde };

static errcode_t bad(const struct dir_edit *d, uint32_t lblk,
		     const char *what)
{
	return image_bad(d->changes->image, "folder inode %u, block %u: %s: "
			 "run e2fsck", d->inode.ino, lblk, what);
}

static errcode_t add_extent(void *arg, const struct extent *e)
{
	struct dir_edit *d = arg;

	if (array_reserve(&d->extents, &d->cap, d->n + 1,
			  sizeof(*d->extents)))
		return diag_nomem(image_diag(d->changes->image));
	d->extents[d->n++] = *e;
	return 0;
}

errcode_t dir_edit_init(struct dir_edit *d, struct changes *changes,
			const struct inode_info *inode)
{
	const struct map_visitor v = { .extent = add_extent, .arg = d };
	uint64_t blocks = inode->size >>
			  image_geometry(changes->image)->block_bits;
	errcode_t err;

	*d = (struct dir_edit){ .changes = changes, .inode = *inode };
	if (!blocks || blocks > FORMAT_MAX_LBLK)
		return bad(d, 0, "the size is wrong");
	d->blocks = (uint32_t)blocks;
	err = read_map(changes->image, inode, &v);
	if (err)
		dir_edit_release(d);
	return err;
}

void dir_edit_release(struct dir_edit *d)
{
	free(d->extents);
	memset(d, 0, sizeof(*d));
}

errcode_t dir_edit_place(const struct dir_edit *d, uint32_t lblk,
			 uint64_t *pblk)
{
	size_t lo = 0, hi = d->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct extent *e = &d->extents[mid];

		if (lblk < e->lblk) {
			hi = mid;
		} else if (lblk - e->lblk >= e->len) {
			lo = mid + 1;
		} else if (e->unwritten) {
			break;
		} else {
			*pblk = e->pblk + (lblk - e->lblk);
			return 0;
		}
	}
	return bad(d, lblk, "is not there");
}

static bool has_csums(const struct dir_edit *d)
{
	return image_geometry(d->changes->image)->metadata_csum;
}

static uint32_t block_size(const struct dir_edit *d)
{
	return image_geometry(d->changes->image)->block_size;
}

static uint32_t csum(const struct dir_edit *d, const uint8_t *block)
{
	uint32_t seed = image_geometry(d->changes->image)->csum_seed;
	uint8_t bytes[8];

	put_le32(bytes, d->inode.ino);
	put_le32(bytes + 4, d->inode.generation);
	return format_crc32c(format_crc32c(seed, bytes, 8), block,
			     block_size(d) - DIRLEAF_TAIL);
}

static errcode_t check_csum(const struct dir_edit *d, const uint8_t *block,
			    uint32_t lblk)
{
	const uint8_t *tail = block + block_size(d) - DIRLEAF_TAIL;

	if (!has_csums(d) || get_le32(tail + 8) == csum(d, block))
		return 0;
	return image_wrong_csum(d->changes->image, IMAGE_CSUM_DIR,
				"folder inode %u, block %u", d->inode.ino,
				lblk);
}

/* Bytes for records; a block of names without a place for its checksum comes
 * from before the feature was set. */
static errcode_t find_room(const struct dir_edit *d, const uint8_t *block,
			   uint32_t lblk, uint32_t *room)
{
	const uint8_t *tail = block + block_size(d) - DIRLEAF_TAIL;

	*room = block_size(d);
	if (!has_csums(d))
		return 0;
	if (get_le32(tail) || get_le16(tail + 4) != DIRLEAF_TAIL ||
	    tail[7] != TAIL_TYPE)
		return bad(d, lblk, "has no place for its checksum");
	*room -= DIRLEAF_TAIL;
	return 0;
}

static uint32_t record_len(const struct dir_edit *d, const uint8_t *at)
{
	uint32_t len = get_le16(at + 4);

	if (block_size(d) == 65536 && (len == 65535 || len == 0))
		return 65536;
	return len;
}

static void put_record_len(uint8_t *at, uint32_t len)
{
	put_le16(at + 4, len == 65536 ? 65535 : len);
}

static uint32_t name_len(const struct dir_edit *d, const uint8_t *at)
{
	return image_geometry(d->changes->image)->filetype ? at[6] :
	       get_le16(at + 6);
}

/* Bytes that the record needs for what it has; unused ones need none. */
static uint32_t needed(const struct dir_edit *d, const uint8_t *at)
{
	uint32_t len = name_len(d, at);

	return get_le32(at) ? dirleaf_record((uint8_t)len) : 0;
}

/* Check the record at @at and find its length. */
static errcode_t check_record(const struct dir_edit *d, const uint8_t *block,
			      uint32_t lblk, uint32_t at, uint32_t room,
			      uint32_t *rec)
{
	const uint8_t *r = block + at;

	*rec = 0;
	if (room - at < HEADER)
		return bad(d, lblk, "an entry is cut off");
	*rec = record_len(d, r);
	if (*rec < HEADER || *rec % 4 || *rec > room - at ||
	    name_len(d, r) > FORMAT_NAME_MAX || needed(d, r) > *rec)
		return bad(d, lblk, "an entry has a wrong length");
	return 0;
}

/* Where a name is. */
struct spot {
	uint32_t lblk;
	uint32_t at, before;	/* the record, and the one in front of it */
	uint32_t ino;		/* 0: nowhere */
};

static errcode_t find_in_block(struct dir_edit *d, uint32_t lblk,
			       const char *name, size_t len,
			       struct spot *spot)
{
	const uint8_t *block;
	uint64_t pblk;
	uint32_t at, rec, room, before = 0;
	errcode_t err;

	spot->ino = 0;
	err = dir_edit_place(d, lblk, &pblk);
	if (!err)
		err = changes_peek(d->changes, pblk, &block);
	if (!err)
		err = find_room(d, block, lblk, &room);
	if (!err)
		err = check_csum(d, block, lblk);
	for (at = 0; !err && at < room; before = at, at += rec) {
		err = check_record(d, block, lblk, at, room, &rec);
		if (err || !get_le32(block + at) ||
		    name_len(d, block + at) != len ||
		    memcmp(block + at + HEADER, name, len))
			continue;
		*spot = (struct spot){ lblk, at, before,
				       get_le32(block + at) };
		break;
	}
	return err;
}

static bool is_indexed(const struct dir_edit *d)
{
	return d->inode.flags & INODE_FLAG_INDEX;
}

static errcode_t find_spot(struct dir_edit *d, const char *name, size_t len,
			   struct spot *spot)
{
	struct dir_index x;
	bool more = true;
	uint32_t lblk;
	errcode_t err = 0;

	spot->ino = 0;
	if (is_indexed(d)) {
		err = dir_index_probe(&x, d, name, len);
		while (!err && more) {
			err = find_in_block(d, x.leaf, name, len, spot);
			if (err || spot->ino)
				break;
			err = dir_index_next(&x, &more);
		}
		dir_index_release(&x);
		return err;
	}
	for (lblk = 0; !err && !spot->ino && lblk < d->blocks; lblk++)
		err = find_in_block(d, lblk, name, len, spot);
	return err;
}

errcode_t dir_edit_find(struct dir_edit *d, const char *name, size_t len,
			uint32_t *ino)
{
	struct spot spot;
	errcode_t err = find_spot(d, name, len, &spot);

	if (!err && spot.ino > image_geometry(d->changes->image)->inodes)
		err = bad(d, spot.lblk,
			  "an entry names an inode that does not exist");
	*ino = err ? 0 : spot.ino;
	return err;
}

/* Get block @lblk, which is not of the index but for its root, to change it. */
static errcode_t edit_block(struct dir_edit *d, uint32_t lblk, uint8_t **ret)
{
	uint64_t pblk;
	errcode_t err = dir_edit_place(d, lblk, &pblk);

	if (!err)
		err = changes_edit(d->changes, pblk, ret);
	if (err || (is_indexed(d) && !lblk))
		return err ? err : dir_index_check_csum(d, *ret, true);
	return check_csum(d, *ret, lblk);
}

static void set_csum(const struct dir_edit *d, uint8_t *block)
{
	if (has_csums(d))
		put_le32(block + block_size(d) - DIRLEAF_TAIL + 8,
			 csum(d, block));
}

errcode_t dir_edit_remove(struct dir_edit *d, const char *name, size_t len)
{
	struct spot spot;
	uint8_t *block;
	errcode_t err = find_spot(d, name, len, &spot);

	if (!err && !spot.ino)
		err = bad(d, 0, "a name is not where it was");
	if (!err)
		err = edit_block(d, spot.lblk, &block);
	if (err)
		return err;
	if (spot.at)
		put_record_len(block + spot.before,
			       spot.at - spot.before +
			       record_len(d, block + spot.at));
	else
		put_le32(block, 0);
	set_csum(d, block);
	return 0;
}

/* Put @name into the record at @at, behind what that has. */
static void put_name(struct dir_edit *d, uint8_t *at,
		     const struct dir_name *name)
{
	const struct image_geometry *geo = image_geometry(d->changes->image);
	struct format fmt = { .filetype = geo->filetype };
	uint32_t rec = record_len(d, at), own = needed(d, at);

	if (own)
		put_record_len(at, own);
	dirleaf_put(at + own, &fmt, rec - own, name);
}

static errcode_t add_to_block(struct dir_edit *d, uint32_t lblk,
			      const struct dir_name *name, bool *done)
{
	uint32_t at, rec, room, want = dirleaf_record(name->len);
	uint8_t *changed;
	const uint8_t *block;
	uint64_t pblk;
	errcode_t err = dir_edit_place(d, lblk, &pblk);

	if (!err)
		err = changes_peek(d->changes, pblk, &block);
	if (!err)
		err = find_room(d, block, lblk, &room);
	for (at = 0; !err && at < room; at += rec) {
		err = check_record(d, block, lblk, at, room, &rec);
		if (!err && rec - needed(d, block + at) >= want)
			break;
	}
	if (err || at >= room)
		return err;
	err = check_csum(d, block, lblk);
	if (err)
		return err;
	err = changes_edit(d->changes, pblk, &changed);
	if (err)
		return err;
	put_name(d, changed + at, name);
	set_csum(d, changed);
	*done = true;
	return 0;
}

errcode_t dir_edit_add(struct dir_edit *d, const struct dir_name *name,
		       bool *done)
{
	struct dir_index x;
	uint32_t lblk;
	errcode_t err = 0;

	*done = false;
	if (is_indexed(d)) {
		err = dir_index_probe(&x, d, name->name, name->len);
		if (!err)
			err = add_to_block(d, x.leaf, name, done);
		dir_index_release(&x);
		return err;
	}
	for (lblk = 0; !err && !*done && lblk < d->blocks; lblk++)
		err = add_to_block(d, lblk, name, done);
	return err;
}

errcode_t dir_edit_set_parent(struct dir_edit *d, uint32_t ino)
{
	uint8_t *block;
	errcode_t err = edit_block(d, 0, &block);

	if (err)
		return err;
	if (record_len(d, block) != DIRLEAF_DOTS / 2 || block[12 + 6] != 2 ||
	    memcmp(block + 12 + HEADER, "..", 2))
		return bad(d, 0, "has no \"..\"");
	put_le32(block + 12, ino);
	if (is_indexed(d))
		dir_index_set_csum(d, block);
	else
		set_csum(d, block);
	return 0;
}
