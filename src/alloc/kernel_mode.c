// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of kernel mode: how it begins, how preallocations are given up,
 * how blocks come back.  See mballoc_kernel.c for what it is all for.
 */
#include "alloc/mballoc_kernel.h"

#include <errno.h>
#include <stdlib.h>

#include "alloc/mb_trace.h"
#include "base/errors.h"

enum {
	GROUP_PREALLOC_BLOCKS = 512,
	GROUP_PREALLOC_MIN = 32,	/* clusters */
	OPTIMIZE_SCAN_GROUPS = 16,
	GROUPS_PER_STREAM = 4,
};

static uint32_t group_prealloc(const struct mballoc_kernel_options *o)
{
	uint32_t len = GROUP_PREALLOC_BLOCKS >> o->cluster_bits;

	if (o->mb_group_prealloc)
		return o->mb_group_prealloc;
	return len > GROUP_PREALLOC_MIN ? len : GROUP_PREALLOC_MIN;
}

static bool options_make_sense(const struct mballoc_kernel_options *o)
{
	return o->blocks > o->first_block && o->cluster_bits < 32 &&
		o->block_bits < BUDDY_MAX_ORDER &&
		o->group_blocks >> o->cluster_bits &&
		o->blocks / o->group_blocks < UINT32_MAX;
}

static uint32_t stream_count(const struct mballoc_kernel_options *o,
			     uint32_t groups)
{
	uint32_t most = groups / GROUPS_PER_STREAM +
		(groups % GROUPS_PER_STREAM != 0);
	uint32_t n = o->stream_goals ? o->stream_goals : 1;

	return n < most ? n : most;
}

static errcode_t kernel_mode_new(struct kernel_mode **ret,
				 const struct mballoc_kernel_options *o,
				 const struct free_runs *fr)
{
	struct kernel_mode *k = calloc(1, sizeof(*k));
	errcode_t err;

	if (!k)
		return ENOMEM;
	k->geo = (struct request_geometry){
		.blocks = o->blocks,
		.first_block = o->first_block,
		.group_blocks = o->group_blocks,
		.flex_groups = o->flex_groups ? o->flex_groups : 1,
		.block_bits = o->block_bits,
		.cluster_bits = o->cluster_bits,
		.group_prealloc = group_prealloc(o),
	};
	prealloc_set_init(&k->preallocs, &k->geo);
	err = group_set_init(&k->groups, &k->geo, fr);
	if (!err) {
		k->by_order = o->optimize_scan == OPTIMIZE_SCAN_ON ||
			(o->optimize_scan == OPTIMIZE_SCAN_DEFAULT &&
			 k->groups.n >= OPTIMIZE_SCAN_GROUPS);
		k->n_streams = stream_count(o, k->groups.n);
		k->stream_groups = calloc(k->n_streams,
					  sizeof(*k->stream_groups));
		if (!k->stream_groups)
			err = ENOMEM;
	}
	if (err)
		kernel_mode_free(k);
	else
		*ret = k;
	return err;
}

void kernel_mode_free(struct kernel_mode *k)
{
	if (!k)
		return;
	prealloc_set_release(&k->preallocs);
	group_set_release(&k->groups);
	free(k->stream_groups);
	free(k);
}

errcode_t mballoc_kernel_new(struct mballoc **ret, const struct run *free,
			     size_t n,
			     const struct mballoc_kernel_options *options)
{
	struct mballoc *mb;
	errcode_t err;

	if (!options_make_sense(options))
		return E4PACK_ET_BUG;
	err = mballoc_new(&mb, free, n, options->group_blocks,
			  options->first_block);
	if (err)
		return err;
	err = kernel_mode_new(&mb->kernel, options, &mb->free);
	if (err)
		mballoc_free(mb);
	else
		*ret = mb;
	return err;
}

const struct mballoc_event *mballoc_kernel_event(const struct mballoc *mb)
{
	return mb->kernel ? &mb->kernel->event : NULL;
}

void kernel_mode_discard(struct mballoc *mb, struct prealloc *pa)
{
	struct kernel_mode *k = mb->kernel;
	uint64_t end = pa->pblk + cluster_blocks(k, pa->len);
	struct free_run *run = free_runs_from(&mb->free, pa->pblk);

	for (; run && run->start < end; run = free_runs_next(run)) {
		uint64_t from = run->start > pa->pblk ? run->start : pa->pblk;
		uint64_t to = run->start + run->len;
		struct group_run part = group_position(&k->groups, from);

		if (to > end)
			to = end;
		part.len = (uint32_t)((to - from) >> k->geo.cluster_bits);
		if (trace_on(mb->trace))
			mb_trace_discard(mb, pa, &part);
		group_mark_free(&k->groups, &part);
	}
	prealloc_remove(&k->preallocs, pa);
	free(pa);
}

