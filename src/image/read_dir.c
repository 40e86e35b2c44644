// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders, block after block.  An entry: inode(4) record_len(2) name_len(1)
 * file_type(1) name; without the filetype feature name_len has 2 bytes.  An
 * entry with inode 0 is empty.  The inner nodes of a hash index and the
 * checksum at the end of a block are dressed as empty entries, so that a
 * reader that does not know them passes over them.
 */
#include "image/read_dir.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_image.h"
#include "image/read_inline.h"
#include "image/read_map.h"

enum {
	ENTRY_HEADER = 8,
	TAIL_LEN = 12,		/* the entry that holds the checksum */
	TAIL_TYPE = 0xde,
	TOLD_MOST = 10,		/* faults of one folder, one by one */
};

struct dir_reader {
	struct image *img;
	const struct inode_info *inode;
	dir_visit *visit;
	void *arg;
	uint8_t *block;		/* a copy: @visit may use the image */
	uint64_t end_lblk;	/* blocks that the size covers */
	uint64_t place;		/* logical block being read, for messages */
	uint64_t faults;
};

/* Tell of damage and remember it, so that the rest is still read. */
static void skip(struct dir_reader *r, const char *what)
{
	if (r->faults++ < TOLD_MOST)
		image_bad(r->img, "folder inode %u, block %" PRIu64 ": %s",
			  r->inode->ino, r->place, what);
}

static errcode_t tell_end(const struct dir_reader *r)
{
	if (r->faults > TOLD_MOST)
		image_bad(r->img, "folder inode %u: %" PRIu64 " faults more",
			  r->inode->ino, r->faults - TOLD_MOST);
	return r->faults ? E4PACK_ET_BAD_IMAGE : 0;
}

bool dir_item_is_dot(const struct dir_item *item)
{
	return item->name[0] == '.' &&
	       (item->len == 1 || (item->len == 2 && item->name[1] == '.'));
}

/* A record length that has only 16 bits for up to 65536. */
static uint32_t record_len(const struct dir_reader *r, const uint8_t *at)
{
	uint32_t len = get_le16(at + 4);

	if (r->img->geo.block_size < 65536)
		return len;
	if (len == 65535 || len == 0)
		return 65536;
	return (len & 65532) | (len & 3) << 16;
}

static errcode_t take_entry(struct dir_reader *r, const uint8_t *at,
			    uint32_t name_len)
{
	const bool raw = r->inode->flags & INODE_FLAG_ENCRYPT;
	struct dir_item item = {
		.name = (const char *)at + ENTRY_HEADER, .len = name_len,
		.ino = get_le32(at),
	};

	if (r->img->geo.filetype)
		item.file_type = at[7] & 7;
	if (item.ino == 0)
		return 0;
	if (item.ino > r->img->geo.inodes)
		skip(r, "an entry names an inode that does not exist");
	else if (name_len == 0)
		skip(r, "an entry has no name");
	else if (!raw && (memchr(item.name, '/', name_len) ||
			  memchr(item.name, '\0', name_len)))
		skip(r, "a name has a slash or NUL in it");
	else
		return r->visit(r->arg, &item);
	return 0;
}

/* Pass over the entries in @len bytes, which they have to fill exactly. */
static errcode_t take_entries(struct dir_reader *r, const uint8_t *data,
			      uint32_t len)
{
	uint32_t at = 0, rec, name_len;
	errcode_t err = 0;

	while (!err && at < len) {
		if (len - at < ENTRY_HEADER) {
			skip(r, "an entry is cut off");
			return 0;
		}
		rec = record_len(r, data + at);
		name_len = data[at + 6];
		if (!r->img->geo.filetype)
			name_len = get_le16(data + at + 6);
		if (rec < ENTRY_HEADER || rec % 4 || rec > len - at ||
		    (get_le32(data + at) &&
		     (name_len > 255 || name_len > rec - ENTRY_HEADER))) {
			skip(r, "an entry has a wrong length");
			return 0;
		}
		err = take_entry(r, data + at, name_len);
		at += rec;
	}
	return err;
}

/* Whether the block belongs to the hash index.  The kernel leaves a stale
 * tail in one that held names before. */
static bool is_index(const struct dir_reader *r)
{
	return (r->inode->flags & INODE_FLAG_INDEX) &&
	       (r->place == 0 ||
		(get_le32(r->block) == 0 &&
		 record_len(r, r->block) == r->img->geo.block_size));
}

/* Blocks of names have their checksum in a tail; those of the index are not
 * looked at. */
static errcode_t check_csum(const struct dir_reader *r)
{
	const uint32_t len = r->img->geo.block_size - TAIL_LEN;
	const uint8_t *tail = r->block + len;
	uint32_t crc;

	if (!r->img->geo.metadata_csum || is_index(r) || get_le32(tail) ||
	    get_le16(tail + 4) != TAIL_LEN || tail[7] != TAIL_TYPE)
		return 0;
	crc = format_inode_seed(r->img->geo.csum_seed, r->inode->ino,
				r->inode->generation);
	if (format_crc32c(crc, r->block, len) == get_le32(tail + 8))
		return 0;
	return image_wrong_csum(r->img, IMAGE_CSUM_DIR,
				"folder inode %u, block %" PRIu64,
				r->inode->ino, r->place);
}

static errcode_t take_extent(void *arg, const struct extent *e)
{
	struct dir_reader *r = arg;
	const uint8_t *block;
	errcode_t err = 0;
	uint32_t i;

	if (e->unwritten)
		return 0;
	for (i = 0; !err && i < e->len; i++) {
		r->place = e->lblk + (uint64_t)i;
		if (r->place >= r->end_lblk)
			break;
		err = image_peek(r->img, &block, e->pblk + i);
		if (err)
			break;
		memcpy(r->block, block, r->img->geo.block_size);
		err = check_csum(r);
		if (!err)
			err = take_entries(r, r->block,
					   r->img->geo.block_size);
	}
	return err;
}

/* The parent's number, then entries to the end of i_block; those in the
 * xattr start anew, so that none lies across. */
static errcode_t take_inline(struct dir_reader *r)
{
	struct buf data = BUF_INIT;
	errcode_t err = read_inline(&data, r->img, r->inode);

	if (!err)
		err = take_entries(r, data.data + INLINE_PARENT,
				   INLINE_HEAD - INLINE_PARENT);
	if (!err && data.len > INLINE_HEAD)
		err = take_entries(r, data.data + INLINE_HEAD,
				   data.len - INLINE_HEAD);
	buf_release(&data);
	return err;
}

errcode_t read_dir(struct image *img, const struct inode_info *i,
		   dir_visit *visit, void *arg)
{
	struct dir_reader r = {
		.img = img, .inode = i, .visit = visit, .arg = arg,
	};
	const struct map_visitor v = { .extent = take_extent, .arg = &r };
	errcode_t err;

	if (i->flags & INODE_FLAG_INLINE) {
		err = take_inline(&r);
	} else {
		r.end_lblk = i->size >> img->geo.block_bits;
		r.block = malloc(img->geo.block_size);
		err = r.block ? read_map(img, i, &v) : diag_nomem(img->diag);
		free(r.block);
	}
	return err ? err : tell_end(&r);
}
