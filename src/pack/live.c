// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A live image: the frame is made before the first byte is staged, and one
 * allocator owns the gaps of it until the end.
 *
 * What is kept, after each step
 *	free runs of the allocator = reserve.free + metadata in use or promised
 *				     + promised data, which has no place yet
 *	reserve.free	clusters that no data has; the journal and the resize
 *			inode are taken off at the beginning
 *	reserve.dirty	data that waits for its place
 *	reserve.meta	metadata of what is staged: folders, mappings, slow
 *			links, attributes.  It gets its blocks at the end, but
 *			counts as used as soon as the kernel would have
 *			allocated it
 *
 * Files get their places at fsync, sync, over the dirty limit, or when they
 * are written to (nodelalloc, fallocate); everything else, and what is still
 * delayed, at the end.  Bytes move only then: a place is no write.
 */
#include "pack/live.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc/mballoc_kernel.h"
#include "base/errors.h"
#include "base/number.h"
#include "delay/writeback.h"
#include "image/mapping.h"
#include "pack/allocate.h"
#include "pack/frame.h"
#include "pack/live_inode.h"

/* Bytes per inode, as mke2fs has it, below and from a size on. */
enum { SMALL_RATIO = 4096, RATIO = 16384 };

static const uint64_t SMALL_BYTES = UINT64_C(512) << 20;

/* What the kernel keeps for metadata at writeback: s_resv_clusters. */
enum { RESV_PART = 50, RESV_MAX = 4096 };

bool live_is_needed(const struct e4pack_options *o)
{
	return o->dirty_limit || o->nodelalloc ||
	       o->allocator != E4PACK_BEST_FIT;
}

static bool is_kernel(const struct live *l)
{
	return l->options->allocator == E4PACK_KERNEL;
}

static struct tree_inode *inode_of(const struct delayed_file *f)
{
	return (struct tree_inode *)((char *)f - offsetof(struct tree_inode,
							  file));
}

static void request_geometry(const struct live *l,
			     struct request_geometry *geo)
{
	const struct geometry *g = &l->geometry;

	*geo = (struct request_geometry){
		.blocks = g->blocks, .first_block = g->first_block,
		.group_blocks = g->group_blocks,
		.flex_groups = g->flex_groups,
		.block_bits = g->format.block_bits,
		.cluster_bits = g->format.cluster_bits,
	};
}

/* Kernel mode gives one run at a time. */
static errcode_t allocate_runs(struct live *l, struct run_list *out,
			       const struct alloc_request *req)
{
	struct alloc_request rest = *req;
	size_t n = out->n, i;
	errcode_t err = 0;

	while (!err && rest.len) {
		size_t before = out->n;
		uint64_t got = before ? out->runs[before - 1].len : 0;

		err = mballoc_kernel(l->mb, out, &rest);
		if (err)
			break;
		got = out->n > before ? out->runs[before].len :
		      out->runs[before - 1].len - got;
		rest.len -= got;
		rest.lblk += (uint32_t)got;
		rest.goal = out->runs[out->n - 1].start +
			    out->runs[out->n - 1].len;
	}
	for (i = n; err && i < out->n; i++)
		mballoc_release(l->mb, out->runs[i].start, out->runs[i].len);
	if (err)
		out->n = n;
	return err;
}

errcode_t live_allocate(struct live *l, struct run_list *out,
			const struct alloc_request *req)
{
	errcode_t err;

	if (is_kernel(l))
		return allocate_runs(l, out, req);
	err = mballoc_best_fit(l->mb, out, req);
	if (err == E4PACK_ET_SCATTERED)
		err = mballoc_scattered(l->mb, out, req);
	return err;
}

/* Best fit for data: from the beginning of the first cluster to the end of
 * the last. */
static errcode_t allocate_whole(struct live *l, struct run_list *out,
				struct alloc_request *req)
{
	uint64_t ratio = UINT64_C(1) << l->geometry.format.cluster_bits;
	uint64_t head = req->lblk & (ratio - 1);

