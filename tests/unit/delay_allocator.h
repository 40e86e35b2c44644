/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The small world with an allocator: a fake that gives scattered runs, too
 * few blocks, the wrong ones, or fails; for delay_live.c.
 */
#ifndef E4PACK_TESTS_DELAY_ALLOCATOR_H
#define E4PACK_TESTS_DELAY_ALLOCATOR_H

#include <errno.h>

#include "alloc/mballoc.h"
#include "base/errors.h"
#include "delay_world.h"

enum { REQUESTS = 16 };

enum fault { NONE, FAIL, FULL, EMPTY, TOO_LONG, ODD, STALE };

struct live {
	struct world w;
	enum fault fault;	/* of the request that ... */
	int fault_at;		/* ... makes this 0 */
	uint32_t most;		/* clusters that one request gets */
	uint32_t in_a_row;	/* clusters of a run */
	uint64_t taken_back;
	struct da_request requests[REQUESTS];
	uint32_t n_requests;
	int commits;		/* that will find something freed */
};

static uint64_t clusters_asked(const struct world *w,
			       const struct da_request *req)
{
	uint32_t mask = (1u << w->d.cluster_bits) - 1;

	return ((req->lblk & mask) + req->len + mask) >> w->d.cluster_bits;
}

/* The neighbours and the goal, from the model. */
static void check_request(const struct world *w, const struct da_request *r)
{
	uint32_t left = r->lblk, right = r->lblk;

	while (left > 0 && !(w->f.es.all &&
			     es_scan_range(&w->f.es, ES_MAPPED, left - 1,
					   left - 1)))
		left--;
	while (right < w->blocks &&
	       !es_scan_range(&w->f.es, ES_MAPPED, right, right))
		right++;
	assert_int_equal(r->pleft != 0, left > 0);
	assert_int_equal(r->pright != 0, right < w->blocks);
	if (left > 0) {
		assert_int_equal(r->lleft, left - 1);
		assert_true(r->goal == r->pleft + (r->lblk - r->lleft));
	}
	if (right < w->blocks)
		assert_int_equal(r->lright, right);
	assert_true(r->delalloc != r->unwritten);
	assert_true(r->file_blocks == (w->f.size + BS - 1) / BS);
}

static void take_place(struct world *w, struct run_list *out)
{
	uint32_t bits = w->d.cluster_bits;

	do
		w->next = (w->next + PLACES - 3) % PLACES;
	while (w->used[w->next] || !w->next);
	w->used[w->next] = true;
	assert_int_equal(run_list_add(out, (uint64_t)w->next << bits,
				      UINT64_C(1) << bits), 0);
}

static errcode_t spoil(struct live *l, struct run_list *out, uint64_t asked)
{
	struct es_extent hole = { MAX_BLOCKS, 1, 0, ES_HOLE };
	uint64_t ratio = UINT64_C(1) << l->w.d.cluster_bits;

	switch (l->fault) {
	case FAIL:
		return EIO;
	case FULL:
		return E4PACK_ET_NO_SPACE;
	case EMPTY:
		return 0;
	case TOO_LONG:
		while (asked-- + 1)
			take_place(&l->w, out);
		return 0;
	case ODD:
		return run_list_add(out, (PLACES + 1) * ratio, ratio - 1);
	default:
		take_place(&l->w, out);
		return es_insert_extent(&l->w.f.es, &l->w.d.es_stats, &hole,
					NULL);
	}
}

static errcode_t live_allocate(void *arg, const struct delayed_file *f,
			       const struct da_request *req,
			       struct run_list *out)
{
	struct live *l = arg;
	struct world *w = arg;
	uint64_t n = clusters_asked(w, req), i, k;
	int memory = fail_after;

	assert_ptr_equal(f, &w->f);
	assert_true(n && n <= w->d.reserve.dirty);
	assert_int_equal(out->n, 0);
	if (l->n_requests < REQUESTS)
		l->requests[l->n_requests++] = *req;
	check_request(w, req);
	if (l->fault && --l->fault_at == 0)
		return spoil(l, out, n);
	/* Of the allocator no memory is asked. */
	fail_after = 0;
	if (n > l->most)
		n = l->most;
	for (i = 0; i < n; i += k) {
		take_place(w, out);
		for (k = 1; k < l->in_a_row && i + k < n; k++) {
			uint32_t next = w->next + 1;

			if (next == PLACES || w->used[next])
				break;
			w->used[next] = true;
			w->next = next;
			out->runs[out->n - 1].len += UINT64_C(1) <<
						     w->d.cluster_bits;
		}
	}
	fail_after = memory;
	return 0;
}

