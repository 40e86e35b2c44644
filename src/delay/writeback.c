// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writeback, first step: delayed blocks get their places.
 *
 * What is kept, for a file with r clusters reserved and runs of b blocks:
 *	b = r * (blocks per cluster)	asked before anything is changed
 *	sum of claims = r		every promise is used, none is left
 *	delayed = 0 and no cluster pending afterwards
 *	i_disksize = i_size
 *
 * The delayed extents are walked in logical order.  The next of them,
 * [l, l + n), takes the next blocks of the runs: it becomes written, or
 * unwritten where it was only preallocated, in one piece for each run and
 * each stretch of content that it meets, [l, l + k) -> [p, p + k).  The insert
 * drops the delayed blocks from the tree and tells which clusters hold none
 * any more; these, and those that become pending, are claimed.  The tree
 * joins pieces that touch on both sides.  With bigalloc a pending cluster
 * has its place already and takes none from the runs (placement.c).
 *
 * Memory for the nodes of all pieces is made first, so that a file is placed
 * whole or not at all.  The bytes are written by writeback_data.c, when the
 * places of all files are known.
 */
#include "delay/writeback.h"

#include "base/errors.h"
#include "delay/da_map.h"
#include "delay/da_trace.h"
#include "delay/placement.h"

enum { NODES_MARGIN = 16 };

/* Count the pieces in which the delayed blocks will be placed.
 * Return: 0 when the runs are too short after all. */
static uint64_t count_pieces(struct placement p)
{
	struct es_extent e, piece;
	struct es_node *at = NULL;
	uint32_t lblk = 0;
	uint64_t n = 0;

	while (es_walk(&p.f->es, &at, ES_DELAYED, lblk, &e)) {
		if (lblk < e.lblk)
			lblk = e.lblk;
		if (!placement_next(&p, lblk, e.lblk + e.len - 1, &piece))
			return 0;
		lblk += piece.len;
		n++;
	}
	return n;
}

static errcode_t place_piece(struct delay *d, struct delayed_file *f,
			     const struct es_extent *piece,
			     struct da_pages *pages)
{
	errcode_t err;

	if (trace_on(d->trace))
		da_trace_folios_start(d, f, pages, piece->lblk, piece->len);
	err = da_place_extent(d, f, piece, NULL);
	da_pages_add(pages, d, piece);
	if (trace_on(d->trace))
		da_trace_folios_end(d, f, pages, err);
	return err;
}

static errcode_t place_all(struct delay *d, struct delayed_file *f,
			   struct placement *p)
{
	struct da_pages pages = { 0, 0 };
	struct es_extent e, piece;
	uint32_t lblk = 0;
	/* A file that is clean is not gone through. */
	const bool tell = trace_on(d->trace) && f->es.delayed;
	errcode_t err = 0;

	if (tell)
		da_trace_writepages(d, f);
	while (!err && es_find_extent_range(&f->es, ES_DELAYED, lblk,
					    ES_MAX_BLOCKS - 1, &e)) {
		if (!placement_next(p, e.lblk, e.lblk + e.len - 1, &piece)) {
			err = E4PACK_ET_BUG;
			break;
		}
		err = place_piece(d, f, &piece, &pages);
		lblk = piece.lblk + piece.len;
	}
	if (tell)
		da_trace_writepages_result(d, f, &pages, err);
	return err;
}

errcode_t writeback_place(struct delay *d, struct delayed_file *f,
			  const struct run *runs, size_t n)
{
	uint64_t pieces, delayed_nodes;
	struct placement p;
	errcode_t err = delayed_file_load(f, d);

	if (err)
		return err;
	placement_init(&p, f, runs, n);
	if (!placement_fits(&p))
		return E4PACK_ET_BUG;
	pieces = count_pieces(p);
	delayed_nodes = f->es.all - f->es.reclaimable;
	if (pieces < delayed_nodes)
		return E4PACK_ET_BUG;
	err = es_stats_prepare(&d->es_stats,
			       pieces - delayed_nodes + NODES_MARGIN);
	if (!err)
		err = place_all(d, f, &p);
	if (err)
		return err;
	if (f->es.reserved || !RB_EMPTY(&f->pending.clusters))
		return E4PACK_ET_BUG;
	f->disksize = f->size;
	return 0;
}
