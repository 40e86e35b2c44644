// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File content.  The mapping tells extents in ascending order: what lies
 * between them is zero, and so is all up to the size after the last.
 */
#include "image/read_file.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/format.h"
#include "image/read_image.h"
#include "image/read_inline.h"
#include "image/read_map.h"

enum {
	AT_ONCE = 1 << 20,	/* bytes of one read */
	PAST_END = -1,		/* ends the walk at the size of the file */
};

struct file_reader {
	struct image *img;
	const struct inode_info *inode;
	const struct file_visitor *v;
	uint8_t *buffer;	/* AT_ONCE bytes */
	uint64_t done;		/* bytes told */
};

/* Everything up to byte @end is zero. */
static errcode_t zero_to(struct file_reader *r, uint64_t end)
{
	uint64_t len = end - r->done;

	if (end <= r->done)
		return 0;
	r->done = end;
	return r->v->zero(r->v->arg, len);
}

static errcode_t tell(struct file_reader *r, const uint8_t *data, size_t len)
{
	if (len > r->inode->size - r->done)
		len = r->inode->size - r->done;
	r->done += len;
	return r->v->data(r->v->arg, data, len);
}

static errcode_t read_blocks(struct file_reader *r, uint64_t pblk,
			     uint64_t count)
{
	const uint32_t bits = r->img->geo.block_bits;
	errcode_t err = 0;

	while (!err && count && r->done < r->inode->size) {
		uint64_t left = r->inode->size - r->done;
		uint64_t n = AT_ONCE >> bits;

		if (n > count)
			n = count;
		if (left < n << bits)
			n = (left + r->img->geo.block_size - 1) >> bits;
		err = image_read(r->img, pblk, n, r->buffer);
		if (!err)
			err = tell(r, r->buffer, n << bits);
		pblk += n;
		count -= n;
	}
	return err;
}

static errcode_t take_extent(void *arg, const struct extent *e)
{
	struct file_reader *r = arg;
	uint64_t start = (uint64_t)e->lblk << r->img->geo.block_bits;
	errcode_t err;

	if (start >= r->inode->size)
		return PAST_END;
	err = zero_to(r, start);
	if (err || e->unwritten)
		return err;
	return read_blocks(r, e->pblk, e->len);
}

static errcode_t take_inline(struct file_reader *r)
{
	struct buf data = BUF_INIT;
	errcode_t err = read_inline(&data, r->img, r->inode);

	if (!err && r->inode->size)
		err = tell(r, data.data, data.len);
	buf_release(&data);
	return err;
}

static errcode_t take_mapped(struct file_reader *r)
{
	const struct map_visitor v = {
		.extent = take_extent, .arg = r, .budget = r->v->budget,
	};
	errcode_t err;

	r->buffer = malloc(AT_ONCE);
	if (!r->buffer)
		return diag_nomem(r->img->diag);
	err = read_map(r->img, r->inode, &v);
	free(r->buffer);
	return err == PAST_END ? 0 : err;
}

errcode_t read_file(struct image *img, const struct inode_info *i,
		    const struct file_visitor *v)
{
	struct file_reader r = { .img = img, .inode = i, .v = v };
	const uint64_t most = ((uint64_t)FORMAT_MAX_LBLK + 1) <<
			      img->geo.block_bits;
	errcode_t err;

	if (i->size > most)
		return image_bad(img, "inode %u: its size of %" PRIu64
				 " bytes is over what a file can have",
				 i->ino, i->size);
	if (i->flags & INODE_FLAG_INLINE)
		err = take_inline(&r);
	else
		err = take_mapped(&r);
	return err ? err : zero_to(&r, i->size);
}
