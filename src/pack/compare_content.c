// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Content against content.  Both sides are a sparse map: staged ranges of
 * (origin, offset), and extents of (logical, physical) blocks; what neither
 * has reads as zero.  A file is gone through in windows that begin where one of
 * the two has something next, so that holes cost nothing.  Workers take whole
 * files; image_read() goes past the cache and may be called by all at once.
 */
#include "pack/compare_content.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/tasks.h"
#include "image/read_inline.h"
#include "image/read_map.h"

enum { WINDOW = 1 << 20 };

struct job {
	struct content_batch *batch;
	struct image *img;
	struct diag *diag;
	pthread_mutex_t lock;
	size_t next;		/* item */
	errcode_t err;		/* the first one */
};

/* One file while it is compared. */
struct pair {
	struct job *job;
	struct content_item *item;
	uint8_t *staged, *stored;	/* WINDOW bytes each */
	uint8_t *block;			/* one block */
};

void content_batch_clear(struct content_batch *b)
{
	while (b->n)
		free(b->items[--b->n].inline_data);
	b->n_extents = 0;
	b->bytes = 0;
}

void content_batch_release(struct content_batch *b)
{
	content_batch_clear(b);
	free(b->items);
	free(b->extents);
	memset(b, 0, sizeof(*b));
}

static errcode_t keep_extent(void *arg, const struct extent *e)
{
	struct content_batch *b = arg;

	if (e->unwritten)
		return 0;
	if (array_reserve(&b->extents, &b->cap_extents, b->n_extents + 1,
			  sizeof(*b->extents)))
		return ENOMEM;
	b->extents[b->n_extents++] = *e;
	return 0;
}

errcode_t content_batch_add(struct content_batch *b, struct image *img,
			    const struct inode_info *i, struct node *node,
			    const struct delayed_file *f)
{
	const struct map_visitor v = { .extent = keep_extent, .arg = b };
	struct content_item item = { .node = node, .file = f,
				     .first = b->n_extents };
	struct buf data = BUF_INIT;
	errcode_t err;

	if (array_reserve(&b->items, &b->cap, b->n + 1, sizeof(*b->items)))
		return diag_nomem(image_diag(img));
	if (i->flags & INODE_FLAG_INLINE) {
		err = read_inline(&data, img, i);
		if (!err) {
			item.inline_len = data.len;
			item.inline_data = (uint8_t *)buf_detach(&data);
		}
		if (!err && !item.inline_data)
			err = diag_nomem(image_diag(img));
		buf_release(&data);
	} else {
		err = read_map(img, i, &v);
	}
	if (err)
		return err;
	item.n = b->n_extents - item.first;
	b->items[b->n++] = item;
	b->bytes += f->size;
	return 0;
}

/* Read the staged bytes of a window of @len bytes at @pos. */
static errcode_t read_staged(struct pair *p, uint64_t pos, size_t len)
{
	struct content_range r;
	struct origin_reader reader;
	uint64_t at = pos, start, end;
	errcode_t err = 0, closed;

	memset(p->staged, 0, len);
	while (!err && at < pos + len &&
	       content_next(&p->item->file->content, at, &r) &&
	       r.offset < pos + len) {
		start = r.offset > pos ? r.offset : pos;
		end = r.offset + r.len < pos + len ? r.offset + r.len :
						     pos + len;
		at = end;
		if (!r.origin)
			continue;
		err = r.origin->ops->open(r.origin, &reader, p->job->diag);
		if (err)
			break;
		err = r.origin->ops->read(&reader, p->staged + (start - pos),
					  end - start, r.origin_offset +
					  (start - r.offset), p->job->diag);
		closed = r.origin->ops->close(&reader,
					      err ? NULL : p->job->diag);
		err = err ? err : closed;
	}
	return err;
}

/* Copy bytes [@from, @to) of the file, which extent @e has, to their place in
 * the window at @pos. */
static errcode_t copy_extent(struct pair *p, const struct extent *e,
			     uint64_t pos, uint64_t from, uint64_t to)
{
	const struct image_geometry *geo = image_geometry(p->job->img);
	const uint32_t bits = geo->block_bits, size = geo->block_size;
	errcode_t err = 0;

	while (!err && from < to) {
		uint64_t pblk = e->pblk + (from >> bits) - e->lblk;
		uint64_t skip = from & (size - 1);
		uint64_t len = size - skip;

		if (!skip && to - from >= size) {
			len = (to - from) & ~(uint64_t)(size - 1);
			err = image_read(p->job->img, pblk, len >> bits,
					 p->stored + (from - pos));
		} else {
			if (len > to - from)
				len = to - from;
			err = image_read(p->job->img, pblk, 1, p->block);
			memcpy(p->stored + (from - pos), p->block + skip,
			       len);
		}
		from += len;
	}
	return err;
}

