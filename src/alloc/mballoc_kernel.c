// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernel mode: preallocation around the search.
 *
 * Three views of the same clusters:
 *
 *	free on disk = buddy free + preallocated and not used yet
 *
 * The free runs are what is free on disk; the bitmaps are encoded from them.
 * A request takes from the first that has something:
 *
 *	1. a preallocation of its inode that holds the logical block
 *	2. for a small file, the window that is closest to the goal
 *	3. the search; what it finds beyond the request becomes a new
 *	   preallocation, of the inode or as a window
 *	4. the search again, after preallocations were given up
 *
 *	1, 2:	disk -= n, preallocated -= n
 *	3:	buddy -= found, disk -= n, preallocated += found - n
 *	give up: buddy += f, preallocated -= f
 *
 * Memory is had before anything changes, so that a request is served wholly
 * or not at all.
 */
#include "alloc/mballoc_kernel.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc/kernel_search.h"
#include "alloc/mb_trace.h"
#include "base/buf.h"
#include "base/errors.h"

enum { MAX_RETRIES = 3 };

/* One request on its way. */
struct kernel_request {
	const struct alloc_request *asked;
	struct request_extent original;
	enum locality locality;
	uint64_t pblk;		/* first block to give */
	uint32_t len;		/* clusters to give */
	struct prealloc *pa;	/* to take them from, or NULL */
	struct prealloc *spare;	/* for a new preallocation */
};

static void use_inode_prealloc(const struct kernel_mode *k,
			       struct kernel_request *r, struct prealloc *pa)
{
	uint32_t skip = (r->original.lblk - pa->lblk) >> k->geo.cluster_bits;

	r->pa = pa;
	r->pblk = pa->pblk + cluster_blocks(k, skip);
	r->len = pa->len - skip;
	if (r->len > r->original.len)
		r->len = r->original.len;
}

static void use_window(struct kernel_request *r, struct prealloc *pa)
{
	r->pa = pa;
	r->pblk = pa->pblk;
	r->len = r->original.len;
}

static bool use_preallocated(struct kernel_mode *k, struct kernel_request *r,
			     uint64_t goal)
{
	struct prealloc *pa;

	if (!(r->asked->flags & REQUEST_DATA))
		return false;
	pa = prealloc_of_inode(&k->preallocs, r->asked->ino,
			       r->original.lblk);
	if (pa) {
		use_inode_prealloc(k, r, pa);
		return true;
	}
	if (r->locality != LOCALITY_GROUP)
		return false;
	pa = prealloc_window(&k->preallocs, r->original.len, goal);
	if (pa)
		use_window(r, pa);
	return pa != NULL;
}

/* Which logical block the first of @len clusters found is for: the end of
 * the goal is reached if the request's beginning still is, else the goal's
 * beginning is kept if the request's end is reached, else it is the
 * request's beginning. */
static uint32_t prealloc_lblk(const struct kernel_mode *k,
			      const struct kernel_request *r,
			      const struct request_extent *goal, uint32_t len)
{
	uint64_t end = request_extent_end(&k->geo, goal);
	uint64_t blocks = cluster_blocks(k, len);

	if (end >= blocks && r->original.lblk >= end - blocks)
		return (uint32_t)(end - blocks);
	if (request_extent_end(&k->geo, &r->original) <= goal->lblk + blocks)
		return goal->lblk;
	return r->original.lblk;
}

/* What was found is longer than the request. */
static void new_preallocation(struct mballoc *mb, struct kernel_request *r,
			      const struct kernel_search *s)
{
	struct kernel_mode *k = mb->kernel;
	struct prealloc *pa = r->spare;

	r->spare = NULL;
	*pa = (struct prealloc){
		.pblk = group_block(&k->groups, &s->best),
		.len = s->best.len,
		.free = s->best.len,
		.window = r->locality == LOCALITY_GROUP,
		.ino = r->asked->ino,
	};
	if (!pa->window)
		pa->lblk = prealloc_lblk(k, r, &s->goal.extent, s->best.len);
	prealloc_add(&k->preallocs, pa);
	if (trace_on(mb->trace))
		mb_trace_new_prealloc(mb, pa, r->asked->ino);
	if (pa->window)
		use_window(r, pa);
	else
		use_inode_prealloc(k, r, pa);
}

/* Search, giving up preallocations where nothing is left.  Return: 0;
 * ENOMEM; E4PACK_ET_NO_SPACE. */
static errcode_t search_with_retries(struct mballoc *mb,
				     struct kernel_request *r,
				     struct kernel_search *s)
{
	errcode_t err;
	int retries = 0;

	do {
		err = kernel_search_run(s);
	} while (err == E4PACK_ET_NO_SPACE && retries++ < MAX_RETRIES &&
		 kernel_mode_discard_for(mb, r->original.len));
	return err;
}

