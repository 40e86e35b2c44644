// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order of writing.
 *
 * Places are given in the order of inode numbers, gap after gap, so that the
 * items fall into few rows, in each of which the places ascend.  The rows are
 * merged, but only as stretches of items: sorting all items takes as much
 * memory again, at the moment when all of it is in use.
 */
#include "delay/write_order.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

enum {
	MAX_ROWS = 256,		/* each stretch looks at all of them */
	LEAST_ITEMS = 8,	/* of a stretch on average, to be worth it */
};

static int by_place(const void *a, const void *b)
{
	const struct writeback_item *x = a, *y = b;

	return (x->pblk > y->pblk) - (x->pblk < y->pblk);
}

static errcode_t add_stretch(struct write_order *o, size_t first, size_t end)
{
	errcode_t err = array_reserve(&o->stretches, &o->cap, o->n + 1,
				      sizeof(*o->stretches));

	if (!err)
		o->stretches[o->n++] = (struct write_stretch){ first, end };
	return err;
}

/* Find the rows.  Return: how many there are, more than MAX_ROWS for too
 * many. */
static size_t find_rows(const struct writeback_item *items, size_t n,
			struct write_stretch *rows)
{
	size_t i, found = 0;

	for (i = 0; i < n; i++) {
		if (i && items[i].pblk >= items[i - 1].pblk)
			continue;
		if (found)
			rows[found - 1].end = i;
		if (found++ == MAX_ROWS)
			return found;
		rows[found - 1].first = i;
	}
	rows[found - 1].end = n;
	return found;
}

/* Find the row whose first item comes first.  Return: it, with *@limit the
 * place of the first item of all others. */
static struct write_stretch *lowest_row(const struct writeback_item *items,
					struct write_stretch *rows, size_t n,
					uint64_t *limit)
{
	struct write_stretch *lowest = rows, *r;
	uint64_t least = items[rows->first].pblk, pblk;

	*limit = UINT64_MAX;
	for (r = rows + 1; r < rows + n; r++) {
		pblk = items[r->first].pblk;
		if (pblk < least) {
			*limit = least;
			least = pblk;
			lowest = r;
		} else if (pblk < *limit) {
			*limit = pblk;
		}
	}
	return lowest;
}

/* The first item of @row behind @limit, or its end. */
static size_t row_until(const struct writeback_item *items,
			const struct write_stretch *row, uint64_t limit)
{
	size_t lo = row->first, hi = row->end;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (items[mid].pblk > limit)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* Merge @n_rows rows of @n items.  Return: 0; E2BIG for more stretches than
 * are worth it; ENOMEM. */
static errcode_t merge(struct write_order *o, size_t n,
		       struct write_stretch *rows, size_t n_rows)
{
	struct write_stretch *row;
	errcode_t err = 0;
	uint64_t limit;
	size_t end;

	while (!err && n_rows) {
		if (o->n > n / LEAST_ITEMS)
			return E2BIG;
		row = lowest_row(o->items, rows, n_rows, &limit);
		end = row_until(o->items, row, limit);
		err = add_stretch(o, row->first, end);
		row->first = end;
		if (row->first == row->end)
			*row = rows[--n_rows];
	}
	return err;
}

errcode_t write_order_init(struct write_order *o,
			   struct writeback_item *items, size_t n)
{
	struct write_stretch rows[MAX_ROWS];
	size_t n_rows = find_rows(items, n, rows);
	errcode_t err = E2BIG;

	*o = (struct write_order){ .items = items };
	if (n_rows <= MAX_ROWS)
		err = merge(o, n, rows, n_rows);
	if (err == E2BIG) {
		qsort(items, n, sizeof(*items), by_place);
		o->n = 0;
		err = add_stretch(o, 0, n);
	}
	if (err)
		write_order_release(o);
	return err;
}

void write_order_release(struct write_order *o)
{
	free(o->stretches);
	o->stretches = NULL;
}

struct write_position write_order_begin(const struct write_order *o)
{
	return (struct write_position){ .item = o->stretches[0].first };
}

bool write_order_next(const struct write_order *o, struct write_position *at)
{
	if (at->item + 1 < o->stretches[at->stretch].end) {
		at->item++;
		return true;
	}
	if (at->stretch + 1 == o->n)
		return false;
	at->item = o->stretches[++at->stretch].first;
	return true;
}
