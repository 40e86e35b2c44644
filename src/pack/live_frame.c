// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame of a live image, and the allocator that owns its gaps until the
 * end.
 *
 * Kept: gaps = free runs + journal + resize inode + blocks given to data.
 * Numbers of inodes: each below next_ino is in use or in the heap of unused
 * ones, and the least of these is given first.
 */
#include "pack/live_frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/mballoc_kernel.h"
#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/mapping.h"
#include "pack/allocate.h"
#include "pack/frame.h"

/* Bytes per inode, as mke2fs has it, below and from a size on. */
enum { SMALL_RATIO = 4096, RATIO = 16384 };

static const uint64_t SMALL_BYTES = UINT64_C(512) << 20;

/* What the kernel keeps for metadata at writeback: s_resv_clusters. */
enum { RESV_PART = 50, RESV_MAX = 4096 };

static bool is_kernel(const struct live_frame *f)
{
	return f->live.options->allocator == E4PACK_KERNEL;
}

/* Put @ino into the heap of unused numbers. */
static errcode_t push_unused(struct live_frame *f, uint32_t ino)
{
	size_t i;
	errcode_t err;

	err = array_reserve(&f->unused, &f->cap_unused, f->n_unused + 1,
			    sizeof(*f->unused));
	if (err)
		return err;
	for (i = f->n_unused++; i && f->unused[(i - 1) / 2] > ino;
	     i = (i - 1) / 2)
		f->unused[i] = f->unused[(i - 1) / 2];
	f->unused[i] = ino;
	return 0;
}

static uint32_t pop_unused(struct live_frame *f)
{
	uint32_t least = f->unused[0], last = f->unused[--f->n_unused];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < f->n_unused) {
		if (child + 1 < f->n_unused &&
		    f->unused[child + 1] < f->unused[child])
			child++;
		if (f->unused[child] >= last)
			break;
		f->unused[i] = f->unused[child];
		i = child;
	}
	if (f->n_unused)
		f->unused[i] = last;
	return least;
}

static errcode_t take_number(void *arg, const struct tree_inode *inode,
			     const struct tree_inode *dir, uint32_t *ino)
{
	struct live_frame *f = arg;

	(void)inode;
	(void)dir;
	if (f->n_unused) {
		*ino = pop_unused(f);
		return 0;
	}
	if (f->next_ino > f->geometry.inodes)
		return E4PACK_ET_NO_INODES;
	*ino = f->next_ino++;
	return 0;
}

static errcode_t give_number(void *arg, const struct tree_inode *inode)
{
	return push_unused(arg, inode->ino);
}

static void request_geometry(const struct live_frame *f,
			     struct request_geometry *geo)
{
	const struct geometry *g = &f->geometry;

	*geo = (struct request_geometry){
		.blocks = g->blocks, .first_block = g->first_block,
		.group_blocks = g->group_blocks,
		.flex_groups = g->flex_groups,
		.block_bits = g->format.block_bits,
		.cluster_bits = g->format.cluster_bits,
	};
}

/* Kernel mode gives one run at a time. */
static errcode_t allocate_runs(struct live_frame *f, struct run_list *out,
			       const struct alloc_request *req)
{
	struct alloc_request rest = *req;
	size_t n = out->n, i;
	errcode_t err = 0;

	while (!err && rest.len) {
		struct run_list one = { NULL, 0, 0 };

		err = mballoc_kernel(f->mb, &one, &rest);
		if (!err)
			err = run_list_add(out, one.runs[0].start,
					   one.runs[0].len);
		if (!err) {
			rest.len -= one.runs[0].len;
			rest.lblk += (uint32_t)one.runs[0].len;
			rest.goal = one.runs[0].start + one.runs[0].len;
		}
		run_list_release(&one);
	}
	for (i = n; err && i < out->n; i++)
		mballoc_release(f->mb, out->runs[i].start, out->runs[i].len);
	if (err)
		out->n = n;
	return err;
}

errcode_t live_frame_allocate(struct live_frame *f, struct run_list *out,
			      const struct alloc_request *req)
{
	errcode_t err;

	if (is_kernel(f))
		return allocate_runs(f, out, req);
	err = mballoc_best_fit(f->mb, out, req);
	if (err == E4PACK_ET_SCATTERED)
		err = mballoc_scattered(f->mb, out, req);
	return err;
}

/* The kernel's goal where the file has no blocks yet: its group.  It goes
 * back to the beginning of the first cluster, as far as there is anything. */
static errcode_t allocate_kernel(struct live_frame *f, struct run_list *out,
				 struct alloc_request *req, uint64_t head)
{
	struct request_geometry geo;

	request_geometry(f, &geo);
	if (!req->goal)
		req->goal = request_goal_group(&geo, (req->ino - 1) /
					       f->geometry.group_inodes,
					       true);
	req->goal = req->goal > head ? req->goal - head : 0;
	return mballoc_kernel(f->mb, out, req);
}