static void note_search(struct kernel_mode *k, const struct kernel_search *s)
{
	struct mballoc_event *e = &k->event;

	e->criteria = s->criteria;
	e->found = s->found;
	e->groups = s->scanned;
	e->taken = s->best.len;
	e->found_pblk = group_block(&k->groups, &s->best);
	e->try_goal = s->criteria == CR_NONE;
	e->stream = s->stream_group && !e->try_goal;
	if (s->criteria == CR_BEST_AVAIL_LEN)
		e->goal.len = s->wanted;
}

static errcode_t search(struct mballoc *mb, struct kernel_request *r,
			const struct request_goal *goal)
{
	struct kernel_mode *k = mb->kernel;
	struct kernel_search s = {
		.groups = &k->groups,
		.free = &mb->free,
		.original = r->original,
		.goal = *goal,
		.data = r->asked->flags & REQUEST_DATA,
		.by_order = k->by_order,
	};
	errcode_t err;

	if (r->locality == LOCALITY_STREAM) {
		s.stream_group = &k->stream_groups[r->asked->ino %
						   k->n_streams];
		k->event.stream_group = *s.stream_group;
	}
	err = search_with_retries(mb, r, &s);
	if (!err && trace_on(mb->trace))
		k->event.broken = group_first_broken(&k->groups, &s.best,
						     &k->event.tail);
	if (!err)
		err = group_mark_used(&k->groups, &s.best);
	if (err)
		return err;
	note_search(k, &s);
	if (s.best.len > r->original.len) {
		new_preallocation(mb, r, &s);
	} else {
		r->pblk = group_block(&k->groups, &s.best);
		r->len = s.best.len;
	}
	return 0;
}

/* Count what was given out of a preallocation, and forget an empty one. */
static void settle_prealloc(struct mballoc *mb, struct kernel_request *r)
{
	struct kernel_mode *k = mb->kernel;
	struct prealloc *pa = r->pa;
	uint32_t left;
	size_t n;

	if (!pa)
		return;
	prealloc_use(&k->preallocs, pa, r->len);
	left = pa->free;
	if (!left) {
		prealloc_remove(&k->preallocs, pa);
		free(pa);
		return;
	}
	if (!pa->window)
		return;
	for (n = prealloc_surplus(&k->preallocs, left); n; n--) {
		pa = prealloc_smallest(&k->preallocs, left);
		kernel_mode_discard(mb, pa);
	}
}

static errcode_t place(struct mballoc *mb, struct kernel_request *r)
{
	struct kernel_mode *k = mb->kernel;
	struct request_room room = prealloc_room(&k->preallocs, r->asked->ino,
						 r->original.lblk);
	struct request_goal plain = request_normalize(&k->geo, r->asked,
						      LOCALITY_NONE, &room);
	struct request_goal goal = request_normalize(&k->geo, r->asked,
						     r->locality, &room);
	errcode_t err = 0;

	k->event = (struct mballoc_event){
		.original = r->original,
		.goal = r->original,
		.original_pblk = plain.pblk,
		.goal_pblk = plain.pblk,
		.locality = r->locality,
		.criteria = CR_NONE,
	};
	if (use_preallocated(k, r, plain.pblk))
		return 0;
	k->event.goal = goal.extent;
	k->event.goal_pblk = goal.pblk;
	err = search(mb, r, &goal);
	return err;
}

/* All that the request may need besides buddies. */
static errcode_t get_memory(struct mballoc *mb, struct run_list *out,
			    struct kernel_request *r)
{
	errcode_t err;

	r->spare = malloc(sizeof(*r->spare));
	err = r->spare ? free_runs_prepare(&mb->free) : ENOMEM;
	if (!err)
		err = array_reserve(&out->runs, &out->cap, out->n + 1,
				    sizeof(*out->runs));
	return err;
}

errcode_t mballoc_kernel(struct mballoc *mb, struct run_list *out,
			 const struct alloc_request *req)
{
	struct kernel_mode *k = mb->kernel;
	struct kernel_request r = { .asked = req };
	uint64_t blocks;
	errcode_t err;

	if (!k)
		return E4PACK_ET_SEQUENCE;
	if (!req->len || req->lblk > FORMAT_MAX_LBLK)
		return E4PACK_ET_BUG;
	r.original = request_original(&k->geo, req);
	r.locality = request_locality(&k->geo, req);
	if (trace_on(mb->trace))
		mb_trace_request(mb, req, r.original.lblk, r.original.len);
	err = get_memory(mb, out, &r);
	if (!err)
		err = place(mb, &r);
	if (err)
		goto out;
	blocks = cluster_blocks(k, r.len);
	err = free_runs_take(&mb->free, r.pblk, blocks);
	if (err)
		goto out;
	k->event.pblk = r.pblk;
	k->event.len = r.len;
	settle_prealloc(mb, &r);
	if (trace_on(mb->trace))
		mb_trace_served(mb, req);
	mb->used += blocks;
	mb->requests++;
	err = run_list_add(out, r.pblk, blocks);
out:
	if (trace_on(mb->trace))
		mb_trace_allocated(mb, req, r.original.lblk, err ? 0 : r.len,
				   err ? 0 : r.pblk);
	free(r.spare);
	mballoc_verify(mb);
	return err;
}
