// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Delayed blocks of a live image get their places.
 *
 * What is kept, at each step
 *	blocks given by allocate() = blocks placed + blocks taken back
 *	dirty and free go down by the same clusters as these are placed
 *
 * The delayed extents of the range are walked in logical order.  Each step
 * takes the first blocks [l, l + n) that
 *	become the same		written if bytes are staged, else unwritten
 *	need new clusters	a first cluster that is pending has its place
 *				and ends the step; a later one is left out
 *	fit into one request	n <= max
 * and asks for them, or for all that the file wants in one request.  What
 * comes may be fewer blocks: the next step goes on behind.  So a failure
 * leaves a file of which the first part is placed and the rest delayed, both
 * with their accounts in order.
 *
 * Goal: the block behind the one on the left, as far away as the logical
 * blocks are, (pleft + (l - lleft)); without a left neighbour in front of the
 * right one by the same rule, pright - (lright - l).
 *
 * The mapping may change only here: its cookie is remembered with the plan
 * of a step, and compared before anything is placed.
 */
#include <assert.h>

#include "alloc/mballoc.h"
#include "base/errors.h"
#include "base/number.h"
#include "delay/da_map.h"
#include "delay/da_trace.h"
#include "delay/placement.h"

enum { RETRIES = 3 };

struct mapping {
	struct delay *d;
	struct delayed_file *f;
	const struct da_how *how;
	uint32_t end;			/* last block of the range */
	struct es_extent right;		/* the next mapped ones; len 0: none */
	bool right_known;
};

bool should_retry_alloc(struct delay *d, int *tries)
{
	if (!d->ops || !d->ops->commit || ++*tries > RETRIES)
		return false;
	return d->ops->commit(d->ops_arg) ||
	       reserve_available(&d->reserve) > 0;
}

static void find_neighbours(struct mapping *m, struct da_request *req)
{
	const struct es_tree *t = &m->f->es;
	struct es_extent left;

	if (es_prev_extent(t, ES_MAPPED, req->lblk, &left)) {
		req->lleft = left.lblk + left.len - 1;
		req->pleft = left.pblk + left.len - 1;
		req->goal = req->pleft + (req->lblk - req->lleft);
	}
	/* What is placed lies on the left: the right one stays until then. */
	if (!m->right_known ||
	    (m->right.len && m->right.lblk < req->lblk)) {
		m->right_known = true;
		if (!es_next_extent(t, ES_MAPPED, req->lblk, &m->right))
			m->right.len = 0;
	}
	if (!m->right.len)
		return;
	req->lright = m->right.lblk;
	req->pright = m->right.pblk;
	if (!req->goal && req->pright > req->lright - req->lblk)
		req->goal = req->pright - (req->lright - req->lblk);
}

/* Cut @e to what becomes the same and one request may have. */
static void cut_to_request(const struct mapping *m, struct es_extent *e)
{
	struct content_walk w = { .content = NULL };

	if (e->lblk + e->len - 1 > m->end)
		e->len = m->end - e->lblk + 1;
	if (m->how->max && e->len > m->how->max)
		e->len = m->how->max;
	delayed_stretch(m->f, &w, e);
}

/* Cut @e to its clusters without a place, or to the first that has one.
 * Return: whether it needs clusters. */
static bool cut_to_clusters(const struct mapping *m, struct es_extent *e)
{
	const struct pending_set *pending = &m->f->pending;
	uint32_t bits = m->d->cluster_bits, last;
	uint32_t next = ((e->lblk >> bits) + 1) << bits;

	last = (e->lblk + e->len - 1) >> bits;
	if (is_pending(pending, e->lblk >> bits)) {
		if (last != e->lblk >> bits)
			e->len = next - e->lblk;
		return false;
	}
	if (last != e->lblk >> bits && is_pending(pending, last))
		e->len = (last << bits) - e->lblk;
	return true;
}

/* Clusters from that of block @lblk on which @len blocks meet. */
static uint64_t clusters_of(const struct delay *d, uint32_t lblk,
			    uint64_t len)
{
	uint64_t ratio = UINT64_C(1) << d->cluster_bits;

	return div_round_up((lblk & (ratio - 1)) + len, ratio);
}

static bool runs_are_good(const struct delay *d, const struct run_list *l,
			  uint64_t clusters)
{
	uint64_t mask = (UINT64_C(1) << d->cluster_bits) - 1, total = 0;
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct run *r = &l->runs[i];

		if (!r->len || ((r->start | r->len) & mask) ||
		    __builtin_add_overflow(total, r->len, &total))
			return false;
	}
	return total && total >> d->cluster_bits <= clusters;
}

/* Give back what is left of the runs behind the first @used blocks of run
 * @i.  Return: whether that is anything. */
static bool take_back(struct mapping *m, const struct run_list *l, size_t i,
		      uint64_t used)
{
	bool any = false;

	for (; i < l->n; i++, used = 0) {
		if (used == l->runs[i].len)
			continue;
		any = true;
		if (m->d->ops->take_back)
			m->d->ops->take_back(m->d->ops_arg, m->f,
					     l->runs[i].start + used,
					     l->runs[i].len - used);
	}
	return any;
}

/* Ask for blocks.  Return: 0 with @out to be placed in full, or an error
 * with nothing allocated. */
