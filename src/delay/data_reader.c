// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes from wherever the content says they are. */
#include "delay/data_reader.h"

#include <string.h>

/* Put reader @i of the list at its front. */
static struct origin_reader *to_front(struct data_reader *d, uint32_t i)
{
	struct origin_reader r = d->readers[i];

	memmove(&d->readers[1], &d->readers[0], i * sizeof(r));
	d->readers[0] = r;
	return &d->readers[0];
}

/* Close the reader used longest ago.  Reports a change unless @quiet. */
static errcode_t close_last(struct data_reader *d, bool quiet)
{
	struct origin_reader *r = &d->readers[--d->n];

	return r->origin->ops->close(r, quiet ? NULL : d->diag);
}

errcode_t data_reader_get(struct data_reader *d, struct origin *o,
			  struct origin_reader **ret)
{
	struct origin_reader fresh = { .origin = o, .fd = -1 };
	errcode_t err;
	uint32_t i;

	for (i = 0; i < d->n; i++) {
		if (d->readers[i].origin == o) {
			*ret = to_front(d, i);
			return 0;
		}
	}
	if (d->n == DATA_READERS) {
		err = close_last(d, false);
		if (err)
			return err;
	}
	err = o->ops->open(o, &fresh, d->diag);
	if (err)
		return err;
	fresh.origin = o;
	d->readers[d->n] = fresh;
	*ret = to_front(d, d->n++);
	return 0;
}

errcode_t data_reader_read(struct data_reader *d, const struct content *c,
			   uint64_t pos, uint64_t len, uint8_t *data)
{
	struct content_range r;
	struct origin_reader *reader;
	uint64_t end = pos + len, n;
	errcode_t err = 0;

	while (!err && pos < end) {
		if (!content_walk_next(c, &d->walk, pos, &r) || r.offset >= end)
			r = (struct content_range){ pos, end - pos, 0, NULL };
		else if (r.offset > pos)
			r = (struct content_range){ pos, r.offset - pos, 0,
						    NULL };
		n = r.offset + r.len < end ? r.offset + r.len - pos :
					     end - pos;
		if (!r.origin)
			memset(data, 0, n);
		else
			err = data_reader_get(d, r.origin, &reader);
		if (!err && r.origin)
			err = r.origin->ops->read(reader, data, n,
				r.origin_offset + (pos - r.offset), d->diag);
		data += n;
		pos += n;
	}
	return err;
}

errcode_t data_reader_release(struct data_reader *d, errcode_t err)
{
	while (d->n) {
		errcode_t closed = close_last(d, err != 0);

		if (!err)
			err = closed;
	}
	return err;
}
