// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records of one block of names.
 *
 *	record	0 inode (0: unused)  4 rec_len  6 name_len  7 file type
 *		8 name, padded to a multiple of 4
 *	tail	0 inode 0  4 rec_len 12  6 name_len 0  7 type 0xde
 *		8 crc32c of all before it, from the folder's seed
 *
 * The records of a block cover it exactly.  rec_len has 16 bits: a record of
 * 65536 bytes is stored as 65535, which no record can have otherwise.
 */
#include "image/dirleaf.h"

#include <ext2fs/ext2_fs.h>
#include <string.h>

#include "base/endian.h"

enum { REC_LEN_64K = 0xffff, TAIL_TYPE = 0xde };

static void put_rec_len(uint8_t *at, uint32_t rec_len)
{
	put_le16(at + 4, rec_len == 65536 ? REC_LEN_64K : rec_len);
}

void dirleaf_put(uint8_t *at, const struct format *fmt, uint32_t rec_len,
		 const struct dir_name *name)
{
	put_le32(at, name->ino);
	put_rec_len(at, rec_len);
	at[6] = name->len;
	at[7] = fmt->filetype ? name->file_type : 0;
	if (name->len)
		memcpy(at + 8, name->name, name->len);
}

void dirleaf_put_dots(uint8_t *at, const struct format *fmt,
		      uint32_t rec_len, uint32_t ino, uint32_t parent)
{
	const struct dir_name dot = { ".", 1, EXT2_FT_DIR, ino };
	const struct dir_name dotdot = { "..", 2, EXT2_FT_DIR, parent };

	dirleaf_put(at, fmt, DIRLEAF_DOTS / 2, &dot);
	dirleaf_put(at + DIRLEAF_DOTS / 2, fmt, rec_len, &dotdot);
}

void dirleaf_begin(struct dirleaf *d, uint8_t *block)
{
	memset(block, 0, d->fmt->block_size);
	d->block = block;
	d->used = 0;
	d->last = 0;
}

void dirleaf_add_dots(struct dirleaf *d, uint32_t ino, uint32_t parent)
{
	dirleaf_put_dots(d->block, d->fmt, DIRLEAF_DOTS / 2, ino, parent);
	d->last = DIRLEAF_DOTS / 2;
	d->used = DIRLEAF_DOTS;
}

bool dirleaf_fits(const struct dirleaf *d, const struct dir_name *name)
{
	return dirleaf_record(name->len) <= dirleaf_room(d->fmt) - d->used;
}

void dirleaf_add(struct dirleaf *d, const struct dir_name *name)
{
	uint32_t rec_len = dirleaf_record(name->len);

	d->last = d->used;
	dirleaf_put(d->block + d->used, d->fmt, rec_len, name);
	d->used += rec_len;
}

void dirleaf_end(struct dirleaf *d)
{
	uint32_t room = dirleaf_room(d->fmt);
	uint8_t *tail = d->block + room;

	put_rec_len(d->block + d->last, room - d->last);
	if (!d->fmt->metadata_csum)
		return;
	put_rec_len(tail, DIRLEAF_TAIL);
	tail[7] = TAIL_TYPE;
	put_le32(tail + 8, format_crc32c(d->seed, d->block, room));
}