static errcode_t request_blocks(struct mapping *m,
				const struct da_request *req,
				uint64_t clusters, struct run_list *out)
{
	uint64_t seq = delayed_file_seq(m->f);
	int tries = 0;
	errcode_t err;

	do
		err = m->d->ops->allocate(m->d->ops_arg, m->f, req, out);
	while (err == E4PACK_ET_NO_SPACE && should_retry_alloc(m->d, &tries));
	if (err)
		return err;
	err = delayed_file_check_seq(m->f, seq);
	if (!err && !runs_are_good(m->d, out, clusters))
		err = E4PACK_ET_BUG;
	if (err)
		take_back(m, out, 0, 0);
	return err;
}

/* Lay the delayed blocks of [@lblk, @end] out over @runs as far as these
 * go. */
static errcode_t place_blocks(struct mapping *m, uint32_t lblk, uint32_t end,
			      const struct run_list *runs)
{
	struct placement p, before;
	struct es_extent e, piece;
	errcode_t err = 0;

	placement_init(&p, m->f, runs->runs, runs->n);
	while (!err && es_next_extent(&m->f->es, ES_DELAYED, lblk, &e)) {
		uint32_t last = e.lblk + e.len - 1;

		before = p;
		if (lblk < e.lblk)
			lblk = e.lblk;
		if (lblk > end ||
		    !placement_next(&p, lblk, last < end ? last : end,
				    &piece))
			break;
		if (m->how->pages)
			da_pages_add(m->how->pages, m->d, &piece);
		err = da_place_extent(m->d, m->f, &piece, m->how->untold);
		lblk = piece.lblk + piece.len;
	}
	if (err)
		p = before;
	if (take_back(m, runs, p.i, p.used) && !err)
		err = E4PACK_ET_BUG;
	return err;
}

static uint32_t map_flags(const struct mapping *m,
			  const struct da_request *req)
{
	bool unwritten = req->unwritten || m->how->untold;

	return m->how->map_flags | (unwritten ? TRACE_MAP_UNWRITTEN : 0) |
	       (req->delalloc ? TRACE_MAP_DELALLOC : 0);
}

/* Find places for the beginning of @req, as request_blocks(); @asked blocks
 * are told to be asked for. */
static errcode_t map_request(struct mapping *m, struct da_request *req,
			     uint64_t asked, uint64_t clusters,
			     struct run_list *out)
{
	uint32_t flags = map_flags(m, req);
	errcode_t err;

	find_neighbours(m, req);
	if (trace_on(m->d->trace))
		da_trace_map(m->d, m->f, req, asked, flags);
	err = request_blocks(m, req, clusters, out);
	if (trace_on(m->d->trace))
		da_trace_mapped(m->d, m->f, req, flags, out, err);
	return err;
}

/* The blocks of @req lie in a cluster that has its place. */
static void tell_implied(struct mapping *m, struct da_request *req,
			 uint64_t asked)
{
	if (!trace_on(m->d->trace))
		return;
	find_neighbours(m, req);
	da_trace_implied(m->d, m->f, req, asked, map_flags(m, req));
}

static void tell_step(const struct mapping *m, uint32_t lblk, uint64_t len)
{
	if (m->how->pages && trace_on(m->d->trace))
		da_trace_folios_start(m->d, m->f, m->how->pages, lblk, len);
}

static void tell_step_end(const struct mapping *m, errcode_t err)
{
	if (m->how->pages && trace_on(m->d->trace))
		da_trace_folios_end(m->d, m->f, m->how->pages, err);
}

/* Map the first blocks of the delayed extent @e, or all of the file. */
static errcode_t map_blocks(struct mapping *m, struct es_extent e)
{
	struct da_request req = {
		.lblk = e.lblk, .exact = m->how->exact,
		.file_blocks = div_round_up(m->f->size, UINT64_C(1) <<
					    m->d->block_bits),
	};
	struct run_list runs = { .n = 0 };
	uint64_t clusters, asked;
	uint32_t end;
	bool needed;
	errcode_t err = 0;

	cut_to_request(m, &e);
	asked = e.len;
	needed = cut_to_clusters(m, &e);
	req.len = e.len;
	req.delalloc = e.status == ES_WRITTEN;
	req.unwritten = e.status == ES_UNWRITTEN;
	clusters = clusters_of(m->d, e.lblk, e.len);
	end = e.lblk + e.len - 1;
	if (needed && m->how->whole_file) {
		clusters = m->f->es.reserved;
		req.len = delayed_file_wanted_blocks(m->f) -
			  (e.lblk & ((UINT32_C(1) << m->d->cluster_bits) - 1));
		asked = req.len;
		end = m->end;
	}
	tell_step(m, e.lblk, asked);
	if (needed)
		err = map_request(m, &req, asked, clusters, &runs);
	else
		tell_implied(m, &req, asked);
	if (!err)
		err = place_blocks(m, e.lblk, end, &runs);
	tell_step_end(m, err);
	run_list_release(&runs);
	return err;
}

errcode_t da_allocate_range(struct delay *d, struct delayed_file *f,
			    uint32_t lblk, uint32_t end,
			    const struct da_how *how)
{
	struct mapping m = { .d = d, .f = f, .how = how, .end = end };
	struct es_extent e;
	errcode_t err = delay_is_live(d) ? 0 : E4PACK_ET_SEQUENCE;

	/* Goals, and places of pending clusters, are looked for in the tree. */
	if (!err && f->es.delayed)
		err = delayed_file_load(f, d);
	/* Without the count, the last search would see every extent. */
	while (!err && f->es.delayed &&
	       es_next_extent(&f->es, ES_DELAYED, lblk, &e)) {
		if (e.lblk < lblk) {
			e.len -= lblk - e.lblk;
			e.lblk = lblk;
		}
		if (e.lblk > end)
			break;
		lblk = e.lblk;
		err = map_blocks(&m, e);
	}
	return err;
}
