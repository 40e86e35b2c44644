// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Editing an image that is there.
 *
 *	hold	the image is ours alone; a log that waits is applied first
 *	stage	names and files are read as the edit asks for them, and changed
 *		in memory; new blocks come from what is free in the image
 *	flush	what changed becomes blocks: changed ones, which the image has
 *		in use, and new ones, which it has not
 *	write	new blocks and the bytes of new ranges, to their places
 *	commit	changed blocks through the log; see journal/commit.c
 *
 * Up to the commit the image is the old one, whatever happens: nothing that
 * it has in use was written.  After it the image is the new one.
 */
#include "pack/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "image/hold.h"
#include "image/inline_data.h"
#include "journal/commit.h"
#include "journal/replay.h"
#include "pack/edit_copy.h"
#include "pack/edit_run.h"
#include "pack/replay_log.h"
#include "pack/stage.h"

enum { BLOCKS_AT_ONCE = 256 };

static errcode_t swallow(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
	return 0;
}

static errcode_t hold_and_open(struct edit *e, const char *path)
{
	errcode_t err = image_hold(&e->held, path, e->diag);

	if (!err && fstat(e->held, &e->st))
		err = diag_error(e->diag, path, errno, "cannot stat");
	return err ? err : image_open_fd(&e->image, e->held, path,
					 e->options->offset, e->diag);
}

/* A log that waits is applied first, as a step of its own. */
static errcode_t apply_log(struct edit *e, const char *path)
{
	const struct replay_log_options o = { .offset = e->options->offset };
	struct emit out;
	errcode_t err;

	image_close(e->image);
	e->image = NULL;
	close(e->held);
	e->held = -1;
	emit_init(&out, swallow, NULL);
	err = replay_log(path, &o, &out, e->diag);
	emit_finish(&out);
	if (err)
		return err;
	diag_note(e->diag, DIAG_NOTE, path, "its journal was not empty and "
		  "was applied first");
	return hold_and_open(e, path);
}

static errcode_t open_copy(struct edit *e, const char *path)
{
	errcode_t err = edit_copy_open(&e->copy, path, e->held, e->options,
				       e->diag, e->build.progress);

	if (err)
		return err;
	e->has_copy = true;
	e->fd = e->copy.fd;
	image_close(e->image);
	e->image = NULL;
	err = image_open_fd(&e->image, e->fd, path, e->options->offset,
			    e->diag);
	return err ? err : image_begin_edit(e->image);
}

/* What the journal says counts for a copy, too, which has the same one. */
static errcode_t check_journal(struct edit *e)
{
	struct journal j;
	errcode_t err;

	if (!image_geometry(e->image)->journal_ino)
		return 0;
	err = journal_open(&j, e->image, NULL);
	if (err)
		return err;
	err = replay_check_idle(&j);
	if (!err && j.super.error)
		err = diag_error(e->diag, image_path(e->image),
				 E4PACK_ET_BAD_IMAGE, "its journal has noted "
				 "an error: run e2fsck first");
	journal_release(&j);
	return err;
}

static errcode_t open_image(struct edit *e, const char *path)
{
	errcode_t err = hold_and_open(e, path);

	if (!err && image_geometry(e->image)->needs_recovery)
		err = apply_log(e, path);
	if (!err)
		err = image_begin_edit(e->image);
	if (!err)
		err = check_journal(e);
	e->fd = e->held;
	return !err && e->options->whole_copy ? open_copy(e, path) : err;
}

static errcode_t init_tree(struct edit *e)
{
	const struct e4pack_options *o = e->options;
	struct timestamp now = { .sec = e->now };
	struct tree_options t = {
		.diag = e->diag, .default_time = now,
		.touch = true, .list_changes = true,
		.keep_dir_symlinks = o->keep_dir_symlinks,
		.times_source = o->times == E4PACK_TIMES_SOURCE,
		.set_times = o->times == E4PACK_TIMES_FIXED,
		.time = { .sec = o->time_sec },
		.block_size = e->format.block_size,
		.image = &edit_load_image, .image_arg = &e->load,
	};

	edit_load_init(&e->load, e->image, &e->changes, &e->build.tree,
		       e->diag);
	return tree_init(&e->build.tree, &e->build.delay, &t);
}

/* Open the log, and choose its features.  A trace begins with it. */
static errcode_t open_journal(struct edit *e)
{
	uint8_t super[SUPER_BYTES];
	struct journal_io io;
	errcode_t err;

	if (e->journal.map.blocks)
		return 0;
	e->file = (struct journal_file){
		.fd = e->fd, .offset = e->options->offset,
		.path = image_path(e->image), .diag = e->diag,
	};
	journal_io_file(&io, &e->file);
	err = journal_open(&e->journal, e->image, &io);
	if (err)
		return err;
	group_edit_super(e->groups, super, e->now);
	commit_prepare(&e->journal, super);
	e->journal.place.trace = e->build.delay.trace;
	if (trace_on(e->journal.place.trace))
		commit_trace_start(&e->handle, &e->journal);
	return 0;
}

