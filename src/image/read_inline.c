// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data: i_block, then the value of the in-inode xattr system.data.
 * The area behind the extra fields: magic(4), then entries name_len(1)
 * index(1) value_offset(2) value_inode(4) value_size(4) hash(4) name, padded
 * to 4 bytes; a name_len, index and value_offset of 0 end them.  Offsets
 * count from the first entry.
 */
#include "image/read_inline.h"

#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_image.h"

enum {
	XATTR_MAGIC = 0xea020000,
	XATTR_ENTRY = 16,
	XATTR_SYSTEM = 7,	/* index of "system." */
	FIXED_SIZE = 128,
};

/* Find system.data in @area, the bytes from the first entry on.
 * Return: whether the entries are sane; *@len is 0 when it is not there. */
static bool find_data(const uint8_t **value, size_t *len,
		      const uint8_t *area, size_t size)
{
	size_t at = 0;

	*len = 0;
	while (at + 4 <= size && get_le32(area + at)) {
		const uint8_t *e = area + at;
		uint32_t name_len = e[0], offset, value_len;

		if (size - at < XATTR_ENTRY ||
		    size - at - XATTR_ENTRY < name_len)
			return false;
		offset = get_le16(e + 2);
		value_len = get_le32(e + 8);
		if (e[1] == XATTR_SYSTEM && name_len == 4 &&
		    !memcmp(e + XATTR_ENTRY, "data", 4)) {
			if (get_le32(e + 4) || offset > size ||
			    value_len > size - offset)
				return false;
			*value = area + offset;
			*len = value_len;
			return true;
		}
		at += (XATTR_ENTRY + name_len + 3) & ~3u;
	}
	return true;
}

errcode_t read_inline(struct buf *out, struct image *img,
		      const struct inode_info *i)
{
	const uint32_t size = img->geo.inode_size;
	const uint8_t *raw, *value = NULL;
	size_t start, len = 0;
	errcode_t err = read_inode_raw(&raw, img, i->ino);

	if (err)
		return err;
	start = FIXED_SIZE + 4;
	if (size > FIXED_SIZE)
		start += get_le16(raw + FIXED_SIZE);
	if (start < size && get_le32(raw + start - 4) == XATTR_MAGIC &&
	    !find_data(&value, &len, raw + start, size - start))
		return image_bad(img, "inode %u: its inline data is damaged",
				 i->ino);
	if (buf_add(out, i->i_block, INLINE_HEAD) ||
	    buf_add(out, value, len))
		return diag_nomem(img->diag);
	return 0;
}
