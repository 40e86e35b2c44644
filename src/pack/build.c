// SPDX-License-Identifier: GPL-2.0-or-later
/* Building an image: settle, stage, plan, flush, show. */
#include "pack/build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/number.h"
#include "base/trace.h"
#include "image/inline_data.h"
#include "pack/allocate.h"
#include "pack/flush.h"
#include "pack/frame.h"

/* Bytes that a solved size may reach. */
static uint64_t size_limit(const struct build *b)
{
	if (b->options->max_size)
		return b->options->max_size;
	return b->has_target ? target_free_bytes(&b->target) : UINT64_MAX / 2;
}

/* With an absolute size the promises are counted against its room; what goes
 * past it is still staged, so that the refusal can say how much is needed. */
static errcode_t init_delay(struct build *b)
{
	const struct e4pack_options *o = b->options;
	const struct geometry_options *f = &b->plan.frame;
	const struct format *fmt = &b->plan.format;
	struct reserve *r = &b->delay.reserve;
	uint64_t room;

	delay_init(&b->delay, fmt->block_bits, fmt->cluster_bits);
	b->delay.no_unwritten = !b->plan.format.extents;
	b->delay.inline_max = inline_max(&b->plan.format);
	r->unbounded = o->size.kind != E4PACK_SIZE_BYTES;
	r->measure = !r->unbounded;
	if (r->unbounded) {
		r->limit = size_limit(b) >> fmt->block_bits >>
			   fmt->cluster_bits;
		return 0;
	}
	if (frame_room(&room, f, o, o->size.value))
		return diag_nomem(b->diag);
	r->free = room >> fmt->cluster_bits;
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	if (!strcmp(a, b))
		return true;
	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino;
}

errcode_t build_open_trace(struct build *b, const char *image)
{
	const struct e4pack_options *o = b->options;

	if (!o->trace_file)
		return 0;
	if (image && same_file(o->trace_file, image))
		return diag_error(b->diag, o->trace_file, E4PACK_ET_USAGE,
				  "is the image: name another file for the "
				  "trace");
	return trace_open(&b->delay.trace, o->trace_file,
			  o->trace_format == E4PACK_TRACE_KERNEL ?
			  TRACE_KERNEL : TRACE_LOGICAL, b->diag);
}

errcode_t build_close_trace(struct build *b, errcode_t err)
{
	errcode_t failed = trace_close(b->delay.trace);

	b->delay.trace = NULL;
	return err ? err : failed;
}

static errcode_t init_tree(struct build *b, bool live)
{
	const struct e4pack_options *o = b->options;
	struct tree_options t = {
		.diag = b->diag,
		.default_time = { .sec = o->has_epoch ? o->epoch : 0 },
		.list_changes = live,
		.keep_dir_symlinks = o->keep_dir_symlinks,
		.times_source = o->times == E4PACK_TIMES_SOURCE,
		.set_times = o->times == E4PACK_TIMES_FIXED,
		.time = { .sec = o->time_sec },
		.block_size = b->plan.format.block_size,
	};

	return tree_init(&b->tree, &b->delay, &t);
}

/* What a live image cannot be combined with. */
static errcode_t check_live(const struct build *b)
{
	const struct e4pack_options *o = b->options;
	const char *option = o->dirty_limit ? "--dirty-limit" :
			     o->nodelalloc ? "--nodelalloc" :
			     o->allocator == E4PACK_KERNEL ?
			     "--allocator kernel" : "a script that allocates";

	if (o->size.kind != E4PACK_SIZE_BYTES)
		return diag_error(b->diag, option, E4PACK_ET_USAGE,
				  "needs a size in bytes: use -s SIZE");
	if (o->order_file)
		return diag_error(b->diag, "--order", E4PACK_ET_USAGE,
				  "cannot be followed with %s", option);
	return 0;
}

/* Make the frame before anything is staged. */
static errcode_t begin_live(struct build *b)
{
	errcode_t err = tree_finish(&b->tree);

	if (err)
		return err;
	b->plan.live = &b->frame;
	b->live = &b->frame.live;
	return live_frame_init(&b->frame, &b->plan.frame, b->options,
			       &b->tree, b->diag);
}

errcode_t build_settle(struct build *b)
{
	return b->live ? live_settle(b->live) : 0;
}

const char *build_remedy(const struct build *b, const char *option)
{
	return b->edited ? "enlarge it with resize2fs" : option;
}

/* The end of a live image: what is delayed yet gets its place. */
static errcode_t end_live(struct build *b)
{
	errcode_t err = live_sync(b->live);

	return err ? diag_error(b->diag, NULL, err, err ==
				E4PACK_ET_NO_INODES ?
				"not enough inodes: use -N" : NULL) : 0;
}

