// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Placement of a whole image in one pass over the allocator.
 *
 * Order: the journal, so that it splits no file; file data; folders; then
 * the small things (mappings, attribute blocks, the resize inode), which fill
 * what is left.  Conserved: gaps of the frame == placed + free.
 */
#include "pack/allocate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "base/trace.h"
#include "image/mapping.h"
#include "pack/live_frame.h"

errcode_t allocate_plain_extents(struct extent_list *out,
				 const struct run *runs, size_t n,
				 uint32_t blocks)
{
	uint32_t lblk = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t at = runs[i].start, left = runs[i].len;

		if (left > blocks - lblk)
			left = blocks - lblk;

		while (left) {
			uint32_t len = left < EXTENT_WRITTEN_MAX ?
				(uint32_t)left : EXTENT_WRITTEN_MAX;
			errcode_t err;

			err = array_reserve(&out->extents, &out->cap,
					    out->n + 1,
					    sizeof(*out->extents));
			if (err)
				return err;
			out->extents[out->n++] = (struct extent){
				.lblk = lblk, .len = len, .pblk = at,
			};
			lblk += len;
			at += len;
			left -= len;
		}
	}
	return 0;
}

const struct run *plan_runs(const struct plan *p, const struct plan_object *o,
			    struct run *one, size_t *n)
{
	if (!o->whole) {
		*n = o->n_runs;
		return p->runs.runs + o->first_run;
	}
	*one = (struct run){ .start = o->start, .len = o->space };
	*n = 1;
	return one;
}

errcode_t plan_extents(const struct plan *p, const struct plan_object *o,
		       struct extent_list *out)
{
	const struct run *runs;
	struct run one;
	size_t n;

	if (o->kind == PLAN_FILE)
		return delayed_file_extents(plan_file(o), out);
	runs = plan_runs(p, o, &one, &n);
	return allocate_plain_extents(out, runs, n, o->blocks);
}

/* Indirect blocks depend on where in the file the blocks are. */
static errcode_t indirect_blocks(const struct plan *p,
				 const struct plan_object *o, uint64_t *ret)
{
	struct run one = { .start = 1, .len = o->blocks };
	struct extent_list list = { NULL, 0, 0 };
	errcode_t err;

	if (o->kind == PLAN_FILE)
		err = delayed_file_ranges(plan_file(o), &list);
	else
		err = allocate_plain_extents(&list, &one, o->blocks ? 1 : 0,
					     o->blocks);
	if (!err)
		err = mapping_blocks(ret, &p->format, list.extents, list.n);
	extent_list_release(&list);
	return err;
}

errcode_t plan_map_blocks(const struct plan *p, const struct plan_object *o,
			  const struct run *runs, size_t n, uint64_t *ret)
{
	struct run one = { .start = 0, .len = o->space };
	uint64_t extents = 0, left = o->blocks;
	size_t i;

	if (!p->format.extents)
		return indirect_blocks(p, o, ret);
	if (!n && o->blocks) {
		runs = &one;
		n = 1;
	}
	if (o->kind == PLAN_FILE)
		extents = delayed_file_count_extents(plan_file(o), runs, n);
	for (i = 0; o->kind != PLAN_FILE && i < n; i++) {
		uint64_t len = runs[i].len < left ? runs[i].len : left;

		extents += div_round_up(len, EXTENT_WRITTEN_MAX);
		left -= len;
	}
	*ret = mapping_extent_blocks(&p->format, extents);
	return 0;
}

errcode_t plan_count_map(const struct plan *p, struct plan_object *o,
			 const struct run *runs, size_t n)
{
	uint64_t blocks = 0;
	errcode_t err = plan_map_blocks(p, o, runs, n, &blocks);

	if (!err && blocks > PLAN_MAP_MAX)
		err = E4PACK_ET_TOO_BIG;
	if (!err)
		o->n_map = blocks & PLAN_MAP_MAX;
	return err;
}

/* Best fit into p->found; on a live image as far as free space still is what
 * it was. */
static errcode_t request(struct plan *p, struct mballoc *mb,
			 const struct alloc_request *req)
{
	p->found.n = 0;
	return p->live ? live_frame_allocate(p->live, &p->found, req) :
			 mballoc_best_fit(mb, &p->found, req);
}