static errcode_t allocate(void *arg, struct run_list *out,
			  const struct alloc_request *req, bool data)
{
	struct live_frame *f = arg;
	uint64_t ratio = UINT64_C(1) << f->geometry.format.cluster_bits;
	uint64_t head = req->lblk & (ratio - 1);
	struct alloc_request own = *req;

	if (data && is_kernel(f))
		return allocate_kernel(f, out, &own, head);
	/* From the beginning of the first cluster to the end of the last. */
	own.len = div_round_up(head + req->len, ratio) * ratio;
	own.goal = req->goal > head ? req->goal - head : 0;
	return live_frame_allocate(f, out, &own);
}

static errcode_t release(void *arg, const struct tree_inode *inode,
			 uint64_t pblk, uint64_t len, uint64_t *reusable)
{
	struct live_frame *f = arg;

	/* What was allocated ahead goes before the blocks beside it are
	 * free. */
	if (is_kernel(f))
		mballoc_discard_inode(f->mb, inode->ino);
	*reusable = len;
	return mballoc_release(f->mb, pblk, len);
}

static void close_file(void *arg, const struct tree_inode *inode)
{
	struct live_frame *f = arg;

	if (is_kernel(f))
		mballoc_discard_inode(f->mb, inode->ino);
}

static const struct live_space_ops frame_space = {
	.allocate = allocate, .release = release,
	.take_number = take_number, .give_number = give_number,
	.close = close_file,
};

static errcode_t settle_inodes(struct live_frame *f,
			       struct geometry_options *o)
{
	const struct e4pack_inodes *i = &f->live.options->inodes;
	uint64_t bytes = o->blocks * o->block_size;

