// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The entries of a folder.  Records fill their block, one behind the other:
 *
 *	0 inode u32 | 4 bytes of the record u16 | 6 bytes of the name u8 |
 *	7 type u8 | 8 name, padded to four bytes
 *
 * Block 0 begins with "." and "..".  With checksums a block of names ends with
 * a record of 12 bytes whose type is 0xde.  Each name is one of an inode in
 * use that may have names, of the type the entry says; a folder has one name.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/errors.h"
#include "image/read_group.h"
#include "image/read_inline.h"
#include "report/check_dir.h"

enum {
	HEADER = 8, TAIL = 12, TAIL_TYPE = 0xde,
	FT_DIR = 2,
	SHORTEST_SECRET = 16,	/* bytes of an encrypted name */
	HASH_BESIDE = 8,	/* bytes of a hash behind a name */
};

/* What comes next in a block. */
enum dots { DOTS_SELF, DOTS_PARENT, DOTS_NONE };

uint32_t dir_record(const struct check *c, const uint8_t *at)
{
	uint32_t len = get_le16(at + 4);

	if (c->geo->block_size < 65536)
		return len;
	if (len == 65535 || len == 0)
		return 65536;
	return (len & 65532) | (len & 3) << 16;
}

static void name_fault(struct dir_check *d, const uint8_t *at,
		       const char *what)
{
	char name[FORMAT_NAME_MAX + 1], *shown;

	memcpy(name, at + HEADER, at[6]);
	name[at[6]] = '\0';
	shown = diag_escape(name);
	fault_inode(d->check->faults, d->info.ino, "entry \"%s\" in block %u: "
		    "%s", shown ? shown : "", d->at, what);
	free(shown);
}

/* The names of "." and "..": both their bytes and the NUL behind them. */
static bool is_dots(const uint8_t *at, uint8_t len)
{
	return at[6] == len && !memcmp(at + HEADER, &"..\0"[2 - len],
				       len + (size_t)1);
}

static const char *dots_fault(struct dir_check *d, const uint8_t *at,
			      enum dots dots)
{
	const uint32_t ino = get_le32(at);

	if (dots == DOTS_SELF && (!ino || !is_dots(at, 1)))
		return "the first entry is not \".\"";
	if (dots == DOTS_SELF && ino != d->info.ino)
		return "\".\" is another folder";
	if (dots == DOTS_SELF && dir_record(d->check, at) > 24)
		return "\".\" takes up what \"..\" needs";
	if (dots == DOTS_PARENT && (!ino || !is_dots(at, 2)))
		return "the second entry is not \"..\"";
	return NULL;
}

/* Return: what is wrong with the name, or NULL. */
static const char *spelling_fault(const struct dir_check *d,
				  const uint8_t *at, enum dots dots)
{
	const uint8_t *name = at + HEADER;
	const uint8_t len = at[6];

	if (dots == DOTS_NONE && len == 0)
		return "it has no name";
	if (dots == DOTS_NONE && name[0] == '.' &&
	    (len == 1 || (len == 2 && name[1] == '.')))
		return "it is not the first one of this name";
	if (d->info.flags & FL_ENCRYPT)
		return dots == DOTS_NONE && len < SHORTEST_SECRET ?
			"the encrypted name is too short" : NULL;
	if (memchr(name, '/', len) || memchr(name, '\0', len))
		return "a name has a slash or NUL in it";
	return NULL;
}

/* Return: what is wrong with the inode of an entry, or NULL. */
static const char *inode_fault(const struct dir_check *d, uint32_t ino,
			       enum dots dots)
{
	const struct check *c = d->check;

	if (!check_has_name(c, ino))
		return "its inode is reserved or does not exist";
	if (dots == DOTS_NONE && ino == d->info.ino)
		return "it is the folder itself";
	if (dots == DOTS_NONE && ino == FORMAT_ROOT_INO)
		return "it is the root";
	if (!bits_has(&c->used, ino))
		return "its inode is not in use";
	return NULL;
}

static const char *type_fault(const struct dir_check *d, const uint8_t *at)
{
	const struct check *c = d->check;

	if (!c->geo->filetype)
		return at[7] ? "it has a type, the image has none" : NULL;
	/* 0 says nothing, and is not wrong. */
	if (at[7] && at[7] != c->kinds[check_rank(c, get_le32(at))])
		return "it has another type than its inode";
	return NULL;
}

/* A folder has one name besides "." and the ".." of others. */
static const char *parent_fault(struct dir_check *d, uint32_t ino)
{
	struct check_folder *f = check_folder(d->check, ino);

	if (!f)
		return NULL;
	if (f->parent)
		return "the folder has another name already";
	f->parent = d->info.ino;
	return NULL;
}

/* An entry of the right shape that is in use. */
static errcode_t take_entry(struct dir_check *d, const uint8_t *at,
			    enum dots dots)
{
	const uint32_t ino = get_le32(at);
	const char *wrong = inode_fault(d, ino, dots);