/* The next @n runs of plan.runs are those of @o. */
static void set_runs(const struct plan *p, struct plan_object *o, size_t n)
{
	o->whole = false;
	o->first_run = (uint32_t)p->runs.n;
	o->n_runs = (uint32_t)n;
}

static errcode_t keep_runs(struct plan *p, struct plan_object *o)
{
	const struct run_list *runs = &p->found;
	errcode_t err;

	if (runs->n == 1 && runs->runs[0].len == o->space) {
		o->whole = true;
		o->start = runs->runs[0].start;
		return 0;
	}
	err = array_reserve(&p->runs.runs, &p->runs.cap, p->runs.n + runs->n,
			    sizeof(struct run));
	if (err)
		return err;
	set_runs(p, o, runs->n);
	memcpy(p->runs.runs + p->runs.n, runs->runs,
	       runs->n * sizeof(struct run));
	p->runs.n += runs->n;
	return 0;
}

static errcode_t place_object(struct plan *p, struct mballoc *mb, size_t i)
{
	struct plan_object *o = &p->objects[i];
	/* Who it is for is of no use otherwise, and far away. */
	const bool told = p->live || trace_on(p->trace);
	struct alloc_request req = {
		.len = o->space, .file_blocks = o->blocks,
		.ino = told && o->node ? o->node->inode->ino : 0,
		.flags = o->kind == PLAN_FILE ?
			REQUEST_DATA | REQUEST_DELALLOC : 0,
	};
	errcode_t err;

	set_runs(p, o, 0);
	if (!o->space)
		return 0;
	err = request(p, mb, &req);
	if (!err)
		err = keep_runs(p, o);
	if (err)
		p->stuck = i;
	return err;
}

/* A block of metadata shares its cluster with nothing. */
static errcode_t one_block(struct plan *p, struct mballoc *mb, uint64_t *ret)
{
	const struct alloc_request req = {
		.len = UINT64_C(1) << p->format.cluster_bits,
	};
	errcode_t err = request(p, mb, &req);

	if (!err)
		*ret = p->found.runs[0].start;
	return err;
}

/* Count the blocks that map @o where it lies now. */
static errcode_t count_map(struct plan *p, struct plan_object *o)
{
	struct run one;
	size_t n;
	const struct run *runs = plan_runs(p, o, &one, &n);
	errcode_t err = plan_count_map(p, o, runs, n);

	o->whole_map = !err && o->whole;
	return err;
}

static errcode_t place_map(struct plan *p, struct mballoc *mb, size_t i)
{
	struct plan_object *o = &p->objects[i];
	errcode_t err = 0;
	uint32_t n, k;

	o->first_map = (uint32_t)p->n_map;
	if (!o->whole || !o->whole_map)
		err = count_map(p, o);
	n = o->n_map;
	if (err || !n)
		return err;
	err = array_reserve(&p->map_pblk, &p->cap_map, p->n_map + n,
			    sizeof(*p->map_pblk));
	for (k = 0; !err && k < n; k++)
		err = one_block(p, mb, &p->map_pblk[p->n_map++]);
	return err;
}

static errcode_t place_small(struct plan *p, struct mballoc *mb,
			     const struct geometry *g)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < p->n_objects; i++)
		err = place_map(p, mb, i);
	for (i = 0; !err && i < p->n_xattr_blocks; i++)
		err = one_block(p, mb, &p->xattr_pblk[i]);
	p->resize_pblk = p->live ? p->live->resize_pblk : 0;
	if (!err && !p->live && geometry_resize_blocks(g))
		err = one_block(p, mb, &p->resize_pblk);
	return err;
}

static bool is_data(const struct plan_object *o)
{
	return o->kind == PLAN_FILE || o->kind == PLAN_LINK ||
	       o->kind == PLAN_EA;
}

/* In the order of numbers, but first what is longer than any gap: it needs
 * whole gaps, and there are few. */