	req->len = div_round_up(head + req->len, ratio) * ratio;
	req->goal = req->goal > head ? req->goal - head : 0;
	return live_allocate(l, out, req);
}

static errcode_t allocate(void *arg, const struct delayed_file *f,
			  const struct da_request *r, struct run_list *out)
{
	struct live *l = arg;
	struct tree_inode *inode = inode_of(f);
	struct alloc_request req = {
		.len = r->len, .goal = r->goal, .lblk = r->lblk,
		.file_blocks = r->file_blocks, .flags = REQUEST_DATA,
		.lleft = r->lleft, .lright = r->lright,
		.pleft = r->pleft, .pright = r->pright,
	};
	struct request_geometry geo;
	errcode_t err = live_number(l, inode);

	req.ino = inode->ino;
	if (l->closed)
		req.flags |= REQUEST_CLOSED;
	if (r->unwritten)
		req.flags |= REQUEST_UNWRITTEN;
	if (!err && is_kernel(l)) {
		request_geometry(l, &geo);
		if (!req.goal)
			req.goal = request_goal_group(&geo, (req.ino - 1) /
						      l->geometry.group_inodes,
						      true);
		err = mballoc_kernel(l->mb, out, &req);
	} else if (!err) {
		err = allocate_whole(l, out, &req);
	}
	if (err && err != E4PACK_ET_NO_SPACE)
		diag_error(l->diag, NULL, err, NULL);
	return err;
}

static void take_back(void *arg, const struct delayed_file *f, uint64_t pblk,
		      uint64_t len)
{
	struct live *l = arg;
	errcode_t err;

	(void)f;
	err = mballoc_release(l->mb, pblk, len);
	if (err && !l->failed)
		l->failed = err;
}

static void free_blocks(void *arg, const struct delayed_file *f,
			uint64_t pblk, uint64_t len)
{
	struct live *l = arg;

	/* What was allocated ahead goes with a truncate, and before the
	 * blocks beside it are free. */
	if (is_kernel(l))
		mballoc_discard_inode(l->mb, inode_of(f)->ino);
	take_back(arg, f, pblk, len);
	l->tree->delay->reserve.free +=
		len >> l->geometry.format.cluster_bits;
}

static const struct delay_ops live_ops = {
	.free_blocks = free_blocks,
	.allocate = allocate,
	.take_back = take_back,
};

static errcode_t flush(struct live *l, struct tree_inode *inode)
{
	struct delay *d = l->tree->delay;
	errcode_t err;

	if (!inode->links || !S_ISREG(inode->mode) ||
	    !delayed_file_delayed_blocks(&inode->file))
		return 0;
	l->closed = true;
	err = writeback_file(d, &inode->file);
	l->closed = false;
	if (!err)
		live_close(l, inode);
	tree_note_change(l->tree, inode);
	return err ? err : l->failed;
}

errcode_t live_fsync(struct live *l, struct tree_inode *inode)
{
	uint64_t claimed = l->tree->delay->reserve.claimed_total;
	errcode_t err = live_settle(l);

	if (!err)
		err = flush(l, inode);
	if (claimed != l->tree->delay->reserve.claimed_total)
		l->flushes++;
	return err ? err : live_settle(l);
}

errcode_t live_sync(struct live *l)
{
	uint64_t claimed = l->tree->delay->reserve.claimed_total;
	errcode_t err = live_inodes_settle(l);
	size_t i;

	for (i = 0; !err && i < l->n_dirty; i++) {
		live_inode_clean(l, l->dirty[i]);
		err = flush(l, l->dirty[i]);
	}
	l->n_dirty = 0;
	if (claimed != l->tree->delay->reserve.claimed_total)
		l->flushes++;
	return err ? err : live_inodes_settle(l);
}

