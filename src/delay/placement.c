// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Laying delayed blocks out over runs.
 *
 * With one block per cluster the blocks simply follow each other.  With
 * bigalloc runs are whole clusters and a block keeps its place in its cluster:
 *
 *	pblk = (place of the cluster) + (lblk mod blocks per cluster)
 *
 * The place of a cluster is, in this order: the one taken just before; for a
 * pending cluster, that of its mapped blocks; else the next cluster of the
 * runs.  A stretch of unmapped clusters takes as many in one go as the run
 * has.
 *
 * Delayed blocks fall into stretches: what the content touches becomes
 * written, what it does not was only preallocated and becomes unwritten.  A
 * piece never crosses the edge of a stretch, but two of them may share a
 * cluster, as any two pieces may.
 */
#include "delay/placement.h"

void placement_init(struct placement *p, const struct delayed_file *f,
		    const struct run *runs, size_t n)
{
	*p = (struct placement){ .f = f, .runs = runs, .n = n };
}

bool placement_fits(const struct placement *p)
{
	uint64_t mask = (UINT64_C(1) << p->f->cluster_bits) - 1, total = 0;
	size_t i;

	for (i = 0; i < p->n; i++) {
		const struct run *r = &p->runs[i];

		if (!r->len || (r->start & mask) || (r->len & mask) ||
		    __builtin_add_overflow(total, r->len, &total))
			return false;
	}
	return total == delayed_file_wanted_blocks(p->f);
}

void delayed_stretch(const struct delayed_file *f, struct content_walk *w,
		     struct es_extent *e)
{
	uint32_t next;

	e->status = ES_UNWRITTEN;
	if (content_walk_touches(&f->content, w, f->block_bits, e->lblk,
				 e->lblk + e->len, &next))
		e->status = ES_WRITTEN;
	e->len = next - e->lblk;
}

/* Cut [@lblk, *@end] to one stretch.  The last one is remembered: it may fall
 * into many pieces.  Return: what the blocks become. */
static uint32_t cut_to_stretch(struct placement *p, uint32_t lblk,
			       uint32_t *end)
{
	struct es_extent *s = &p->stretch;

	if (lblk < s->lblk || lblk - s->lblk >= s->len) {
		*s = (struct es_extent){ .lblk = lblk,
					 .len = *end - lblk + 1 };
		delayed_stretch(p->f, &p->content, s);
	}
	if (*end - s->lblk >= s->len)
		*end = s->lblk + s->len - 1;
	return s->status;
}

/* Find the place of @clu if it has one already. */
static bool find_clu(const struct placement *p, uint32_t clu, uint64_t *pblk)
{
	uint32_t first = clu << p->f->cluster_bits;
	struct es_extent e;

	if (p->has_clu && p->clu == clu) {
		*pblk = p->clu_pblk;
		return true;
	}
	if (!is_pending(&p->f->pending, clu) ||
	    !es_next_extent(&p->f->es, ES_MAPPED, first, &e))
		return false;
	/* Either may be the larger one; the sum does not mind the wrap. */
	*pblk = e.pblk + first - e.lblk;
	return true;
}

/* Take blocks for [@lblk, @lblk + @len) from the run in use.
 * Return: how many of them got a place. */
static uint32_t take(struct placement *p, uint32_t lblk, uint32_t len,
		     uint64_t *pblk)
{
	uint32_t bits = p->f->cluster_bits;
	uint32_t skip = lblk & ((UINT32_C(1) << bits) - 1);
	uint64_t left, clusters;

	if (p->i < p->n && p->used == p->runs[p->i].len) {
		p->i++;
		p->used = 0;
	}
	if (p->i == p->n)
		return 0;
	left = p->runs[p->i].len - p->used;
	if (len > left - skip)
		len = left - skip;
	*pblk = p->runs[p->i].start + p->used + skip;
	clusters = ((skip + (uint64_t)len - 1) >> bits) + 1;
	p->used += clusters << bits;
	p->clu = (lblk + len - 1) >> bits;
	p->clu_pblk = p->runs[p->i].start + p->used - (UINT64_C(1) << bits);
	p->has_clu = true;
	return len;
}

bool placement_next(struct placement *p, uint32_t lblk, uint32_t end,
		    struct es_extent *piece)
{
	uint32_t status = cut_to_stretch(p, lblk, &end);
	uint32_t bits = p->f->cluster_bits;
	uint32_t mask = (UINT32_C(1) << bits) - 1;
	uint32_t len = end - lblk + 1, clu = lblk >> bits, last = end >> bits;
	uint64_t pblk;

	if (find_clu(p, clu, &pblk)) {
		pblk += lblk & mask;
		if (last != clu)
			len = (lblk | mask) + 1 - lblk;
	} else {
		/* Only the last cluster of an extent may be pending, too. */
		if (last != clu && is_pending(&p->f->pending, last))
			len = (last << bits) - lblk;
		len = take(p, lblk, len, &pblk);
		if (!len)
			return false;
	}
	*piece = (struct es_extent){ lblk, len, pblk, status };
	return true;
}