static errcode_t place_by_number(struct plan *p, struct mballoc *mb)
{
	uint64_t longest = mballoc_longest_run(mb);
	errcode_t err = 0;
	size_t i;

	for (i = 1; !err && i < p->n_objects; i++)
		if (p->objects[i].space > longest)
			err = place_object(p, mb, i);
	for (i = 1; !err && i < p->n_objects; i++)
		if (is_data(&p->objects[i]) && p->objects[i].space <= longest)
			err = place_object(p, mb, i);
	for (i = 1; !err && i < p->n_objects; i++)
		if (!is_data(&p->objects[i]) &&
		    p->objects[i].space <= longest)
			err = place_object(p, mb, i);
	return err;
}

struct sized {
	uint32_t space, object;
};

/* Longest first; of equals the lower number. */
static int by_size(const void *a, const void *b)
{
	const struct sized *x = a, *y = b;

	if (x->space != y->space)
		return x->space > y->space ? -1 : 1;
	return x->object < y->object ? -1 : x->object > y->object;
}

static errcode_t place_by_size(struct plan *p, struct mballoc *mb)
{
	struct sized *order = calloc(p->n_objects, sizeof(*order));
	errcode_t err = order ? 0 : ENOMEM;
	size_t i;

	for (i = 0; !err && i < p->n_objects; i++)
		order[i] = (struct sized){ p->objects[i].space, (uint32_t)i };
	if (!err)
		qsort(order + 1, p->n_objects - 1, sizeof(*order), by_size);
	for (i = 1; !err && i < p->n_objects; i++)
		err = place_object(p, mb, order[i].object);
	free(order);
	return err;
}

static void begin(struct plan *p)
{
	p->runs.n = 0;
	p->n_map = 0;
	p->free.n = 0;
	p->stuck = SIZE_MAX;
}

static errcode_t attempt(struct plan *p, const struct geometry *g,
			 const struct run *gaps, size_t n, bool sized)
{
	struct mballoc *mb = NULL;
	errcode_t err;

	begin(p);
	err = mballoc_new(&mb, gaps, n, g->group_blocks, g->first_block);
	if (!err) {
		mballoc_set_trace(mb, p->trace, p->format.cluster_bits);
		err = place_object(p, mb, 0);
	}
	if (!err)
		err = sized ? place_by_size(p, mb) : place_by_number(p, mb);
	if (!err)
		err = place_small(p, mb, g);
	if (!err)
		err = mballoc_free_runs(mb, &p->free);
	mballoc_free(mb);
	return err;
}

errcode_t allocate_all(struct plan *p, const struct geometry *g,
		       uint64_t journal)
{
	bool sized = trace_on(p->trace) && p->sized;
	struct run *gaps = NULL;
	size_t n = 0;
	errcode_t err;

	err = plan_set_journal(p, journal);
	if (!err)
		err = geometry_gaps(g, &gaps, &n);
	if (!err)
		err = attempt(p, g, gaps, n, sized);
	if (err == E4PACK_ET_SCATTERED && !sized) {
		sized = true;
		err = attempt(p, g, gaps, n, sized);
	}
	p->sized = sized;
	free(gaps);
	return err;
}

/* The journal lies where it was put at the beginning. */
static errcode_t keep_journal(struct plan *p)
{
	const struct run_list *journal = &p->live->journal;
	struct plan_object *o = &p->objects[0];
	errcode_t err = plan_set_journal(p, p->journal_blocks);
	size_t i;

	set_runs(p, o, journal->n);
	for (i = 0; !err && i < journal->n; i++)
		err = run_list_add(&p->runs, journal->runs[i].start,
				   journal->runs[i].len);
	return err;
}

errcode_t allocate_rest(struct plan *p)
{
	struct mballoc *mb = p->live->mb;
	errcode_t err;
	size_t i;

	begin(p);
	err = keep_journal(p);
	for (i = 1; !err && i < p->n_objects; i++)
		if (p->objects[i].kind != PLAN_FILE)
			err = place_object(p, mb, i);
	if (!err)
		err = place_small(p, mb, &p->geometry);
	return err ? err : mballoc_free_runs(mb, &p->free);
}

errcode_t allocate_tell(struct plan *p)
{
	errcode_t err;

	p->trace = p->tree->delay->trace;
	/* On a live image it was told as it came. */
	if (!trace_on(p->trace) || p->live)
		return 0;
	err = allocate_all(p, &p->geometry, p->journal_blocks);
	p->trace = NULL;
	return err ? diag_error(p->diag, NULL, err, NULL) : 0;
}
