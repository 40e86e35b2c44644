// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flush.  All places are known; what is left is to turn delayed extents
 * into written ones, which claims the reservations, and to write everything
 * once, each kind in ascending order: data, folders and inode tables side by
 * side, then what depends on them, the primary superblock last.
 */
#include "pack/flush.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/tasks.h"
#include "delay/writeback.h"
#include "image/blockstream.h"
#include "image/dirblock.h"
#include "image/super.h"
#include "pack/inode_table.h"
#include "pack/workers.h"

/* What the tasks of one flush share. */
struct flush {
	struct plan *p;
	const struct blockio *io;
	bool zeroed;		/* what is not written reads as zero */
	struct writeback_item *items;	/* the files with data */
	size_t n_items;
	sem_t placed;		/* posted when every file has its place, */
	bool has_places;	/* or when it is known that they have not */
	struct inode_table_result table;
};

static errcode_t place_files(struct plan *p, struct writeback_item *items,
			     size_t *n)
{
	struct es_extent e;
	uint64_t seqs = 0;
	size_t i;

	*n = 0;
	for (i = 0; i < p->n_objects; i++) {
		struct plan_object *o = &p->objects[i];
		const struct run *runs;
		struct run one;
		size_t n_runs;
		errcode_t err;

		if (o->kind != PLAN_FILE)
			continue;
		seqs += delayed_file_seq(plan_file(o));
		runs = plan_runs(p, o, &one, &n_runs);
		err = writeback_place(p->tree->delay, plan_file(o), runs,
				      n_runs);
		if (err)
			return err;
		if (es_next_extent(&plan_file(o)->es, ES_WRITTEN, 0, &e))
			items[(*n)++] = (struct writeback_item){
				.file = plan_file(o), .pblk = e.pblk,
			};
	}
	/* A plan holds for the mappings that it was made for. */
	return seqs == p->seqs ? 0 : E4PACK_ET_STALE;
}

static uint64_t file_blocks(const struct plan *p)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < p->n_objects; i++)
		if (p->objects[i].kind == PLAN_FILE)
			n += p->objects[i].blocks;
	return n;
}

/* Give every file its place; what was promised is claimed by that. */
static errcode_t flush_places(struct flush *f)
{
	struct plan *p = f->p;
	errcode_t err;

	err = place_files(p, f->items, &f->n_items);
	if (!err && p->tree->delay->reserve.dirty)
		err = diag_error(p->diag, NULL, E4PACK_ET_BUG, "blocks are "
				 "still reserved after the flush");
	else if (err)
		err = diag_error(p->diag, NULL, err, NULL);
	f->has_places = !err;
	sem_post(&f->placed);
	return err;
}

static errcode_t flush_data(void *arg)
{
	struct flush *f = arg;
	struct plan *p = f->p;
	const struct writeback_options o = {
		.diag = p->diag, .progress = p->progress,
		.threads = worker_count(p->options), .zeroed = f->zeroed,
		.synced = !p->options->no_sync,
	};
	errcode_t err = flush_places(f);

	if (err)
		return err;
	progress_begin(p->progress, "write",
		       file_blocks(p) << p->format.block_bits);
	return writeback_data(f->io, f->items, f->n_items, &o);
}

/* Write the blocks of one object over its runs. */
static errcode_t put_object(struct plan *p, struct blockstream *s,
			    const struct plan_object *o, const uint8_t *data)
{
	uint64_t left = o->blocks;
	struct run one;
	size_t n, i;
	const struct run *runs = plan_runs(p, o, &one, &n);
	errcode_t err = 0;

	for (i = 0; !err && i < n; i++) {
		uint64_t len = runs[i].len < left ? runs[i].len : left;

		err = blockstream_put(s, runs[i].start, len, data);
		data += len << p->format.block_bits;
		left -= len;
	}
	return err;
}

/* The same for @len bytes, the last block padded with zeros. */
static errcode_t put_padded(struct plan *p, struct blockstream *s,
			    const struct plan_object *o, const void *bytes,
			    size_t len)
{
	uint8_t *block = calloc(o->blocks, p->format.block_size);
	errcode_t err;

	if (!block)
		return ENOMEM;
	memcpy(block, bytes, len);
	err = put_object(p, s, o, block);
	free(block);
	return err;
}

static errcode_t put_dir(struct plan *p, struct blockstream *s,
			 const struct plan_object *o)
{
	struct dir_name *names;
	struct dir_layout layout;
	uint8_t *blocks = NULL;
	errcode_t err;

	err = plan_dir_layout(&layout, &names, o->node, &p->format);
	if (err)
		return err;
	blocks = malloc((size_t)o->blocks << p->format.block_bits);
	if (layout.blocks != o->blocks)
		err = E4PACK_ET_BUG;
	else if (!blocks)
		err = ENOMEM;
	if (!err) {
		dir_encode(&layout, blocks, &p->format, o->node->inode->ino, 0,
			   o->node->parent->inode->ino, names);
		err = put_object(p, s, o, blocks);
	}
	free(blocks);
	dir_layout_release(&layout);
	free(names);
	return err;
}

