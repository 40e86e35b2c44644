// SPDX-License-Identifier: GPL-2.0-or-later
/* Inline data: i_block, then the value of the in-inode xattr system.data. */
#include "image/read_inline.h"

#include <string.h>

#include "base/errors.h"
#include "image/read_image.h"
#include "image/read_xattr.h"

/* Find system.data in the @size bytes of an inode at @raw.
 * Return: whether it is sane, also where it is not there and @x is empty. */
static bool find_data(struct xattr *x, const uint8_t *raw, size_t size)
{
	enum xattr_next next;
	struct xattr_area area;
	struct xattr_entry e;

	memset(x, 0, sizeof(*x));
	if (!xattr_area_of_inode(&area, raw, size))
		return true;
	while ((next = xattr_area_next(&area, &e)) == XATTR_NEXT_ENTRY) {
		if (!xattr_is_inline_data(&e.x))
			continue;
		*x = e.x;
		return !e.value_ino;
	}
	return next == XATTR_NEXT_END;
}

errcode_t read_inline(struct buf *out, struct image *img,
		      const struct inode_info *i)
{
	const uint8_t *raw;
	struct xattr x;
	errcode_t err = read_inode_raw(&raw, img, i->ino);

	if (err)
		return err;
	if (!find_data(&x, raw, img->geo.inode_size))
		return image_bad(img, "inode %u: its inline data is damaged",
				 i->ino);
	if (buf_add(out, i->i_block, INLINE_HEAD) ||
	    buf_add(out, x.value, x.value_len))
		return diag_nomem(img->diag);
	return 0;
}