errcode_t live_settle(struct live *l)
{
	uint64_t limit = l->options->dirty_limit;
	const struct delay *d = l->tree->delay;
	errcode_t err = live_inodes_settle(l);

	if (!err && limit && delay_dirty_blocks(d) > limit >> d->block_bits)
		err = live_sync(l);
	return err;
}

void live_finish(struct live *l)
{
	if (is_kernel(l))
		mballoc_discard_preallocations(l->mb);
}

void live_close(struct live *l, struct tree_inode *inode)
{
	if (is_kernel(l) && !inode->file.reserved)
		mballoc_discard_inode(l->mb, inode->ino);
}

void live_space(const struct live *l, struct live_space *s)
{
	const struct delay *d = l->tree->delay;
	uint64_t free = d->reserve.free << d->cluster_bits;

	s->free = free > l->in_use ? free - l->in_use : 0;
	s->dirty = delay_dirty_blocks(d);
	s->reserved = s->dirty + d->reserve.meta - l->in_use;
}

static errcode_t settle_inodes(struct live *l, struct geometry_options *o)
{
	const struct e4pack_inodes *i = &l->options->inodes;
	uint64_t bytes = o->blocks * o->block_size;

	switch (i->kind) {
	case E4PACK_INODES_COUNT:
		o->inodes = i->value;
		break;
	case E4PACK_INODES_RATIO:
		o->inodes = bytes / i->value;
		break;
	case E4PACK_INODES_MIN_PERCENT:
		return diag_error(l->diag, "-N", E4PACK_ET_USAGE,
				  "min is not known before the end: give a "
				  "count");
	case E4PACK_INODES_DEFAULT:
		o->inodes = bytes / (bytes < SMALL_BYTES ? SMALL_RATIO :
							   RATIO);
		break;
	}
	if (o->inodes < FORMAT_LOST_FOUND_INO)
		o->inodes = FORMAT_LOST_FOUND_INO;
	return 0;
}

static errcode_t report_frame(struct live *l, errcode_t err)
{
	char have[NUMBER_HUMAN_LEN];

	number_human(have, l->options->size.value);
	switch (err) {
	case ENOMEM:
		return diag_nomem(l->diag);
	case E4PACK_ET_NO_INODES:
		return diag_error(l->diag, "-N", err, "more inodes than %s can "
				  "hold", have);
	case E4PACK_ET_TOO_BIG:
		return diag_error(l->diag, "-s", err, "more blocks than the "
				  "file system can count");
	case E4PACK_ET_TOO_SMALL:
	case E4PACK_ET_NO_SPACE:
		return diag_error(l->diag, "-s", E4PACK_ET_NO_SPACE,
				  "%s is too small for a file system with its "
				  "journal", have);
	default:
		return diag_error(l->diag, NULL, err, NULL);
	}
}

/* Place what has its place from the beginning on. */
static errcode_t place_fixed(struct live *l, struct mballoc *mb,
			     uint64_t journal)
{
	const struct alloc_request log = { .len = journal }, one = { .len = 1 };
	struct run_list resize = { NULL, 0, 0 };
	errcode_t err = 0;

	if (journal)
		err = mballoc_best_fit(mb, &l->journal, &log);
	if (!err && geometry_resize_blocks(&l->geometry)) {
		err = mballoc_best_fit(mb, &resize, &one);
		if (!err)
			l->resize_pblk = resize.runs[0].start;
		run_list_release(&resize);
	}
	return err == E4PACK_ET_SCATTERED ? E4PACK_ET_NO_SPACE : err;
}

