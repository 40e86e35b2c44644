// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both images are read once, in their order.  The free runs of the second one
 * cut the way into stretches that are in use and free:
 *
 *	compared = in use + free, in ascending order, without a gap
 *
 * A bit map remembers what differs, for the files that lie in the same places
 * of both: nothing of them has to be read again.  It has a bit for several
 * blocks where one for each would take more than BITMAP_MOST bytes.
 */
#include "report/diff_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "image/read_data.h"
#include "image/read_group.h"

enum {
	BITMAP_MOST = 32 << 20,
	CHUNK = 1 << 20,	/* bytes read at once */
};

/* One of the two images on the way. */
struct side {
	struct image *img;
	uint8_t *data;		/* CHUNK bytes */
	struct run next;	/* data at or after the last place asked for */
	bool asked;
};

struct comparison {
	struct diff_blocks *blocks;
	struct side a, b;
	struct progress *progress;
	uint32_t block_size;
	uint64_t at;		/* compared up to here */
};

static errcode_t init_bitmap(struct diff_blocks *d, struct image *img)
{
	while (d->compared >> d->shift >= (uint64_t)BITMAP_MOST * 8)
		d->shift++;
	d->changed = calloc(1, (size_t)((d->compared >> d->shift) / 8 + 1));
	return d->changed ? 0 : diag_nomem(image_diag(img));
}

static void note_change(struct comparison *c, uint64_t pblk, bool in_use)
{
	const uint64_t bit = pblk >> c->blocks->shift;

	c->blocks->differ++;
	c->blocks->differ_in_use += in_use;
	c->blocks->changed[bit / 8] |= 1u << bit % 8;
}

bool diff_blocks_same(const struct diff_blocks *d, uint64_t pblk,
		      uint64_t len)
{
	uint64_t bit;

	if (!d->known || len == 0 || pblk >= d->compared ||
	    len > d->compared - pblk)
		return false;
	for (bit = pblk >> d->shift; bit <= (pblk + len - 1) >> d->shift; bit++)
		if (d->changed[bit / 8] >> bit % 8 & 1)
			return false;
	return true;
}

/* The first block from @from on that may have data. */
static errcode_t next_data(struct side *s, uint64_t from, uint64_t *ret)
{
	errcode_t err = 0;

	if (!s->asked || (s->next.len && s->next.start + s->next.len <= from))
		err = read_next_data(&s->next, s->img, from);
	s->asked = true;
	*ret = s->next.start > from ? s->next.start : from;
	return err;
}

static errcode_t compare_chunk(struct comparison *c, uint64_t start,
			       uint64_t count, bool in_use)
{
	const uint32_t size = c->block_size;
	errcode_t err = image_read(c->a.img, start, count, c->a.data);
	uint64_t i;

	if (!err)
		err = image_read(c->b.img, start, count, c->b.data);
	if (err || !memcmp(c->a.data, c->b.data, count * size))
		return err;
	for (i = 0; i < count; i++)
		if (memcmp(c->a.data + i * size, c->b.data + i * size, size))
			note_change(c, start + i, in_use);
	return 0;
}

/* Compare on up to @end. */
static errcode_t compare_up_to(struct comparison *c, uint64_t end, bool in_use)
{
	const uint64_t chunk = CHUNK / c->block_size;
	errcode_t err = 0;

	if (end > c->blocks->compared)
		end = c->blocks->compared;
	while (!err && c->at < end) {
		uint64_t a, b, from = c->at, count;

		err = next_data(&c->a, from, &a);
		if (!err)
			err = next_data(&c->b, from, &b);
		if (err)
			break;
		c->at = a < b ? a : b;
		if (c->at > end)
			c->at = end;
		count = end - c->at < chunk ? end - c->at : chunk;
		if (count)
			err = compare_chunk(c, c->at, count, in_use);
		c->at += count;
		if (!err)
			err = progress_add(c->progress, c->at - from);
	}
	return err;
}

static errcode_t meet_free(void *arg, uint64_t start, uint64_t len)
{
	errcode_t err = compare_up_to(arg, start, true);

	return err ? err : compare_up_to(arg, start + len, false);
}

static errcode_t compare_all(struct comparison *c)
{
	struct run *fixed = NULL;
	size_t n = 0;
	errcode_t err = read_fixed_runs(&fixed, &n, c->b.img);

	if (!err)
		err = read_free_runs(c->b.img, fixed, n, meet_free, c);
	if (!err)
		err = compare_up_to(c, c->blocks->compared, true);
	free(fixed);
	return err;
}

errcode_t diff_blocks_compare(struct diff_blocks *d, struct image *a,
			      struct image *b, struct progress *progress)
{
	const struct image_geometry *p = image_geometry(a);
	const struct image_geometry *q = image_geometry(b);
	struct comparison c = {
		.blocks = d, .a.img = a, .b.img = b, .progress = progress,
		.block_size = p->block_size,
	};
	errcode_t err;

	memset(d, 0, sizeof(*d));
	if (p->block_size != q->block_size)
		return 0;
	d->compared = p->blocks < q->blocks ? p->blocks : q->blocks;
	d->only_first = p->blocks - d->compared;
	d->only_second = q->blocks - d->compared;
	progress_begin(progress, "comparing blocks", d->compared);
	err = init_bitmap(d, a);
	c.a.data = malloc(CHUNK);
	c.b.data = malloc(CHUNK);
	if (!err && (!c.a.data || !c.b.data))
		err = diag_nomem(image_diag(a));
	if (!err)
		err = compare_all(&c);
	d->known = !err;
	free(c.a.data);
	free(c.b.data);
	return err;
}

void diff_blocks_release(struct diff_blocks *d)
{
	free(d->changed);
	memset(d, 0, sizeof(*d));
}