	switch (i->kind) {
	case E4PACK_INODES_COUNT:
		o->inodes = i->value;
		break;
	case E4PACK_INODES_RATIO:
		o->inodes = bytes / i->value;
		break;
	case E4PACK_INODES_MIN_PERCENT:
		return diag_error(f->live.diag, "-N", E4PACK_ET_USAGE,
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

static errcode_t report_frame(struct live_frame *f, errcode_t err)
{
	struct diag *diag = f->live.diag;
	char have[NUMBER_HUMAN_LEN];

	number_human(have, f->live.options->size.value);
	switch (err) {
	case ENOMEM:
		return diag_nomem(diag);
	case E4PACK_ET_NO_INODES:
		return diag_error(diag, "-N", err, "more inodes than %s can "
				  "hold", have);
	case E4PACK_ET_TOO_BIG:
		return diag_error(diag, "-s", err, "more blocks than the "
				  "file system can count");
	case E4PACK_ET_TOO_SMALL:
	case E4PACK_ET_NO_SPACE:
		return diag_error(diag, "-s", E4PACK_ET_NO_SPACE,
				  "%s is too small for a file system with its "
				  "journal", have);
	default:
		return diag_error(diag, NULL, err, NULL);
	}
}

/* Place what has its place from the beginning on. */
static errcode_t place_fixed(struct live_frame *f)
{
	const struct format *fmt = &f->geometry.format;
	const struct alloc_request log = {
		.len = format_whole_clusters(fmt, f->journal_blocks),
	};
	const struct alloc_request one = { .len = format_whole_clusters(fmt,
									1) };
	struct run_list resize = { NULL, 0, 0 };
	errcode_t err = 0;

	if (f->journal_blocks)
		err = mballoc_best_fit(f->mb, &f->journal, &log);
	if (!err && geometry_resize_blocks(&f->geometry)) {
		err = mballoc_best_fit(f->mb, &resize, &one);
		if (!err)
			f->resize_pblk = resize.runs[0].start;
		run_list_release(&resize);
	}
	return err == E4PACK_ET_SCATTERED ? E4PACK_ET_NO_SPACE : err;
}

/* Hand what the first allocator left to one that works as the kernel's. */
static errcode_t kernel_allocator(struct live_frame *f)
{
	const struct geometry *g = &f->geometry;
	const struct mballoc_kernel_options o = {
		.blocks = g->blocks, .group_blocks = g->group_blocks,
		.first_block = g->first_block, .flex_groups = g->flex_groups,
		.block_bits = g->format.block_bits,
		.cluster_bits = g->format.cluster_bits,
	};
	struct run_list free_runs = { NULL, 0, 0 };
	struct mballoc *kernel;
	errcode_t err;

	err = mballoc_free_runs(f->mb, &free_runs);
	if (!err)
		err = mballoc_kernel_new(&kernel, free_runs.runs, free_runs.n,
					 &o);
	if (!err) {
		mballoc_free(f->mb);
		f->mb = kernel;
	}
	run_list_release(&free_runs);
	return err;
}

static errcode_t init_space(struct live_frame *f)
{
	const struct geometry *g = &f->geometry;
	struct run *gaps = NULL;
	size_t n = 0;
	errcode_t err;

	err = geometry_gaps(g, &gaps, &n);
	if (!err)
		err = mballoc_new(&f->mb, gaps, n, g->group_blocks,
				  g->first_block);
	free(gaps);
	if (!err)
		err = place_fixed(f);
	if (!err && is_kernel(f))
		err = kernel_allocator(f);
	return err;
}

/* The mapping of the journal is metadata like any other. */
static errcode_t promise_journal_map(struct live_frame *f)
{
	struct extent_list list = { NULL, 0, 0 };
	uint64_t blocks = 0;
	errcode_t err;

	err = allocate_plain_extents(&list, f->journal.runs, f->journal.n,
				     f->journal_blocks);
	if (!err)
		err = mapping_blocks(&blocks, &f->geometry.format,
				     list.extents, list.n);
	if (!err)
		err = reserve_meta(&f->live.tree->delay->reserve, 0, blocks);
	if (!err)
		f->live.in_use += blocks;
	extent_list_release(&list);
	return err;
}

static void init_reserve(struct live_frame *f)
{
	const struct geometry *g = &f->geometry;
	struct reserve *r = &f->live.tree->delay->reserve;
	uint64_t clusters = g->blocks >> g->format.cluster_bits;
	uint64_t resv = clusters / RESV_PART;

	r->unbounded = false;
	r->free = mballoc_free_blocks(f->mb) >> g->format.cluster_bits;
	if (!is_kernel(f))
		return;
	r->kernel_margins = true;
	r->use_root = true;
	if (g->format.extents)
		r->resv = resv < RESV_MAX ? resv : RESV_MAX;
}

/* What the tree has from the beginning on. */
static errcode_t number_fixed(struct live_frame *f)
{
	struct node *lost_found = tree_find(f->live.tree, "lost+found");

	if (!lost_found)
		return E4PACK_ET_SEQUENCE;
	f->live.tree->root->inode->ino = FORMAT_ROOT_INO;
	lost_found->inode->ino = FORMAT_LOST_FOUND_INO;
	f->next_ino = FORMAT_LOST_FOUND_INO + 1;
	return 0;
}

errcode_t live_frame_init(struct live_frame *f,
			  const struct geometry_options *frame,
			  const struct e4pack_options *options,
			  struct tree *tree, struct diag *diag)
{
	struct geometry_options o = *frame;
	errcode_t err;

	*f = (struct live_frame){ .live = {
		.options = options, .diag = diag, .tree = tree,
		.space = &frame_space, .space_arg = f,
	} };
	f->live.format = &f->geometry.format;
	o.blocks = options->size.value / o.block_size;
	err = settle_inodes(f, &o);
	if (err)
		return err;
	err = geometry_init(&f->geometry, &o);
	/* What nobody asked for need not be. */
	while (err == E4PACK_ET_NO_INODES &&
	       options->inodes.kind == E4PACK_INODES_DEFAULT &&
	       o.inodes > FORMAT_LOST_FOUND_INO) {
		o.inodes = o.inodes * 3 / 4;
		err = geometry_init(&f->geometry, &o);
	}
	if (!err) {
		f->journal_blocks = (uint32_t)frame_journal(&o, options,
							    f->geometry.blocks);
		err = init_space(f);
	}
	if (!err) {
		init_reserve(f);
		err = promise_journal_map(f);
	}
	if (!err)
		err = number_fixed(f);
	if (!err) {
		mballoc_set_trace(f->mb, tree->delay->trace,
				  f->geometry.format.cluster_bits);
		err = live_begin(&f->live);
	}
	return err ? report_frame(f, err) : 0;
}

void live_frame_release(struct live_frame *f)
{
	live_release(&f->live);
	mballoc_free(f->mb);
	run_list_release(&f->journal);
	geometry_release(&f->geometry);
	free(f->unused);
	memset(f, 0, sizeof(*f));
}

errcode_t live_frame_solve(struct live_frame *f, struct plan *p)
{
	struct geometry *g = &p->geometry;
	char have[NUMBER_HUMAN_LEN];
	errcode_t err;

	/* Nothing is allocated for data any more: nothing is kept ahead. */
	if (is_kernel(f))
		mballoc_discard_preallocations(f->mb);
	*g = f->geometry;
	memset(&f->geometry, 0, sizeof(f->geometry));
	geometry_set_identity(g, p->frame.uuid, p->frame.hash_seed);
	if (p->last_ino > g->inodes)
		return diag_error(p->diag, "-N", E4PACK_ET_NO_INODES,
				  "needs %u inodes, the image has %u",
				  p->last_ino, g->inodes);
	p->journal_blocks = f->journal_blocks;
	err = allocate_rest(p);
	p->solved = !err;
	if (err == E4PACK_ET_NO_SPACE)
		return diag_error(p->diag, NULL, err, "folders, mappings and "
				  "attributes have no room left in %s: use "
				  "--size", number_human(have, g->blocks <<
						       p->format.block_bits));
	return err ? diag_error(p->diag, NULL, err, NULL) : 0;
}