/* Hand what the first allocator left to one that works as the kernel's. */
static errcode_t kernel_allocator(struct live *l)
{
	const struct geometry *g = &l->geometry;
	const struct mballoc_kernel_options o = {
		.blocks = g->blocks, .group_blocks = g->group_blocks,
		.first_block = g->first_block, .flex_groups = g->flex_groups,
		.block_bits = g->format.block_bits,
		.cluster_bits = g->format.cluster_bits,
	};
	struct run_list free_runs = { NULL, 0, 0 };
	struct mballoc *kernel;
	errcode_t err;

	err = mballoc_free_runs(l->mb, &free_runs);
	if (!err)
		err = mballoc_kernel_new(&kernel, free_runs.runs, free_runs.n,
					 &o);
	if (!err) {
		mballoc_free(l->mb);
		l->mb = kernel;
	}
	run_list_release(&free_runs);
	return err;
}

static errcode_t init_space(struct live *l, uint64_t journal)
{
	const struct geometry *g = &l->geometry;
	struct run *gaps = NULL;
	size_t n = 0;
	errcode_t err;

	err = geometry_gaps(g, &gaps, &n);
	if (!err)
		err = mballoc_new(&l->mb, gaps, n, g->group_blocks,
				  g->first_block);
	free(gaps);
	if (!err)
		err = place_fixed(l, l->mb, journal);
	if (!err && is_kernel(l))
		err = kernel_allocator(l);
	return err;
}

/* The mapping of the journal is metadata like any other. */
static errcode_t promise_journal_map(struct live *l)
{
	struct extent_list list = { NULL, 0, 0 };
	uint64_t blocks = 0;
	errcode_t err;

	err = allocate_plain_extents(&list, l->journal.runs, l->journal.n);
	if (!err)
		err = mapping_blocks(&blocks, &l->geometry.format,
				     list.extents, list.n);
	if (!err)
		err = reserve_meta(&l->tree->delay->reserve, 0, blocks);
	if (!err)
		l->in_use += blocks;
	extent_list_release(&list);
	return err;
}

static void init_reserve(struct live *l)
{
	const struct geometry *g = &l->geometry;
	struct delay *d = l->tree->delay;
	struct reserve *r = &d->reserve;
	uint64_t clusters = g->blocks >> g->format.cluster_bits;
	uint64_t resv = clusters / RESV_PART;

	d->ops = &live_ops;
	d->ops_arg = l;
	d->nodelalloc = l->options->nodelalloc;
	d->kernel_requests = is_kernel(l);
	r->unbounded = false;
	r->measure = false;
	r->free = mballoc_free_blocks(l->mb) >> g->format.cluster_bits;
	if (!is_kernel(l))
		return;
	r->kernel_margins = true;
	r->use_root = true;
	if (g->format.extents)
		r->resv = resv < RESV_MAX ? resv : RESV_MAX;
}

errcode_t live_init(struct live *l, const struct geometry_options *frame,
		    const struct e4pack_options *options, struct tree *tree,
		    struct diag *diag)
{
	struct geometry_options o = *frame;
	uint64_t journal;
	errcode_t err;

	*l = (struct live){ .options = options, .diag = diag, .tree = tree,
			    .next_ino = FORMAT_LOST_FOUND_INO + 1 };
	o.blocks = options->size.value / o.block_size;
	err = settle_inodes(l, &o);
	if (err)
		return err;
	err = geometry_init(&l->geometry, &o);
	if (err)
		return report_frame(l, err);
	journal = frame_journal_blocks(&o, options, l->geometry.blocks);
	err = init_space(l, journal);
	if (!err) {
		init_reserve(l);
		err = promise_journal_map(l);
	}
	if (!err)
		err = live_inodes_init(l);
	return err ? report_frame(l, err) : 0;
}

void live_release(struct live *l)
{
	if (l->tree && l->tree->delay) {
		l->tree->delay->ops = NULL;
		l->tree->delay->ops_arg = NULL;
	}
	mballoc_free(l->mb);
	run_list_release(&l->journal);
	geometry_release(&l->geometry);
	free(l->inodes);
	free(l->unused);
	free(l->dirty);
	memset(l, 0, sizeof(*l));
}