static errcode_t begin(struct edit *e)
{
	struct delay *d = &e->build.delay;
	errcode_t err;

	image_format(e->image, &e->format);
	changes_init(&e->changes, e->image);
	e->ibody = calloc(1, e->format.inode_size);
	e->data = calloc(1, INLINE_HEAD + (size_t)e->format.inode_size);
	if (!e->ibody || !e->data)
		return diag_nomem(e->diag);
	err = group_edit_new(&e->groups, &e->changes);
	if (!err)
		err = edit_space_init(&e->space, e->groups,
				      image_geometry(e->image), e->diag);
	if (err)
		return err;
	delay_init(d, e->format.block_bits, e->format.cluster_bits);
	err = build_open_trace(&e->build, image_path(e->image));
	if (err)
		return err;
	mballoc_set_trace(e->space.mb, d->trace, d->cluster_bits);
	e->space.trace = d->trace;
	d->no_unwritten = !e->format.extents;
	d->inline_max = inline_max(&e->format);
	d->reserve.free = group_edit_all_clusters(e->groups);
	err = init_tree(e);
	if (err)
		return err;
	e->space.load = &e->load;
	e->live = (struct live){
		.options = e->options, .format = &e->format, .diag = e->diag,
		.tree = &e->build.tree, .space = &edit_space_ops,
		.space_arg = &e->space, .keep_touched = true,
	};
	e->build.live = &e->live;
	if (trace_on(d->trace) && !e->has_copy && image_has_journal(e->image))
		err = open_journal(e);
	return err ? err : live_begin(&e->live);
}

/* Write the new blocks, neighbours at once. */
static errcode_t write_new(struct edit *e)
{
	const struct image_geometry *geo = image_geometry(e->image);
	const struct blockio io = {
		.fd = e->fd, .block_size = geo->block_size,
		.blocks = geo->blocks, .offset = e->options->offset,
	};
	uint8_t *buffer = malloc((size_t)BLOCKS_AT_ONCE << geo->block_bits);
	const struct change *b = changes_from(&e->changes, 0, true);
	errcode_t err = buffer ? 0 : diag_nomem(e->diag);

	while (!err && b) {
		uint64_t start = b->pblk, n = 0;

		while (b && n < BLOCKS_AT_ONCE && b->pblk == start + n) {
			memcpy(buffer + (n++ << geo->block_bits), b->data,
			       geo->block_size);
			b = changes_from(&e->changes, b->pblk + 1, true);
		}
		err = blockio_write(&io, start, n, buffer);
		if (err)
			diag_error(e->diag, image_path(e->image), err,
				   "cannot be written");
	}
	free(buffer);
	return err;
}

/* The changed blocks as the journal wants them, without the superblock's. */
static errcode_t list_changed(struct edit *e, struct logged_block **ret,
			      size_t *n)
{
	struct logged_block *list = calloc(e->changes.n_old + 1,
					   sizeof(*list));
	const struct change *b;

	if (!list)
		return diag_nomem(e->diag);
	*n = 0;
	for (b = changes_from(&e->changes, 0, false); b;
	     b = changes_from(&e->changes, b->pblk + 1, false))
		list[(*n)++] = (struct logged_block){ b->pblk, b->data };
	*ret = list;
	return 0;
}

/* An edit that its log cannot hold is refused before anything is written. */
static errcode_t check_log(struct edit *e, const struct journal *j, size_t n)
{
	uint64_t need = commit_log_blocks(j, n), have = journal_capacity(j);

	if (need <= have)
		return 0;
	return diag_error(e->diag, image_path(e->image), E4PACK_ET_NO_SPACE,
			  "the edit needs %llu blocks of journal, there are "
			  "%llu: use --whole-copy, or make smaller edits",
			  (unsigned long long)need, (unsigned long long)have);
}

static const char *state_text(const struct edit *e)
{
	/* The folder shows the copy, and its disk may not know of that. */
	if (e->copy.renamed && e->state == COMMIT_OLD)
		return "the new tree; the old one may be back after a power "
		       "loss";
	switch (e->state) {
	case COMMIT_OLD:
		return "the image is as it was";
	case COMMIT_UNKNOWN:
		return "outcome unknown, exactly the old or the new tree: run "
		       "\"e4pack journal\"";
	case COMMIT_PENDING:
		return "committed, recovery pending: the new tree";
	default:
		return "committed: the new tree";
	}
}

