// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the allocator says: requests, how they were served, what is
 * preallocated.  Lengths are in clusters.  A place is told as the group and
 * the cluster in it.  Best fit has no criteria: a run that holds a request is
 * told as found by CR_GOAL_LEN_SLOW, each of several runs by CR_ANY_FREE.
 */
#include "alloc/mb_trace.h"

struct place {
	uint64_t group;
	uint64_t start;		/* cluster in the group */
};

static struct place place_of(const struct mballoc *mb, uint64_t block)
{
	uint32_t bits = mb->cluster_bits;
	uint64_t at = block > mb->first_block ? block - mb->first_block : 0;

	return (struct place){ at / mb->group_blocks,
			       at % mb->group_blocks >> bits };
}

static uint32_t request_flags(const struct alloc_request *req)
{
	uint32_t flags = req->flags & REQUEST_DATA ? TRACE_MB_DATA : 0;

	if (req->flags & REQUEST_DELALLOC)
		flags |= TRACE_MB_DELALLOC_RESERVED | TRACE_MB_USE_RESERVED;
	if (req->flags & REQUEST_EXACT)
		flags |= TRACE_MB_NOPREALLOC;
	return flags;
}

static uint32_t served_flags(const struct alloc_request *req,
			     const struct mballoc_event *e)
{
	uint32_t flags = request_flags(req);

	if (e->locality == LOCALITY_GROUP)
		flags |= TRACE_MB_GROUP_ALLOC;
	else if (e->locality == LOCALITY_STREAM)
		flags |= TRACE_MB_STREAM_ALLOC;
	else if (req->flags & REQUEST_DATA)
		flags |= TRACE_MB_NOPREALLOC;
	if (e->try_goal)
		flags |= TRACE_MB_TRY_GOAL;
	return flags;
}

/* Where there is no neighbour, the kernel names the block itself. */
static uint32_t neighbour(const struct alloc_request *req, uint32_t lblk,
			  uint64_t pblk)
{
	return pblk ? lblk : req->lblk;
}

void mb_trace_request(const struct mballoc *mb,
		      const struct alloc_request *req, uint32_t lblk,
		      uint64_t len)
{
	TRACE(mb->trace, TRACE_REQUEST_BLOCKS, req->ino, request_flags(req),
	      len, lblk, req->goal, neighbour(req, req->lleft, req->pleft),
	      neighbour(req, req->lright, req->pright), req->pleft,
	      req->pright);
}

void mb_trace_allocated(const struct mballoc *mb,
			const struct alloc_request *req, uint32_t lblk,
			uint64_t len, uint64_t pblk)
{
	TRACE(mb->trace, TRACE_ALLOCATE_BLOCKS, req->ino, request_flags(req),
	      len, pblk, lblk, req->goal,
	      neighbour(req, req->lleft, req->pleft),
	      neighbour(req, req->lright, req->pright), req->pleft,
	      req->pright);
}

static void tell_preallocated(const struct mballoc *mb,
			      const struct alloc_request *req,
			      const struct mballoc_event *e)
{
	struct place orig = place_of(mb, e->original_pblk);
	struct place result = place_of(mb, e->pblk);

	TRACE(mb->trace, TRACE_MBALLOC_PREALLOC, req->ino, orig.group,
	      orig.start, e->original.len, e->original.lblk, result.group,
	      result.start, e->len, e->original.lblk);
}

void mb_trace_served(const struct mballoc *mb,
		     const struct alloc_request *req)
{
	const struct mballoc_event *e = &mb->kernel->event;
	struct place orig = place_of(mb, e->original_pblk);
	struct place goal = place_of(mb, e->goal_pblk);
	struct place result = place_of(mb, e->found_pblk);

	if (!e->taken) {
		tell_preallocated(mb, req, e);
		return;
	}
	/* A stream has a group for its goal, and no block. */
	if (e->stream)
		goal = (struct place){ e->stream_group, UINT64_MAX };
	TRACE(mb->trace, TRACE_MBALLOC_ALLOC, req->ino, orig.group, orig.start,
	      e->original.len, e->original.lblk, goal.group, goal.start,
	      e->goal.len, e->goal.lblk, result.group, result.start, e->taken,
	      e->goal.lblk, e->found, e->groups,
	      e->criteria == CR_NONE ? CR_POWER2_ALIGNED : e->criteria,
	      served_flags(req, e), e->tail, e->broken);
}

void mb_trace_best_fit(const struct mballoc *mb,
		       const struct alloc_request *req, const struct run *runs,
		       size_t n)
{
	enum criteria cr = n > 1 ? CR_ANY_FREE : CR_GOAL_LEN_SLOW;
	struct place goal = place_of(mb, req->goal), result;
	uint32_t bits = mb->cluster_bits;
	uint64_t lblk = (uint64_t)req->lblk >> bits << bits;
	uint64_t left = req->len >> bits, len;
	size_t i;

	mb_trace_request(mb, req, (uint32_t)lblk, left);
	for (i = 0; i < n; i++) {
		result = place_of(mb, runs[i].start);
		len = runs[i].len >> bits;
		TRACE(mb->trace, TRACE_MBALLOC_ALLOC, req->ino, goal.group,
		      goal.start, left, lblk, goal.group, goal.start, left,
		      lblk, result.group, result.start, len, lblk, 1, 1, cr,
		      request_flags(req), 0, 0);
		mb_trace_allocated(mb, req, (uint32_t)lblk, len,
				   runs[i].start);
		lblk += runs[i].len;
		left -= len;
	}
}

void mb_trace_new_prealloc(const struct mballoc *mb, const struct prealloc *pa,
			   uint32_t ino)
{
	if (pa->window)
		TRACE(mb->trace, TRACE_MB_NEW_GROUP_PA, ino, pa->pblk, pa->len,
		      pa->pblk);
	else
		TRACE(mb->trace, TRACE_MB_NEW_INODE_PA, ino, pa->pblk, pa->len,
		      pa->lblk);
}

void mb_trace_discard(const struct mballoc *mb, const struct prealloc *pa,
		      const struct group_run *part)
{
	if (pa->window)
		TRACE(mb->trace, TRACE_MB_RELEASE_GROUP_PA, pa->pblk, pa->len);
	TRACE(mb->trace, TRACE_MBALLOC_DISCARD, 0, part->group, part->start,
	      part->len);
	if (!pa->window)
		TRACE(mb->trace, TRACE_MB_RELEASE_INODE_PA, pa->ino,
		      group_block(&mb->kernel->groups, part), part->len);
}
