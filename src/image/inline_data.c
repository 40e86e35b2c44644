// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data.  The first 60 bytes lie in i_block, the others are the value
 * of the attribute system.data, which has to lie in the inode and is there
 * with no bytes, too.  So an inode without other attributes holds
 *
 *	inode size - 128 - i_extra_isize	the area of attributes
 *	- 4 - 4					its magic and its end
 *	- 20					the entry of system.data
 *	+ 60					i_block
 *
 * bytes, 128 in the usual inode of 256.  The size of a file tells how many of
 * them it has.  A folder is as large as its parts:
 *
 *	0	le32	number of the parent, for ".."; "." has no record
 *	4		records as in a block, up to byte 60 exactly
 *	60		records again, up to the end exactly
 *
 * No record lies across byte 60.  A part without a name is one unused record;
 * the second one is then not there.  There is no checksum besides that of the
 * inode.  Names go in order into the first part that has room.
 */
#include "image/inline_data.h"

#include <string.h>

#include "base/endian.h"
#include "image/dirleaf.h"
#include "image/inode.h"
#include "image/xattr.h"

enum { PARTS = 2, HEAD_ROOM = INLINE_HEAD - INLINE_PARENT };

/* Records end to end. */
struct part {
	uint32_t room, used;	/* bytes */
	uint32_t last;		/* where the last record begins */
};

uint32_t inline_max(const struct format *fmt)
{
	size_t room = inode_xattr_room(fmt);

	if (!fmt->inline_data || !xattr_fits_beside_data(NULL, room, 0))
		return 0;
	return INLINE_HEAD + (uint32_t)xattr_data_max(room);
}

/* Take room for @name.  Return: the part it goes to, PARTS: none. */
static uint32_t choose(struct part parts[PARTS], const struct dir_name *name)
{
	uint32_t rec_len = dirleaf_record(name->len), i;

	for (i = 0; i < PARTS; i++) {
		struct part *p = &parts[i];

		if (rec_len > p->room - p->used)
			continue;
		p->last = p->used;
		p->used += rec_len;
		break;
	}
	return i;
}

uint32_t inline_dir_size(const struct format *fmt,
			 const struct dir_name *names, uint32_t n)
{
	uint32_t max = inline_max(fmt), i;
	struct part parts[PARTS] = { { .room = HEAD_ROOM },
				     { .room = inline_rest(max) } };

	if (!max)
		return 0;
	for (i = 0; i < n; i++)
		if (choose(parts, &names[i]) == PARTS)
			return 0;
	return INLINE_HEAD + parts[1].used;
}

void inline_dir_encode(uint8_t *out, uint32_t size, const struct format *fmt,
		       uint32_t parent, const struct dir_name *names,
		       uint32_t n)
{
	const struct dir_name unused = { NULL, 0, 0, 0 };
	struct part parts[PARTS] = { { .room = HEAD_ROOM },
				     { .room = inline_rest(size) } };
	uint8_t *at[PARTS] = { out + INLINE_PARENT, out + INLINE_HEAD };
	const struct dir_name *last[PARTS] = { &unused, &unused };
	uint32_t i, k;

	memset(out, 0, size);
	put_le32(out, parent);
	for (i = 0; i < n; i++) {
		k = choose(parts, &names[i]);
		dirleaf_put(at[k] + parts[k].last, fmt,
			    dirleaf_record(names[i].len), &names[i]);
		last[k] = &names[i];
	}
	for (k = 0; k < PARTS; k++)
		if (parts[k].room)
			dirleaf_put(at[k] + parts[k].last, fmt,
				    parts[k].room - parts[k].last, last[k]);
}