/* The first extent of the item that ends after byte @pos, or one past. */
static size_t find_extent(const struct pair *p, uint64_t pos)
{
	const struct extent *e = p->job->batch->extents + p->item->first;
	const uint32_t bits = image_geometry(p->job->img)->block_bits;
	size_t lo = 0, hi = p->item->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (((uint64_t)e[mid].lblk + e[mid].len) << bits <= pos)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static errcode_t read_stored(struct pair *p, uint64_t pos, size_t len)
{
	const struct extent *e = p->job->batch->extents + p->item->first;
	const uint32_t bits = image_geometry(p->job->img)->block_bits;
	uint64_t from, to;
	errcode_t err = 0;
	size_t i;

	memset(p->stored, 0, len);
	if (p->item->inline_data && pos < p->item->inline_len) {
		to = p->item->inline_len - pos;
		memcpy(p->stored, p->item->inline_data + pos,
		       to < len ? to : len);
	}
	for (i = find_extent(p, pos); !err && i < p->item->n; i++) {
		from = (uint64_t)e[i].lblk << bits;
		to = from + ((uint64_t)e[i].len << bits);
		if (from >= pos + len)
			break;
		err = copy_extent(p, &e[i], pos, from > pos ? from : pos,
				  to < pos + len ? to : pos + len);
	}
	return err;
}

/* Where one of the two has something from @pos on; at most @end. */
static uint64_t next_bytes(const struct pair *p, uint64_t pos, uint64_t end)
{
	const struct extent *e = p->job->batch->extents + p->item->first;
	const uint32_t bits = image_geometry(p->job->img)->block_bits;
	const size_t i = find_extent(p, pos);
	struct content_range r;
	uint64_t next = end, at;

	if (p->item->inline_data)
		return pos;
	if (content_next(&p->item->file->content, pos, &r) && r.offset < next)
		next = r.offset;
	at = i < p->item->n ? (uint64_t)e[i].lblk << bits : end;
	if (at < next)
		next = at;
	return next > pos ? next : pos;
}

static void find_first(struct pair *p, uint64_t pos, size_t len)
{
	size_t i = 0;

	while (i < len && p->staged[i] == p->stored[i])
		i++;
	p->item->differs = true;
	p->item->at = pos + i;
}

static errcode_t compare_file(struct pair *p)
{
	const uint64_t size = p->item->file->size;
	uint64_t pos = next_bytes(p, 0, size);
	errcode_t err = 0;
	size_t len;

	while (!err && pos < size && !p->item->differs) {
		len = size - pos < WINDOW ? (size_t)(size - pos) : WINDOW;
		err = read_staged(p, pos, len);
		if (!err)
			err = read_stored(p, pos, len);
		if (!err && memcmp(p->staged, p->stored, len))
			find_first(p, pos, len);
		pos = next_bytes(p, pos + len, size);
	}
	return err;
}

/* Return: the next item, or NULL when there is none or one failed. */
static struct content_item *take_item(struct job *job)
{
	struct content_item *item = NULL;

	pthread_mutex_lock(&job->lock);
	if (!job->err && job->next < job->batch->n)
		item = &job->batch->items[job->next++];
	pthread_mutex_unlock(&job->lock);
	return item;
}

static void fail(struct job *job, errcode_t err)
{
	pthread_mutex_lock(&job->lock);
	if (!job->err)
		job->err = err;
	pthread_mutex_unlock(&job->lock);
}

static void work(void *arg)
{
	struct job *job = arg;
	const uint32_t size = image_geometry(job->img)->block_size;
	struct pair p = { .job = job };
	uint8_t *memory = malloc(2 * (size_t)WINDOW + size);
	errcode_t err = memory ? 0 : diag_nomem(job->diag);

	p.staged = memory;
	p.stored = memory ? memory + WINDOW : NULL;
	p.block = memory ? memory + 2 * (size_t)WINDOW : NULL;
	while (!err && (p.item = take_item(job)))
		err = compare_file(&p);
	if (err)
		fail(job, err);
	free(memory);
}

errcode_t content_batch_compare(struct content_batch *b, struct image *img,
				unsigned int threads, struct diag *diag)
{
	struct job job = { .batch = b, .img = img, .diag = diag };

	if (threads > b->n)
		threads = (unsigned int)b->n;
	pthread_mutex_init(&job.lock, NULL);
	workers_run(threads, work, &job);
	pthread_mutex_destroy(&job.lock);
	return job.err;
}
