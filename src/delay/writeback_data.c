// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writeback, second step: the bytes, in physical order.
 *
 * The items in the order of places, and the extents inside each, are one list
 * of blocks that is never built: a cursor (item, logical block) walks it.
 * Workers take chunks of it in turn under a lock, so all of them work in the
 * same region of the disk.  Which worker takes which chunk does not matter:
 * each block is in just one chunk, and what it holds depends on its file
 * alone.
 */
#include "delay/writeback.h"

#include <pthread.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/tasks.h"
#include "delay/data_writer.h"
#include "delay/write_order.h"

enum {
	CHUNK_BYTES = 4 * 1024 * 1024,
	BUFFER_BYTES = 512 * 1024,	/* at most */
	MEMORY_BYTES = 16 * 1024 * 1024,	/* of the workers' buffers */
};

struct cursor {
	struct write_position item;
	uint32_t lblk;
	struct es_node *at;	/* in its tree */
};

struct job {
	const struct blockio *io;
	const struct writeback_options *options;
	struct write_order order;
	struct data_shared shared;
	pthread_mutex_t lock;	/* for what follows, and the progress */
	struct cursor next;
	errcode_t err;		/* the first failure */
};

/* Find the next written blocks of the file at @c that are to be written here,
 * at most @max, and step over them.  Return: whether there are any. */
static bool next_in_file(const struct job *job, struct cursor *c,
			 uint64_t max, const struct delayed_file *f,
			 struct es_extent *e)
{
	const struct writeback_options *o = job->options;

	while (es_walk(&f->es, &c->at, ES_WRITTEN, c->lblk, e)) {
		if (e->lblk < c->lblk) {
			e->pblk += c->lblk - e->lblk;
			e->len -= c->lblk - e->lblk;
			e->lblk = c->lblk;
		}
		if (e->len > max)
			e->len = max;
		c->lblk = e->lblk;
		if (!o->select || o->select(o->select_arg, e)) {
			c->lblk += e->len;
			return true;
		}
		c->lblk += e->len;
	}
	return false;
}

static bool next_extent(const struct job *job, struct cursor *c,
			uint64_t max, const struct delayed_file **f,
			struct es_extent *e)
{
	for (;;) {
		*f = job->order.items[c->item.item].file;
		if (next_in_file(job, c, max, *f, e))
			return true;
		if (!write_order_next(&job->order, &c->item))
			return false;
		c->lblk = 0;
		c->at = NULL;
	}
}

/* Take the next chunk.  Return: its blocks, 0 at the end or after a
 * failure. */
static uint64_t take_chunk(struct job *job, struct cursor *begin)
{
	uint64_t want = CHUNK_BYTES / job->io->block_size, n = 0;
	const struct delayed_file *f;
	struct es_extent e;

	pthread_mutex_lock(&job->lock);
	*begin = job->next;
	while (!job->err && n < want &&
	       next_extent(job, &job->next, want - n, &f, &e))
		n += e.len;
	pthread_mutex_unlock(&job->lock);
	return n;
}

/* Keep the first failure, and let the others stop. */
static void fail(struct job *job, errcode_t err)
{
	pthread_mutex_lock(&job->lock);
	if (!job->err)
		job->err = err;
	pthread_mutex_unlock(&job->lock);
	atomic_store(&job->shared.stop, true);
}

static errcode_t count_done(struct job *job, uint64_t blocks)
{
	errcode_t err = 0;

	if (!job->options->progress)
		return 0;
	pthread_mutex_lock(&job->lock);
	err = progress_add(job->options->progress,
			   blocks * job->io->block_size);
	pthread_mutex_unlock(&job->lock);
	return err;
}

/* Let the disk work while the next chunks are put together.  Between the first
 * and the last block may lie some of others, which are to be written, too. */
static void start_writeout(const struct job *job, uint64_t first,
			   uint64_t end)
{
	const struct blockio *io = job->io;

	if (job->options->synced && first < end)
		io_start_writeout(io->fd, blockio_position(io, first),
				  (end - first) * io->block_size);
}