static errcode_t open_target(struct build *b, const char *image)
{
	const struct target_options to = {
		.force = b->options->force,
		.sync = !b->options->no_sync,
		.at_offset = b->options->has_offset,
		.offset = b->options->offset,
	};
	errcode_t err;

	if (!image)
		return 0;
	if (!strcmp(image, "-"))
		return diag_error(b->diag, image, E4PACK_ET_USAGE,
				  "an image cannot be written to standard "
				  "output: name a file");
	err = target_open(&b->target, image, &to, b->diag);
	b->has_target = !err;
	return err;
}

/* What depends on the size that was found. */
static errcode_t check_solution(struct build *b)
{
	char need[NUMBER_HUMAN_LEN], have[NUMBER_HUMAN_LEN];
	uint64_t bytes = b->plan.geometry.blocks <<
			 b->plan.format.block_bits;

	if (b->options->resize_blocks &&
	    b->options->resize_blocks <= b->plan.geometry.blocks)
		return diag_error(b->diag, "resize", E4PACK_ET_USAGE,
				  "is not over the %llu blocks of the image",
				  (unsigned long long)b->plan.geometry.blocks);
	if (!b->has_target || !b->target.in_place ||
	    bytes <= b->target.room)
		return 0;
	return diag_error(b->diag, b->target.path, E4PACK_ET_NO_SPACE,
			  "needs %s, there are %s: use --size",
			  number_human(need, bytes),
			  number_human(have, b->target.room));
}

static errcode_t stage_tree(struct build *b, const char *image,
			    const struct build_stager *s)
{
	bool live = s->live || live_is_needed(b->options);
	errcode_t err = live ? check_live(b) : 0;

	if (err)
		return err;
	err = init_delay(b);
	if (!err)
		err = build_open_trace(b, image);
	if (!err)
		err = init_tree(b, live);
	if (!err && live)
		err = begin_live(b);
	if (!err)
		err = s->stage(s->arg, b);
	if (!err)
		err = tree_finish(&b->tree);
	if (!err && b->options->set_root_owner) {
		b->tree.root->inode->uid = b->options->root_uid;
		b->tree.root->inode->gid = b->options->root_gid;
	}
	return !err && live ? end_live(b) : err;
}

errcode_t build_tree(struct build *b, const struct build_stager *stager)
{
	errcode_t err = frame_settle(&b->plan.frame, &b->plan.format,
				     b->options, b->diag);

	return err ? err : stage_tree(b, NULL, stager);
}

void build_release(struct build *b)
{
	live_frame_release(&b->frame);
	plan_release(&b->plan);
	if (b->tree.root)
		tree_release(&b->tree);
	delay_release(&b->delay);
}

static errcode_t run(struct build *b, const char *image,
		     const struct build_stager *stager)
{
	bool write = image && !b->options->dry_run;
	errcode_t err;

	err = frame_settle(&b->plan.frame, &b->plan.format, b->options,
			   b->diag);
	if (!err)
		err = open_target(b, write ? image : NULL);
	if (!err)
		err = stage_tree(b, image, stager);
	b->plan.tree = &b->tree;
	if (!err)
		err = plan_init(&b->plan);
	if (!err)
		err = plan_solve(&b->plan, size_limit(b));
	if (!err)
		err = allocate_tell(&b->plan);
	if (!err)
		err = check_solution(b);
	if (!err && write)
		err = flush_image(&b->plan, &b->target);
	return err;
}

static errcode_t tell_made(const struct build *b,
			   const struct e4pack_totals *totals)
{
	long err = b->options->made(b->options->made_arg, totals);

	return err ? diag_error(b->diag, NULL, err, "is not made, as its "
				"result cannot be told") : 0;
}

errcode_t build_image(const struct e4pack_options *options, const char *image,
		      const struct build_stager *stager,
		      struct e4pack_totals *totals, struct diag *diag,
		      struct progress *progress)
{
	struct build b = {
		.options = options, .diag = diag, .progress = progress,
		.plan = { .diag = diag, .progress = progress,
			  .options = options },
	};
	errcode_t err = build_close_trace(&b, run(&b, image, stager));

	if (!err)
		err = progress_check(progress);
	if (!err)
		plan_totals(&b.plan, totals);
	if (!err && options->made)
		err = tell_made(&b, totals);
	if (!err && b.has_target) {
		progress_begin(progress, "sync", 0);
		err = target_commit(&b.target);
	} else if (b.has_target) {
		target_abort(&b.target);
	}
	build_release(&b);
	return err;
}