static void live_take_back(void *arg, const struct delayed_file *f,
			   uint64_t pblk, uint64_t len)
{
	struct live *l = arg;
	uint32_t bits = l->w.d.cluster_bits;

	assert_ptr_equal(f, &l->w.f);
	l->taken_back += len;
	for (; len >> bits && pblk >> bits < PLACES;
	     pblk += 1u << bits, len -= 1u << bits) {
		assert_true(l->w.used[pblk >> bits]);
		l->w.used[pblk >> bits] = false;
	}
}

static bool live_commit(void *arg)
{
	struct live *l = arg;

	if (!l->commits)
		return false;
	l->commits--;
	l->w.d.reserve.free++;
	l->w.total++;
	return true;
}

static const struct delay_ops live_ops = {
	query_disk, give_back, NULL, live_allocate, live_take_back,
	NULL
};
static const struct delay_ops journal_ops = {
	query_disk, give_back, NULL, live_allocate, live_take_back,
	live_commit
};

static void live_init(struct live *l, uint32_t blocks, uint32_t bits,
		      uint64_t free_clusters, bool kernel, bool nodelalloc)
{
	memset(l, 0, sizeof(*l));
	world_init(&l->w, blocks, bits, free_clusters, false);
	l->w.d.ops = &live_ops;
	l->w.d.ops_arg = l;
	l->w.d.kernel_requests = kernel;
	l->w.d.nodelalloc = nodelalloc;
	l->most = kernel ? 3 : 1000;
	l->in_a_row = kernel ? 3 : 2;
}

/* Take over from the tree where blocks are; that it is right is for
 * compare().  Whatever was delayed may have its place now. */
static void settle(struct live *l)
{
	struct world *w = &l->w;
	uint32_t mask = (1u << w->d.cluster_bits) - 1, b;
	struct es_extent e;

	for (b = 0; b < w->blocks; b++) {
		struct fact *at = &w->model[b];

		if (!es_next_extent(&w->f.es, ES_MAPPED, b, &e) ||
		    e.lblk > b)
			continue;
		if (at->status == ES_DELAYED)
			at->status = at->staged ? ES_WRITTEN : ES_UNWRITTEN;
		at->pblk = e.pblk + (b - e.lblk);
		assert_int_equal(at->pblk & mask, b & mask);
	}
}

/* Blocks [@part, @part + @n) that were holes have their places now. */
static void holes_became(struct live *l, const struct fact *before,
			 uint32_t part, uint32_t n, uint32_t status)
{
	uint32_t b;

	for (b = part / 4; b <= (part + n - 1) / 4; b++) {
		if (before[b].status == ES_HOLE)
			l->w.model[b].status = status;
	}
}

static errcode_t live_write(struct live *l, uint32_t part, uint32_t n,
			    struct origin *o)
{
	struct fact before[MAX_BLOCKS];
	errcode_t err;

	memcpy(before, l->w.model, sizeof(before));
	err = write_parts(&l->w, part, n, o);
	if (!err && l->w.d.nodelalloc)
		holes_became(l, before, part, n, ES_WRITTEN);
	return err;
}

static errcode_t live_fallocate(struct live *l, uint32_t part, uint32_t n)
{
	struct fact before[MAX_BLOCKS];
	errcode_t err;
	uint32_t b;

	memcpy(before, l->w.model, sizeof(before));
	err = fallocate_parts(&l->w, part, n);
	if (err)
		return err;
	holes_became(l, before, part, n, ES_UNWRITTEN);
	for (b = part / 4; b <= (part + n - 1) / 4; b++)
		assert_false(es_scan_range(&l->w.f.es, ES_DELAYED, b, b));
	return 0;
}

static errcode_t live_sync(struct live *l)
{
	errcode_t err = writeback_file(&l->w.d, &l->w.f);

	if (!err) {
		assert_int_equal(delayed_file_delayed_blocks(&l->w.f), 0);
		assert_true(l->w.f.disksize == l->w.f.size);
	}
	return err;
}

#endif
