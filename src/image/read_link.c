// SPDX-License-Identifier: GPL-2.0-or-later
/* Targets of symbolic links: in the inode, inline, or in one block. */
#include "image/read_link.h"

#include <string.h>

#include "base/errors.h"
#include "image/read_image.h"
#include "image/read_inline.h"
#include "image/read_map.h"

static errcode_t keep_first(void *arg, const struct extent *e)
{
	uint64_t *pblk = arg;

	if (e->lblk == 0)
		*pblk = e->pblk;
	return 0;
}

/* The block that holds a target too long for the inode. */
static errcode_t read_slow(struct buf *out, struct image *img,
			   const struct inode_info *i)
{
	uint64_t pblk = 0;
	const struct map_visitor v = { .extent = keep_first, .arg = &pblk };
	const uint8_t *block;
	errcode_t err = read_map(img, i, &v);

	if (!err && pblk == 0)
		return image_bad(img, "inode %u: a link without a target",
				 i->ino);
	if (!err)
		err = image_peek(img, &block, pblk);
	if (!err && buf_add(out, block, img->geo.block_size))
		err = diag_nomem(img->diag);
	return err;
}

errcode_t read_link(struct buf *out, struct image *img,
		    const struct inode_info *i)
{
	size_t start = out->len, len;
	errcode_t err;

	if (i->flags & INODE_FLAG_ENCRYPT)
		return diag_error(img->diag, img->path, E4PACK_ET_UNSUPPORTED,
				  "inode %u: the link is encrypted", i->ino);
	if (inode_is_fast_link(i))
		err = buf_add(out, i->i_block, sizeof(i->i_block)) ?
		      diag_nomem(img->diag) : 0;
	else if (i->flags & INODE_FLAG_INLINE)
		err = read_inline(out, img, i);
	else
		err = read_slow(out, img, i);
	if (err)
		return err;
	len = out->len - start;
	if (i->size < len)
		len = i->size;
	out->len = start + strnlen((char *)out->data + start, len);
	if (out->len == start)
		return image_bad(img, "inode %u: a link without a target",
				 i->ino);
	return 0;
}
