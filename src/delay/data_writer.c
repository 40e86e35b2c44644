// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving bytes from origins to blocks.
 *
 * The blocks of an extent fall into stretches by where their bytes are:
 *	a long stretch of one origin with a descriptor	copied in the kernel
 *	a long stretch of zeros				blockio_zero()
 *	anything else					through the buffer
 * The buffer holds blocks that follow each other on disk, of as many files as
 * fit: many small files become one write.  Whatever is not next to it, or
 * does not fit, makes it be written first.
 *
 * Failing to copy in the kernel is no failure: the rest of the stretch goes
 * through the buffer, where a true failure shows itself again and is told by
 * who knows its subject.
 */
#include "delay/data_writer.h"

#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"

/* Bytes: what the kernel copies in one go costs a quarter less there; maps are
 * worth their making; zeros that are few are cheaper written among others. */
enum {
	LONG_COPY = 64 * 1024,
	LONG_ZEROS = 1024 * 1024,
	LONG_MAP = 256 * 1024,
	HOST_BLOCK = 4096,	/* of file systems that share blocks */
};

/* Blocks of a file that are still to be written. */
struct stretch {
	const struct delayed_file *f;
	uint64_t pos, end;	/* bytes of the file */
	uint64_t pblk;		/* place of the block at @pos */
};

void data_writer_init(struct data_writer *w, const struct blockio *io,
		      const struct writeback_options *options,
		      struct data_shared *shared)
{
	*w = (struct data_writer){ .io = io, .options = options,
				   .shared = shared,
				   .reader = { .diag = options->diag } };
}

static errcode_t cannot_write(struct data_writer *w, errcode_t err,
			      uint64_t pblk)
{
	return diag_error(w->options->diag, NULL, err,
			  "cannot write block %llu",
			  (unsigned long long)pblk);
}

errcode_t data_writer_flush(struct data_writer *w)
{
	struct write_buffer *b = w->buf;
	uint64_t pblk;
	errcode_t err;

	if (!b)
		return 0;
	w->buf = NULL;
	err = write_queue_put(&w->shared->queue, b, &pblk);
	return err ? cannot_write(w, err, pblk) : 0;
}

static void step(struct data_writer *w, struct stretch *s, uint64_t blocks)
{
	s->pos += blocks * w->io->block_size;
	s->pblk += blocks;
}

/* Put the next up to @max blocks of @s into the buffer. */
static errcode_t gather(struct data_writer *w, struct stretch *s,
			uint64_t max)
{
	const uint32_t bs = w->io->block_size, cap = w->shared->queue.cap;
	struct write_buffer *b = w->buf;
	uint64_t n;
	errcode_t err = 0;

	if (b && (b->n == cap || b->pblk + b->n != s->pblk))
		err = data_writer_flush(w);
	if (err)
		return err;
	if (!w->buf) {
		w->buf = write_queue_get(&w->shared->queue);
		w->buf->pblk = s->pblk;
	}
	b = w->buf;
	n = (s->end - s->pos) / bs;
	if (n > max)
		n = max;
	if (n > cap - b->n)
		n = cap - b->n;
	err = data_reader_read(&w->reader, &s->f->content, s->pos, n * bs,
			       b->data + (size_t)b->n * bs);
	if (err)
		return err;
	b->n += n;
	step(w, s, n);
	return 0;
}

/* Find how many blocks of @bs bytes lie before the first whole block of the
 * host's, where origin and image agree on where these begin. */
static uint64_t blocks_before_host_block(uint64_t from, uint64_t to,
					 uint32_t bs)
{
	uint64_t bytes = -to % HOST_BLOCK;

	return from % HOST_BLOCK == to % HOST_BLOCK && bytes % bs == 0 ?
		bytes / bs : 0;
}

/* As the only one who writes, copy @len bytes at @from in @reader to @pblk.
 * Return: 0 with *@done, less than @len where the kernel cannot copy. */
static errcode_t copy_as_writer(struct data_writer *w,
				const struct origin_reader *reader,
				uint64_t from, uint64_t pblk, uint64_t len,
				uint64_t *done)
{
	errcode_t failed;

	if (io_copy_range(reader->fd, from, w->io->fd,
			  blockio_position(w->io, pblk), len, done))
		atomic_store(&w->shared->no_copy, true);
	failed = write_queue_leave(&w->shared->queue, &pblk);
	return failed ? cannot_write(w, failed, pblk) : 0;
}