	if (wrong) {
		name_fault(d, at, wrong);
		return 0;
	}
	wrong = spelling_fault(d, at, dots);
	if (!wrong)
		wrong = type_fault(d, at);
	if (!wrong && dots == DOTS_NONE)
		wrong = parent_fault(d, ino);
	if (wrong)
		name_fault(d, at, wrong);
	d->check->names[check_rank(d->check, ino)]++;
	if (dots == DOTS_PARENT)
		d->folder->dotdot = ino;
	return dots == DOTS_NONE ? dir_note_name(d, at + HEADER, at[6]) : 0;
}

/* Check a record that has @left bytes.  Return: its length, or 0 when what
 * follows cannot be found. */
static uint32_t check_record(struct dir_check *d, const uint8_t *at,
			     uint32_t left, enum dots dots)
{
	const uint32_t beside = d->hash_beside && dots == DOTS_NONE ?
				HASH_BESIDE : 0;
	uint32_t rec;

	if (left < HEADER)
		return 0;
	rec = dir_record(d->check, at);
	if (rec > left || rec % 4 || rec < HEADER + 4 + beside ||
	    ((HEADER + at[6] + beside + 3) & ~3u) > rec)
		return 0;
	return rec;
}

/* Check the records that fill @len bytes, the first ones dots from @dots
 * on. */
static errcode_t check_records(struct dir_check *d, const uint8_t *data,
			       uint32_t len, enum dots dots)
{
	uint32_t at = 0, rec;
	const char *wrong;
	errcode_t err = 0;

	while (!err && at < len) {
		rec = check_record(d, data + at, len - at, dots);
		if (!rec) {
			dir_fault(d, "a record has a wrong length");
			return 0;
		}
		wrong = dots == DOTS_NONE ? NULL :
			dots_fault(d, data + at, dots);
		if (wrong)
			dir_fault(d, wrong);
		else if (get_le32(data + at) && d->htree.blocks)
			err = htree_take_name(d, data + at + HEADER,
					      data[at + 6],
					      dots != DOTS_NONE);
		if (!err && get_le32(data + at) && !d->twice)
			err = take_entry(d, data + at, dots);
		else if (!err && get_le32(data + at) && dots == DOTS_NONE)
			err = dir_note_name(d, data + at + HEADER,
					    data[at + 6]);
		at += rec;
		if (dots != DOTS_NONE)
			dots++;
	}
	if (!err && dots != DOTS_NONE)
		dir_fault(d, "\".\" or \"..\" is missing");
	return err;
}

/* The checksum of a block of names is in its tail. */
static void check_tail(struct dir_check *d, const uint8_t *block)
{
	const uint32_t len = d->check->geo->block_size - TAIL;
	const uint8_t *tail = block + len;

	if (get_le32(tail) || get_le16(tail + 4) != TAIL || tail[6] ||
	    tail[7] != TAIL_TYPE)
		dir_fault(d, "there is no record for the checksum");
	else if (format_crc32c(d->seed, block, len) != get_le32(tail + 8))
		dir_fault(d, "wrong checksum");
}

errcode_t check_dir_block(struct dir_check *d, const uint8_t *block)
{
	const struct check *c = d->check;
	uint32_t len = c->geo->block_size;
	enum dots dots = d->at ? DOTS_NONE : DOTS_SELF;

	if (htree_kind(d, block) != HTREE_LEAF) {
		if (!d->twice)
			htree_take_block(d, block);
	} else if (c->geo->metadata_csum) {
		len -= TAIL;
		if (!d->twice)
			check_tail(d, block);
	}
	return check_records(d, block, len, dots);
}

errcode_t check_dir_inline(struct dir_check *d, const uint8_t *data,
			   uint32_t size)
{
	uint8_t dots[24] = { 0 };
	errcode_t err;

	d->at = 0;
	put_le32(dots, d->info.ino);
	put_le16(dots + 4, 12);
	dots[6] = 1;
	memcpy(dots + 8, ".", 1);
	memcpy(dots + 12, data, INLINE_PARENT);
	put_le16(dots + 16, 12);
	dots[18] = 2;
	memcpy(dots + 20, "..", 2);
	if (d->check->geo->filetype)
		dots[7] = dots[19] = FT_DIR;
	err = check_records(d, dots, sizeof(dots), DOTS_SELF);
	if (!err)
		err = check_records(d, data + INLINE_PARENT,
				    INLINE_HEAD - INLINE_PARENT, DOTS_NONE);
	if (size % 4)
		dir_fault(d, "its inline data has a wrong length");
	d->at = 1;
	if (!err && size > INLINE_HEAD)
		err = check_records(d, data + INLINE_HEAD, size - INLINE_HEAD,
				    DOTS_NONE);
	return err;
}
