// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extents that go on where the one before ended, in the file and in the
 * image, are copied as one.  Short pieces are put together from the image's
 * cache, as many small files lie in what it reads at once; long ones the
 * kernel copies, or shares where the host's file system can.
 */
#include "report/extract_data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "image/read_data.h"
#include "image/read_inline.h"
#include "image/read_map.h"

enum {
	SHORT_PIECE = 64 << 10,
	BUFFER_LEN = 1 << 20,
	STEP = 16 << 20,	/* bytes between two looks at the stop flag */
	ENOUGH = -1,		/* ends the walk over a mapping */
};

/* One file on its way. */
struct transfer {
	struct extract_copier *copier;
	struct extract_state *state;
	const struct inode_info *inode;
	const char *path;
	int fd;
	struct extent run;	/* waits to be copied ... */
	uint64_t run_len;	/* ... its blocks */
	uint64_t end;		/* of what is written, bytes */
};

void extract_copier_release(struct extract_copier *c)
{
	free(c->buffer);
	memset(c, 0, sizeof(*c));
}

static errcode_t keep_first(void *arg, const struct extent *e)
{
	uint64_t *ret = arg;

	if (e->unwritten)
		return 0;
	*ret = e->pblk;
	return ENOUGH;
}

errcode_t extract_first_block(uint64_t *ret, struct extract_state *s,
			      const struct inode_info *i)
{
	const struct map_visitor v = {
		.extent = keep_first, .arg = ret, .budget = &s->budget,
	};
	errcode_t err;

	*ret = 0;
	err = i->size ? read_map(s->img, i, &v) : 0;
	return err == ENOUGH ? 0 : err;
}

static errcode_t write_failed(const struct transfer *t, errcode_t code)
{
	return extract_error(t->state, t->path, code, "cannot be written");
}

/* Gather a short piece block by block. */
static errcode_t gather(struct transfer *t, uint64_t pblk, uint64_t len)
{
	const uint32_t size = image_geometry(t->state->img)->block_size;
	const uint8_t *block;
	uint64_t at;
	errcode_t err = 0;

	for (at = 0; !err && at < len; at += size) {
		err = image_peek(t->state->img, &block, pblk++);
		if (!err)
			memcpy(t->copier->buffer + at, block, size);
	}
	return err;
}

/* Copy up to BUFFER_LEN bytes through our own memory. */
static errcode_t copy_piece(struct transfer *t, uint64_t pblk, uint64_t len,
			    uint64_t offset)
{
	const struct image_geometry *geo = image_geometry(t->state->img);
	errcode_t err;

	if (len <= SHORT_PIECE)
		err = gather(t, pblk, len);
	else
		err = image_read(t->state->img, pblk,
				 (len + geo->block_size - 1) >> geo->block_bits,
				 t->copier->buffer);
	if (err)
		return err;
	err = io_pwrite(t->fd, t->copier->buffer, len, offset);
	return err ? write_failed(t, err) : 0;
}

/* Copy up to STEP bytes.  *@done of them are. */
static errcode_t copy_step(struct transfer *t, uint64_t pblk, uint64_t len,
			   uint64_t offset, uint64_t *done)
{
	const uint64_t unaligned = image_geometry(t->state->img)->block_size
				   - 1;
	errcode_t err;

	*done = 0;
	if (len > SHORT_PIECE && !t->copier->by_hand) {
		err = read_into_file(t->state->img, pblk, len, t->fd,
				     offset, done);
		if (err == ENOSPC || err == EDQUOT || err == EFBIG)
			return write_failed(t, err);
		if (!err)
			return 0;
		/* Whatever it is, it shows again when done by hand. */
		t->copier->by_hand = true;
		*done &= ~unaligned;
		if (*done)
			return 0;
	}
	*done = len < BUFFER_LEN ? len : BUFFER_LEN;
	return copy_piece(t, pblk, *done, offset);
}

/* Copy @len bytes of blocks from @pblk on to @offset. */
static errcode_t copy(struct transfer *t, uint64_t pblk, uint64_t len,
		      uint64_t offset)
{
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	uint64_t done = 0;
	errcode_t err = 0;

	while (!err && len) {
		err = copy_step(t, pblk, len < STEP ? len : STEP, offset,
				&done);
		if (!err && t->state->progress)
			err = progress_check(t->state->progress);
		pblk += done >> bits;
		offset += done;
		len -= done;
	}
	t->end = offset;
	return err;
}

/* Copy the run that waits. */
static errcode_t flush_run(struct transfer *t)
{
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	uint64_t offset = (uint64_t)t->run.lblk << bits;
	uint64_t len = t->run_len << bits;

	if (t->run_len == 0)
		return 0;
	t->run_len = 0;
	if (len > t->inode->size - offset)
		len = t->inode->size - offset;
	return copy(t, t->run.pblk, len, offset);
}

static errcode_t take_extent(void *arg, const struct extent *e)
{
	struct transfer *t = arg;
	const uint32_t bits = image_geometry(t->state->img)->block_bits;
	errcode_t err;

	if ((uint64_t)e->lblk << bits >= t->inode->size)
		return ENOUGH;
	if (e->unwritten)
		return 0;
	if (t->run_len && t->run.lblk + t->run_len == e->lblk &&
	    t->run.pblk + t->run_len == e->pblk) {
		t->run_len += e->len;
		return 0;
	}
	err = flush_run(t);
	t->run = *e;
	t->run_len = e->len;
	return err;
}

static errcode_t copy_mapped(struct transfer *t)
{
	const struct map_visitor v = {
		.extent = take_extent, .arg = t, .budget = &t->state->budget,
	};
	errcode_t err = read_map(t->state->img, t->inode, &v);

	if (err == ENOUGH)
		err = 0;
	return err ? err : flush_run(t);
}

static errcode_t copy_inline(struct transfer *t)
{
	struct buf data = BUF_INIT;
	errcode_t err = read_inline(&data, t->state->img, t->inode);

	if (err)
		goto out;
	if (data.len > t->inode->size)
		data.len = t->inode->size;
	err = io_pwrite(t->fd, data.data, data.len, 0);
	if (err)
		write_failed(t, err);
	t->end = data.len;
out:
	buf_release(&data);
	return err;
}

errcode_t extract_content(struct extract_copier *c, struct extract_state *s,
			  const struct inode_info *i, int fd,
			  const char *path)
{
	struct transfer t = {
		.copier = c, .state = s, .inode = i, .path = path, .fd = fd,
	};
	errcode_t err;

	if (!c->buffer)
		c->buffer = malloc(BUFFER_LEN);
	if (!c->buffer)
		return diag_nomem(image_diag(s->img));
	err = i->flags & INODE_FLAG_INLINE ? copy_inline(&t) :
					     copy_mapped(&t);
	if (err || t.end == i->size)
		return err;
	err = io_resize(fd, i->size);
	return err ? write_failed(&t, err) : 0;
}
