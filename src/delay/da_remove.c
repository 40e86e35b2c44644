// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Making blocks of a file a hole again: truncate and punch.
 *
 * Delayed blocks give their reservation back (pending.c counts it).  Mapped
 * blocks are given to free_blocks(), with bigalloc by whole clusters: a
 * cluster goes when the last of its mapped blocks does.  Where such a cluster
 * keeps delayed blocks it was pending, and they need a reservation of their
 * own again: that is made first, as the only step that can be refused.
 */
#include "delay/da_map.h"

#include <assert.h>
#include <stddef.h>

#include "delay/da_trace.h"

/* A range of blocks to remove and what it does to the clusters around. */
struct removal {
	struct delay *d;
	struct delayed_file *f;
	uint32_t lblk, end;
	struct da_untold *untold;	/* or NULL */
	uint32_t renewed[2];	/* clusters that need a promise again */
	uint32_t n_renewed;
	uint32_t next;		/* clusters below it are dealt with */
};

/* Whether a block with a status in @match is in @lclu, yet not removed. */
static bool keeps(const struct removal *r, uint32_t lclu, uint32_t match)
{
	uint32_t mask = (UINT32_C(1) << r->d->cluster_bits) - 1;
	uint32_t first = lclu << r->d->cluster_bits, last = first | mask;

	return (first < r->lblk &&
		es_scan_range(&r->f->es, match, first, r->lblk - 1)) ||
	       (last > r->end &&
		es_scan_range(&r->f->es, match, r->end + 1, last));
}

static void find_renewed(struct removal *r)
{
	uint32_t ends[2] = { r->lblk >> r->d->cluster_bits,
			     r->end >> r->d->cluster_bits };
	size_t i;

	for (i = 0; i < 2; i++) {
		if (i && ends[0] == ends[1])
			break;
		if (is_pending(&r->f->pending, ends[i]) &&
		    !keeps(r, ends[i], ES_MAPPED) &&
		    keeps(r, ends[i], ES_DELAYED))
			r->renewed[r->n_renewed++] = ends[i];
	}
}

static void tell_freed(const struct removal *r, uint64_t pblk, uint64_t len)
{
	DA_TRACE(r->d, r->f, TRACE_FREE_BLOCKS, da_trace_mode(r->d, r->f), pblk,
		 len, TRACE_FREE_VALIDATED | TRACE_FREE_NOT_FIRST_CLUSTER |
		 TRACE_FREE_NOT_LAST_CLUSTER);
}

static void give_clusters(struct removal *r, uint64_t pblk, uint64_t n)
{
	const struct delay_ops *ops = r->d->ops;
	uint64_t len = n << r->d->cluster_bits;

	if (trace_on(r->d->trace))
		tell_freed(r, pblk, len);
	r->f->allocated -= n;
	if (ops && ops->free_blocks)
		ops->free_blocks(r->d->ops_arg, r->f, pblk, len);
}

/* Give back the clusters that only [@from, @to] at @pblk still used. */
static void free_piece(struct removal *r, uint32_t from, uint32_t to,
		       uint64_t pblk)
{
	uint32_t bits = r->d->cluster_bits;
	uint32_t first = from >> bits, last = to >> bits, skip;
	uint64_t start = pblk - (from & ((UINT32_C(1) << bits) - 1)), n;

	skip = first < r->next || keeps(r, first, ES_MAPPED);
	n = (uint64_t)last - first + 1 - skip;
	if (n && (last != first || !skip) && keeps(r, last, ES_MAPPED))
		n--;
	r->next = last + 1;
	if (n)
		give_clusters(r, start + ((uint64_t)skip << bits), n);
}

static void free_mapped(struct removal *r)
{
	uint32_t lblk = r->lblk;
	struct es_extent e;

	while (lblk <= r->end &&
	       es_next_extent(&r->f->es, ES_MAPPED, lblk, &e) &&
	       e.lblk <= r->end) {
		uint32_t from = e.lblk > lblk ? e.lblk : lblk;
		uint32_t to = e.lblk + e.len - 1;

		if (to > r->end)
			to = r->end;
		DA_TRACE(r->d, r->f, TRACE_REMOVE_BLOCKS, e.lblk, e.pblk,
			 e.len, from, to, 0, 0, 0);
		free_piece(r, from, to, e.pblk + (from - e.lblk));
		lblk = to + 1;
	}
}

void da_free_blocks(struct delay *d, struct delayed_file *f)
{
	struct removal r = { .d = d, .f = f, .end = ES_MAX_BLOCKS - 1 };

	free_mapped(&r);
}

/* Take the range out of the tree.  For a file with a map on disk it becomes
 * a known hole, or the disk would be asked and still tell the old blocks. */
static void empty_range(struct removal *r)
{
	struct es_extent hole = { r->lblk, r->end - r->lblk + 1, 0, ES_HOLE };
	struct delayed_file *f = r->f;
	struct es_stats *s = &r->d->es_stats;
	struct rsvd_count rc;
	errcode_t err;
	uint32_t i;

	rsvd_count_init(&rc, r->d->cluster_bits);
	if (f->on_disk)
		err = es_insert_extent(&f->es, s, &hole, &rc);
	else
		err = es_remove_extent(&f->es, s, hole.lblk, hole.len, &rc);
	assert(!err);
	(void)err;
	da_release_space(r->d, f, get_rsvd(&rc, &f->es, &f->pending, s),
			 r->untold);
	if (f->on_disk && trace_on(r->d->trace))
		da_trace_es(r->d, f, TRACE_ES_INSERT_EXTENT, &hole);
	for (i = 0; i < r->n_renewed; i++)
		remove_pending(&f->pending, s, r->renewed[i]);
}

errcode_t da_remove_blocks(struct delay *d, struct delayed_file *f,
			   uint32_t lblk, uint32_t len,
			   struct da_untold *untold)
{
	struct removal r = { .d = d, .f = f, .lblk = lblk,
			     .end = lblk + len - 1, .untold = untold };
	errcode_t err;

	err = delayed_file_load(f, d);
	if (err)
		return err;
	err = es_stats_prepare(&d->es_stats, ES_NODES_PER_CHANGE);
	if (err)
		return err;
	if (d->cluster_bits)
		find_renewed(&r);
	err = da_reserve_space(d, f, r.n_renewed);
	if (err)
		return err;
	DA_TRACE(d, f, TRACE_ES_REMOVE_EXTENT, lblk, len);
	free_mapped(&r);
	empty_range(&r);
	if (f->on_disk && d->ops && d->ops->forget_blocks)
		d->ops->forget_blocks(d->ops_arg, f, lblk, len);
	f->pinned = true;
	da_check(d, f);
	return 0;
}