/* Write what is new, and carry the rest out through the log. */
static errcode_t commit(struct edit *e)
{
	struct journal *j = &e->journal;
	uint8_t super[SUPER_BYTES];
	struct logged_block *blocks = NULL;
	struct commit c = {
		.journal_only = e->options->journal_only,
		.time = { .sec = e->now },
	};
	errcode_t err;

	group_edit_super(e->groups, super, e->now);
	c.super = super;
	err = list_changed(e, &blocks, &c.n);
	c.blocks = blocks;
	if (!err)
		err = check_log(e, j, c.n);
	if (!err)
		err = edit_write_data(e);
	if (!err)
		err = write_new(e);
	if (!err) {
		err = commit_run(&c, j);
		e->state = c.state;
	}
	free(blocks);
	return err;
}

static errcode_t through_journal(struct edit *e, const char *path)
{
	errcode_t err;

	if (!image_has_journal(e->image))
		return diag_error(e->diag, path, E4PACK_ET_UNSUPPORTED,
				  "has no journal: use --whole-copy");
	err = open_journal(e);
	return err ? err : commit(e);
}

static errcode_t into_copy(struct edit *e)
{
	errcode_t err = edit_write_data(e);

	if (!err)
		err = write_new(e);
	if (!err)
		err = edit_copy_write(e);
	if (!err) {
		e->has_copy = false;
		err = target_commit(&e->copy);
	}
	if (!err)
		e->state = COMMIT_DONE;
	return err;
}

static errcode_t finish(struct edit *e, const char *path)
{
	const unsigned int told = e->diag->errors;
	errcode_t err = live_settle(&e->live);

	if (!err)
		err = edit_settle_inline(e);
	if (!err)
		err = live_sync(&e->live);
	if (err && told == e->diag->errors)
		diag_error(e->diag, path, err, NULL);
	if (err)
		return err;
	if (e->live.n_touched)
		err = edit_flush(e);
	/* The superblock is one more. */
	if (!err)
		commit_trace_stop(&e->handle, &e->journal, e->live.n_touched ?
				  e->changes.n_old + 1 : 0);
	if (err || !e->live.n_touched || e->options->dry_run)
		return err;
	return e->has_copy ? into_copy(e) : through_journal(e, path);
}

/* Say what the image is, behind what was said of the failure.  Whoever ends
 * the program is told by its status. */
static void tell_state(const struct edit *e, const char *path, errcode_t err)
{
	if (!err || e->options->dry_run ||
	    (err == E4PACK_ET_INTERRUPTED && e->state == COMMIT_OLD))
		return;
	diag_note(e->diag, DIAG_WARNING, path, "%s", state_text(e));
}

static void release(struct edit *e)
{
	live_release(&e->live);
	edit_load_release(&e->load);
	if (e->build.tree.root)
		tree_release(&e->build.tree);
	delay_release(&e->build.delay);
	edit_space_release(&e->space);
	group_edit_free(e->groups);
	journal_release(&e->journal);
	if (e->changes.image)
		changes_release(&e->changes);
	image_close(e->image);
	if (e->has_copy)
		target_abort(&e->copy);
	if (e->held >= 0)
		close(e->held);
	free(e->xattrs);
	free(e->values);
	free(e->ibody);
	free(e->data);
}

errcode_t edit_image(const struct e4pack_options *options, const char *path,
		     const struct build_stager *stager, struct diag *diag,
		     struct progress *progress)
{
	struct edit e = {
		.options = options, .diag = diag, .held = -1,
		.build = { .options = options, .diag = diag,
			   .progress = progress },
		.now = options->has_epoch ? options->epoch : time(NULL),
	};
	errcode_t err = open_image(&e, path);
	const bool opened = !err;

	e.build.edited = &e.st;
	if (!err)
		err = begin(&e);
	if (!err)
		err = stager->stage(stager->arg, &e.build);
	if (!err)
		err = progress_check(progress);
	if (!err)
		err = finish(&e, path);
	err = build_close_trace(&e.build, err);
	if (opened)
		tell_state(&e, path, err);
	release(&e);
	return err;
}

struct source_list {
	const char *const *specs;
	size_t n;
};

static errcode_t stage_all(void *arg, struct build *b)
{
	const struct source_list *l = arg;

	return stage_sources(b, l->specs, l->n);
}

errcode_t pack_add(const struct e4pack_options *options, const char *path,
		   const char *const *sources, size_t n, struct diag *diag,
		   struct progress *progress)
{
	struct source_list l = { sources, n };
	const struct build_stager stager = { .stage = stage_all, .arg = &l };

	return edit_image(options, path, &stager, diag, progress);
}
