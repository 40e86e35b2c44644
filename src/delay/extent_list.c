// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extents as the disk will have them.  A stretch of blocks that is one on
 * both sides, n blocks long, takes ceil(n / limit) of them; the limit is
 * 32768 for written and 32767 for unwritten blocks.
 */
#include "delay/delayed_file.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "delay/placement.h"

/* A walk over the blocks of a file that have a place or are to get one. */
struct walk {
	const struct delayed_file *f;
	uint32_t match;		/* ES_* */
	uint32_t lblk;		/* where it goes on */
	struct es_node *at;
	struct content_walk content;
};

/* Find the next blocks; at most those of one node.
 * Return: whether there are any. */
static bool next_extent(struct walk *w, struct es_extent *e)
{
	uint32_t lblk = w->lblk;

	if (!es_walk(&w->f->es, &w->at, w->match, lblk, e))
		return false;
	if (e->lblk < lblk) {
		e->pblk += lblk - e->lblk;
		e->len -= lblk - e->lblk;
		e->lblk = lblk;
	}
	e->status &= ES_ANY;
	w->lblk = e->lblk + e->len;
	return true;
}

/* The same, delayed blocks as what they will be. */
static bool next_stretch(struct walk *w, struct es_extent *e)
{
	if (!next_extent(w, e))
		return false;
	if (e->status == ES_DELAYED)
		delayed_stretch(w->f, &w->content, e);
	w->lblk = e->lblk + e->len;
	return true;
}

/* Joins extents that come in logical order, and counts. */
struct joiner {
	struct es_extent cur;	/* the stretch so far; len 0: none */
	uint64_t total;		/* extents of the stretches before it */
	bool ideal;		/* physical places do not matter */
};

static uint32_t limit_of(uint32_t status)
{
	return status & ES_UNWRITTEN ? EXTENT_UNWRITTEN_MAX :
				       EXTENT_WRITTEN_MAX;
}

static void joiner_end(struct joiner *j)
{
	j->total += div_round_up(j->cur.len, limit_of(j->cur.status));
	j->cur.len = 0;
}

static void joiner_add(struct joiner *j, const struct es_extent *e)
{
	if (j->cur.len && j->cur.status == e->status &&
	    j->cur.lblk + j->cur.len == e->lblk &&
	    (j->ideal || j->cur.pblk + j->cur.len == e->pblk)) {
		j->cur.len += e->len;
		return;
	}
	joiner_end(j);
	j->cur = *e;
}

/* Add the pieces that the delayed extent @e falls into. */
static void add_delayed(struct joiner *j, struct placement *p,
			const struct es_extent *e)
{
	uint32_t lblk = e->lblk, end = e->lblk + e->len - 1;
	struct es_extent piece;

	while (lblk <= end && placement_next(p, lblk, end, &piece)) {
		joiner_add(j, &piece);
		lblk += piece.len;
	}
}

/* Nearly all files are one extent of staged bytes, in one run that has room
 * for it: their count needs no walk.  Return: whether @f is such a file. */
static bool count_one(const struct delayed_file *f, const struct run *runs,
		      size_t n, uint64_t *ret)
{
	uint32_t skip = (UINT32_C(1) << f->cluster_bits) - 1;
	struct es_extent e;

	if (n > 1 || f->es.all != 1 ||
	    !es_next_extent(&f->es, ES_DELAYED, 0, &e) ||
	    !content_covers(&f->content, f->block_bits, e.lblk + e.len))
		return false;
	if (n && runs[0].len < (uint64_t)(e.lblk & skip) + e.len)
		return false;
	*ret = div_round_up(e.len, EXTENT_WRITTEN_MAX);
	return true;
}

uint64_t delayed_file_count_extents(const struct delayed_file *f,
				    const struct run *runs, size_t n)
{
	struct walk w = { .f = f, .match = ES_MAPPED | ES_DELAYED };
	struct joiner j = { .ideal = !n };
	struct placement p;
	struct es_extent e;
	uint64_t one;

	if (count_one(f, runs, n, &one))
		return one;
	/* In one run logical neighbours are neighbours. */
	if (n == 1 && !f->cluster_bits && !f->es.reclaimable) {
		j.ideal = true;
		n = 0;
	}
	placement_init(&p, f, runs, n);
	while (n ? next_extent(&w, &e) : next_stretch(&w, &e)) {
		if (e.status == ES_DELAYED)
			add_delayed(&j, &p, &e);
		else
			joiner_add(&j, &e);
	}
	joiner_end(&j);
	return j.total;
}

void extent_list_release(struct extent_list *l)
{
	free(l->extents);
	*l = (struct extent_list){ .n = 0 };
}

/* Append @e, cut at the limit. */
static errcode_t add_cut(struct extent_list *l, const struct es_extent *e)
{
	uint32_t limit = limit_of(e->status), done, len;
	errcode_t err;

	err = array_reserve(&l->extents, &l->cap,
			    l->n + div_round_up(e->len, limit),
			    sizeof(*l->extents));
	if (err)
		return err;
	for (done = 0; done < e->len; done += len) {
		len = e->len - done < limit ? e->len - done : limit;
		l->extents[l->n++] = (struct extent){
			.lblk = e->lblk + done, .len = len,
			.pblk = e->pblk + done,
			.unwritten = e->status & ES_UNWRITTEN,
		};
	}
	return 0;
}

/* Append the extents that match, cut at the limits. */
static errcode_t add_extents(const struct delayed_file *f, uint32_t match,
			     struct extent_list *out)
{
	struct walk w = { .f = f, .match = match };
	size_t n = out->n;
	struct es_extent e;
	errcode_t err;

	while (next_stretch(&w, &e)) {
		err = add_cut(out, &e);
		if (err) {
			out->n = n;
			return err;
		}
	}
	return 0;
}

errcode_t delayed_file_extents(const struct delayed_file *f,
			       struct extent_list *out)
{
	if (f->es.delayed)
		return E4PACK_ET_BUG;
	return add_extents(f, ES_MAPPED, out);
}

errcode_t delayed_file_ranges(const struct delayed_file *f,
			      struct extent_list *out)
{
	return add_extents(f, ES_MAPPED | ES_DELAYED, out);
}