void mballoc_discard_inode(struct mballoc *mb, uint32_t ino)
{
	struct prealloc *pa;

	if (!mb->kernel)
		return;
	TRACE(mb->trace, TRACE_DISCARD_PREALLOCATIONS, ino,
	      prealloc_count_of_inode(&mb->kernel->preallocs, ino));
	while ((pa = prealloc_any_of_inode(&mb->kernel->preallocs, ino)))
		kernel_mode_discard(mb, pa);
	mballoc_verify(mb);
}

void mballoc_discard_preallocations(struct mballoc *mb)
{
	struct prealloc *pa;

	if (!mb->kernel)
		return;
	while ((pa = prealloc_from(&mb->kernel->preallocs, 0)))
		kernel_mode_discard(mb, pa);
	mballoc_verify(mb);
}

uint32_t kernel_mode_discard_for(struct mballoc *mb, uint32_t needed)
{
	struct kernel_mode *k = mb->kernel;
	struct prealloc *pa = prealloc_from(&k->preallocs, 0);
	uint32_t freed = 0;

	while (pa && freed < needed) {
		uint32_t g = group_position(&k->groups, pa->pblk).group;

		while (pa && group_position(&k->groups, pa->pblk).group == g) {
			freed += pa->free;
			kernel_mode_discard(mb, pa);
			pa = prealloc_from(&k->preallocs, 0);
		}
	}
	return freed;
}

/* The part of [@start, @end) that lies in the group of @start. */
static struct group_run first_part(const struct kernel_mode *k,
				   uint64_t start, uint64_t end)
{
	struct group_run part = group_position(&k->groups, start);
	uint64_t len = (end - start) >> k->geo.cluster_bits;
	uint32_t room = k->groups.clusters - part.start;

	part.len = len < room ? (uint32_t)len : room;
	return part;
}

errcode_t kernel_mode_release(struct mballoc *mb, uint64_t start,
			      uint64_t len)
{
	struct kernel_mode *k = mb->kernel;
	uint64_t mask = cluster_blocks(k, 1) - 1, end = start + len, at;
	struct group_run part;
	struct prealloc *pa;
	errcode_t err = 0;

	if (((start - k->geo.first_block) | len) & mask)
		return E4PACK_ET_BUG;
	for (at = start; at < end && !err; at += cluster_blocks(k, part.len)) {
		part = first_part(k, at, end);
		err = group_load(&k->groups, part.group, &mb->free);
	}
	if (err)
		return err;
	while ((pa = prealloc_from(&k->preallocs, start)) && pa->pblk < end)
		kernel_mode_discard(mb, pa);
	err = free_runs_give(&mb->free, start, len);
	for (at = start; at < end && !err; at += cluster_blocks(k, part.len)) {
		part = first_part(k, at, end);
		err = group_mark_free(&k->groups, &part);
	}
	return err;
}

#ifdef ENABLE_VERIFY
static uint64_t free_on_disk(const struct mballoc *mb, uint64_t start,
			     uint64_t end)
{
	struct free_run *run = free_runs_from(&mb->free, start);
	uint64_t blocks = 0;

	for (; run && run->start < end; run = free_runs_next(run)) {
		uint64_t from = run->start > start ? run->start : start;
		uint64_t to = run->start + run->len;

		blocks += (to < end ? to : end) - from;
	}
	return blocks;
}

void kernel_mode_verify(const struct mballoc *mb)
{
	struct kernel_mode *k = mb->kernel;
	struct group_run at = { .len = 0 };
	struct prealloc *pa = prealloc_from(&k->preallocs, 0);
	const struct buddy_counts *counts;
	uint64_t start, end, blocks;

	for (at.group = 0; at.group < k->groups.n; at.group++) {
		start = group_block(&k->groups, &at);
		end = start + k->geo.group_blocks;
		blocks = free_on_disk(mb, start, end);
		while (pa && pa->pblk < end) {
			uint64_t behind = pa->pblk + cluster_blocks(k, pa->len);

			if (free_on_disk(mb, pa->pblk, behind) !=
			    cluster_blocks(k, pa->free))
				abort();
			blocks -= cluster_blocks(k, pa->free);
			pa = prealloc_from(&k->preallocs, behind);
		}
		counts = group_counts(&k->groups.groups[at.group]);
		if (cluster_blocks(k, counts->free) != blocks)
			abort();
	}
}
#endif