/* Folders, and the bytes of slow links and attribute values. */
static errcode_t flush_objects(void *arg)
{
	struct flush *f = arg;
	struct plan *p = f->p;
	struct blockstream dirs = { .data = NULL }, small = { .data = NULL };
	size_t i, ea = 0;
	errcode_t err;

	err = blockstream_init(&dirs, f->io);
	if (!err)
		err = blockstream_init(&small, f->io);
	for (i = 0; !err && i < p->n_objects; i++) {
		const struct plan_object *o = &p->objects[i];
		const struct plan_ea *e;
		const struct xattr *x;

		switch (o->kind) {
		case PLAN_DIR:
			err = put_dir(p, &dirs, o);
			break;
		case PLAN_LINK:
			err = put_padded(p, &small, o,
					 o->node->inode->link.target,
					 o->node->inode->link.len);
			break;
		case PLAN_EA:
			e = &p->ea[ea++];
			x = &e->set->set->entries[e->entry];
			err = put_padded(p, &small, o, x->value, x->value_len);
			break;
		case PLAN_FILE:
		case PLAN_JOURNAL:
			break;
		}
	}
	err = blockstream_finish(&dirs, err);
	return blockstream_finish(&small, err);
}

static errcode_t flush_inodes(void *arg)
{
	struct flush *f = arg;

	while (sem_wait(&f->placed) < 0 && errno == EINTR)
		;
	return f->has_places ?
		inode_table_write(f->p, f->io, f->zeroed, &f->table) : 0;
}

/* The journal's first block is its superblock; the others only must not
 * look like a log, which zeros do not. */
static errcode_t flush_journal(struct plan *p, const struct blockio *io,
			       bool zeroed)
{
	const struct plan_object *o = &p->objects[0];
	struct run one;
	size_t n, i;
	const struct run *runs = plan_runs(p, o, &one, &n);
	errcode_t err = 0;

	for (i = 0; !err && !zeroed && i < n; i++)
		err = blockio_zero(io, runs[i].start, runs[i].len);
	if (!err && n)
		err = super_journal(&p->geometry, io, runs[0].start,
				    o->blocks);
	return err;
}

/* What the others leave: the journal, bitmaps, descriptors, backups. */
static errcode_t flush_groups(struct flush *f)
{
	struct plan *p = f->p;
	struct image_usage usage = {
		.free = p->free.runs, .n_free = p->free.n,
		.inodes = f->table.in_use, .last_ino = p->last_ino,
		.dirs = f->table.dirs,
	};
	errcode_t err = flush_journal(p, f->io, f->zeroed);

	if (err)
		return err;
	if (p->journal_blocks) {
		usage.journal_i_block = f->table.journal_i_block;
		usage.journal_bytes = p->journal_blocks <<
				      p->format.block_bits;
	}
	return super_write_groups(&p->geometry, f->io, &usage);
}

/* All but the primary superblock. */
static errcode_t flush_all(struct flush *f)
{
	struct task tasks[] = {
		{ .run = flush_data, .arg = f },
		{ .run = flush_objects, .arg = f },
		{ .run = flush_inodes, .arg = f },
	};
	errcode_t err = tasks_run(tasks, sizeof(tasks) / sizeof(tasks[0]),
				  worker_count(f->p->options) > 1);

	if (err)
		return err;
	progress_begin(f->p->progress, "finish", 0);
	return flush_groups(f);
}

/* In place there is no rename to part what is written before it from what is
 * written after it: the disk has to be waited for. */
static errcode_t barrier(const struct target *t)
{
	return t->in_place && t->options.sync ? io_fsync(t->fd) : 0;
}

/* A new file gets the length of the image; in place, an old file only grows
 * to it, and what is a file system there now ceases to be one. */
static errcode_t begin_image(const struct target *t, const struct blockio *io)
{
	uint64_t end = io->blocks * io->block_size;
	struct stat st;
	errcode_t err;

	if (__builtin_add_overflow(end, io->offset, &end) || end > INT64_MAX)
		return EFBIG;
	if (!t->is_device) {
		if (fstat(t->fd, &st) < 0)
			return errno;
		err = (uint64_t)st.st_size < end ? io_resize(t->fd, end) : 0;
		if (err)
			return err;
	}
	err = t->in_place ? super_wipe(io) : 0;
	return err ? err : barrier(t);
}

errcode_t flush_image(struct plan *p, struct target *target)
{
	struct blockio io = {
		.fd = target->fd, .block_size = p->format.block_size,
		.blocks = p->geometry.blocks,
		.offset = target->options.offset,
	};
	struct flush f = { .p = p, .io = &io,
			   .zeroed = target->discarded_zero };
	unsigned int told;
	errcode_t err;

	p->format = p->geometry.format;
	err = begin_image(target, &io);
	if (err)
		return diag_error(p->diag, target->path, err,
				  "cannot be written");
	told = p->diag->errors;
	f.items = calloc(p->n_objects, sizeof(*f.items));
	if (!f.items)
		return diag_nomem(p->diag);
	sem_init(&f.placed, 0, 0);
	err = flush_all(&f);
	if (!err)
		err = barrier(target);
	if (!err)
		err = super_write_primary(&p->geometry, &io);
	/* Who reads data has told of it; a stop was asked for. */
	if (err && err != E4PACK_ET_INTERRUPTED && p->diag->errors == told)
		diag_error(p->diag, target->path, err, err < 256 ?
			   "metadata cannot be written" : NULL);
	free(f.items);
	inode_table_result_release(&f.table);
	sem_destroy(&f.placed);
	return err;
}