/* The same while another one writes.  Return: what is done. */
static uint64_t copy_aside(struct data_writer *w,
			   const struct origin_reader *reader, uint64_t from,
			   uint64_t pblk, uint64_t len)
{
	uint64_t done = 0;

	if (w->shared->queue.ground == GROUND_MEMORY && len >= LONG_MAP)
		io_copy_mapped(reader->fd, from, w->io->fd,
			       blockio_position(w->io, pblk), len, &done);
	return done;
}

/* Copy @n blocks of @s, all from @r, inside the kernel, as far as it can:
 * where the host's file system shares blocks, no byte moves.  It shares whole
 * ones, so small blocks before the first of these go through the buffer. */
static errcode_t copy_in_kernel(struct data_writer *w, struct stretch *s,
				const struct content_range *r, uint64_t n)
{
	uint32_t bs = w->io->block_size;
	uint64_t lead, done, from = r->origin_offset + (s->pos - r->offset);
	struct write_queue *queue = &w->shared->queue;
	struct origin_reader *reader;
	errcode_t err;

	if (s->pblk > w->io->blocks || n > w->io->blocks - s->pblk)
		return cannot_write(w, E4PACK_ET_BUG, s->pblk);
	err = data_reader_get(&w->reader, r->origin, &reader);
	if (err)
		return err;
	if (reader->fd < 0)
		return gather(w, s, n);
	from += reader->base;
	lead = blocks_before_host_block(from,
					blockio_position(w->io, s->pblk), bs);
	if (lead)
		return gather(w, s, lead);
	if (write_queue_enter(queue, queue->ground == GROUND_MAY_SHARE))
		err = copy_as_writer(w, reader, from, s->pblk, n * bs, &done);
	else
		done = copy_aside(w, reader, from, s->pblk, n * bs);
	if (err)
		return err;
	step(w, s, done / bs);
	return done / bs < n ? gather(w, s, n - done / bs) : 0;
}

static errcode_t zero_blocks(struct data_writer *w, struct stretch *s,
			     uint64_t n)
{
	errcode_t err = 0;

	if (!w->options->zeroed)
		err = blockio_zero(w->io, s->pblk, n);
	if (err)
		return cannot_write(w, err, s->pblk);
	step(w, s, n);
	return 0;
}

/* Find where the bytes at @pos come from.
 * Return: the first byte behind them, or @end; *@r has no origin where they
 * are zeros. */
static uint64_t same_until(struct data_writer *w,
			   const struct delayed_file *f, uint64_t pos,
			   uint64_t end, struct content_range *r)
{
	struct content_range next;
	uint64_t until = pos;

	*r = (struct content_range){ .offset = pos };
	while (until < end &&
	       content_walk_next(&f->content, &w->walk, until, &next) &&
	       next.offset < end) {
		if (next.origin && next.offset > until)
			return next.offset;
		if (next.origin && until > pos)
			return until;
		until = next.offset + next.len;
		if (next.origin) {
			*r = next;
			return until < end ? until : end;
		}
	}
	return end;
}

/* Write the next part of @s: what comes from one place, with the block that
 * it ends in, or only its whole blocks where they do not take the buffer. */
static errcode_t write_part(struct data_writer *w, struct stretch *s)
{
	uint32_t bs = w->io->block_size;
	struct content_range r;
	uint64_t until = same_until(w, s->f, s->pos, s->end, &r);
	uint64_t n = (until - s->pos) / bs;

	if (n && !r.origin && (n * bs >= LONG_ZEROS || w->options->zeroed))
		return zero_blocks(w, s, n);
	if (n && r.origin && n * bs >= LONG_COPY &&
	    !atomic_load(&w->shared->no_copy))
		return copy_in_kernel(w, s, &r, n);
	return gather(w, s, div_round_up(until - s->pos, bs));
}

errcode_t data_writer_extent(struct data_writer *w,
			     const struct delayed_file *f,
			     const struct es_extent *e)
{
	uint64_t bs = w->io->block_size;
	struct stretch s = { .f = f, .pos = e->lblk * bs, .pblk = e->pblk };
	errcode_t err = 0;

	s.end = s.pos + e->len * bs;
	while (!err && s.pos < s.end) {
		if (atomic_load(&w->shared->stop))
			return E4PACK_ET_INTERRUPTED;
		err = write_part(w, &s);
	}
	return err;
}

errcode_t data_writer_release(struct data_writer *w, errcode_t err)
{
	if (w->buf)
		write_queue_drop(&w->shared->queue, w->buf);
	w->buf = NULL;
	return data_reader_release(&w->reader, err);
}