static errcode_t write_chunk(struct job *job, struct data_writer *w,
			     struct cursor c, uint64_t blocks)
{
	uint64_t left = blocks, first = UINT64_MAX, end = 0;
	const struct delayed_file *f;
	struct es_extent e;
	errcode_t err = 0;

	while (!err && left && next_extent(job, &c, left, &f, &e)) {
		if (job->options->progress)
			err = progress_check(job->options->progress);
		if (!err)
			err = data_writer_extent(w, f, &e);
		left -= e.len;
		first = e.pblk < first ? e.pblk : first;
		end = e.pblk + e.len > end ? e.pblk + e.len : end;
	}
	if (!err)
		err = data_writer_flush(w);
	if (err)
		return err;
	start_writeout(job, first, end);
	return count_done(job, blocks);
}

static void work(void *arg)
{
	struct job *job = arg;
	struct data_writer w;
	struct cursor begin;
	uint64_t n;
	errcode_t err = 0;

	data_writer_init(&w, job->io, job->options, &job->shared);
	while (!err && (n = take_chunk(job, &begin)))
		err = write_chunk(job, &w, begin, n);
	/* After a failure elsewhere a change of an origin is no news. */
	if (!err && atomic_load(&job->shared.stop))
		err = E4PACK_ET_INTERRUPTED;
	err = data_writer_release(&w, err);
	if (err)
		fail(job, err);
}

/* Whether every file can be written from its content alone. */
static errcode_t check_items(const struct writeback_item *items, size_t n,
			     const struct writeback_options *o)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct delayed_file *f = items[i].file;

		if (f->es.delayed || (f->on_disk && !o->select))
			return diag_error(o->diag, NULL, E4PACK_ET_BUG, NULL);
	}
	return 0;
}

/* Threads that have something to do. */
static unsigned int count_workers(const struct job *job)
{
	uint64_t chunk = CHUNK_BYTES / job->io->block_size, chunks = 0;
	unsigned int max = job->options->threads;
	struct cursor c = job->next;
	const struct delayed_file *f;
	struct es_extent e;
	uint64_t blocks = 0;

	if (max > WORKERS_MAX)
		max = WORKERS_MAX;
	if (!max)
		max = 1;
	while (chunks < max && next_extent(job, &c, UINT32_MAX, &f, &e)) {
		blocks += e.len;
		chunks = blocks / chunk + 1;
	}
	return chunks < max ? chunks : max;
}

/* Blocks of a buffer. */
static uint32_t buffer_blocks(const struct blockio *io, unsigned int workers)
{
	uint32_t bytes = MEMORY_BYTES / (WRITE_BUFFERS_EACH * workers);

	if (bytes > BUFFER_BYTES)
		bytes = BUFFER_BYTES;
	return bytes < io->block_size ? 1 : bytes / io->block_size;
}

static errcode_t write_items(struct job *job)
{
	unsigned int workers = count_workers(job);

	if (!workers)
		return 0;
	if (write_queue_init(&job->shared.queue, job->io, workers,
			     buffer_blocks(job->io, workers)))
		return diag_nomem(job->options->diag);
	pthread_mutex_init(&job->lock, NULL);
	workers_run(workers, work, job);
	pthread_mutex_destroy(&job->lock);
	write_queue_release(&job->shared.queue);
	return job->err;
}

errcode_t writeback_data(const struct blockio *io,
			 struct writeback_item *items, size_t n,
			 const struct writeback_options *options)
{
	struct job job = { .io = io, .options = options };
	errcode_t err = check_items(items, n, options);

	if (err || !n)
		return err;
	if (write_order_init(&job.order, items, n))
		return diag_nomem(options->diag);
	job.next.item = write_order_begin(&job.order);
	err = write_items(&job);
	write_order_release(&job.order);
	return err;
}
