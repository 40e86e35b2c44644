// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A live image: blocks get their places while it is filled.
 *
 * What is kept, after each step
 *	free blocks of the allocator = reserve.free - metadata in use
 *	reserve.free	clusters that no data has
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

#include "base/errors.h"
#include "base/trace.h"
#include "delay/writeback.h"
#include "pack/live_inode.h"

bool live_is_needed(const struct e4pack_options *o)
{
	return o->dirty_limit || o->nodelalloc ||
	       o->allocator != E4PACK_BEST_FIT;
}

static struct tree_inode *inode_of(const struct delayed_file *f)
{
	return (struct tree_inode *)((char *)f - offsetof(struct tree_inode,
							  file));
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
	const unsigned int told = l->diag->errors;
	errcode_t err = live_number(l, inode, NULL);

	req.ino = inode->ino;
	if (r->delalloc)
		req.flags |= REQUEST_DELALLOC;
	if (l->closed)
		req.flags |= REQUEST_CLOSED;
	if (r->unwritten)
		req.flags |= REQUEST_UNWRITTEN;
	if (r->exact)
		req.flags |= REQUEST_EXACT;
	if (!err)
		err = l->space->allocate(l->space_arg, out, &req, true);
	/* Reading the groups of an image reports, the rest does not. */
	if (err && err != E4PACK_ET_NO_SPACE && told == l->diag->errors)
		diag_error(l->diag, NULL, err, NULL);
	return err;
}

/* Return: clusters that may be given again. */
static uint64_t release(struct live *l, const struct delayed_file *f,
			uint64_t pblk, uint64_t len)
{
	uint64_t reusable = 0;

	/* It was told once. */
	if (!l->failed)
		l->failed = l->space->release(l->space_arg, inode_of(f), pblk,
					      len, &reusable);
	return reusable >> l->format->cluster_bits;
}

static void take_back(void *arg, const struct delayed_file *f, uint64_t pblk,
		      uint64_t len)
{
	release(arg, f, pblk, len);
}

static void free_blocks(void *arg, const struct delayed_file *f,
			uint64_t pblk, uint64_t len)
{
	struct live *l = arg;

	l->tree->delay->reserve.free += release(l, f, pblk, len);
}

static errcode_t query_blocks(void *arg, const struct delayed_file *f,
			      struct es_extent *e)
{
	struct live *l = arg;

	return l->space->query(l->space_arg, inode_of(f), e);
}

static void forget_blocks(void *arg, const struct delayed_file *f,
			  uint32_t lblk, uint32_t len)
{
	struct live *l = arg;
	errcode_t err = l->space->forget ?
		l->space->forget(l->space_arg, inode_of(f), lblk, len) : 0;

	if (err && !l->failed)
		l->failed = err;
}

static const struct delay_ops live_ops = {
	.query_blocks = query_blocks,
	.free_blocks = free_blocks,
	.forget_blocks = forget_blocks,
	.allocate = allocate,
	.take_back = take_back,
};

static bool is_dirty(const struct tree_inode *inode)
{
	return inode->links && S_ISREG(inode->mode) &&
	       delayed_file_delayed_blocks(&inode->file);
}

/* @inode was flushed, which ended with @err. */
static errcode_t end_flush(struct live *l, struct tree_inode *inode,
			   errcode_t err)
{
	if (!err)
		live_close(l, inode);
	tree_note_change(l->tree, inode);
	return err ? err : l->failed;
}

static errcode_t flush(struct live *l, struct tree_inode *inode)
{
	errcode_t err;

	if (!is_dirty(inode))
		return 0;
	l->closed = true;
	err = writeback_file(l->tree->delay, &inode->file);
	l->closed = false;
	return end_flush(l, inode, err);
}

/* Folders have nothing to flush: what they hold gets its place at the end. */
static errcode_t sync_file(struct live *l, struct node *n)
{
	struct tree_inode *inode = n->inode;
	struct delay *d = l->tree->delay;
	uint32_t parent = n->parent->inode->ino;
	bool dirty = is_dirty(inode);
	errcode_t err;

	if (S_ISDIR(inode->mode)) {
		TRACE(d->trace, TRACE_SYNC_FILE_ENTER, inode->ino, parent, 0);
		TRACE(d->trace, TRACE_SYNC_FILE_EXIT, inode->ino, 0);
	}
	if (!S_ISREG(inode->mode))
		return 0;
	l->closed = true;
	err = writeback_sync_file(d, &inode->file, parent);
	l->closed = false;
	return dirty ? end_flush(l, inode, err) : err;
}

errcode_t live_fsync(struct live *l, struct node *n)
{
	uint64_t claimed = l->tree->delay->reserve.claimed_total;
	errcode_t err = live_settle(l);

	if (!err)
		err = sync_file(l, n);
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

void live_close(struct live *l, struct tree_inode *inode)
{
	if (l->space->close && !inode->file.es.reserved)
		l->space->close(l->space_arg, inode);
}

void live_space(const struct live *l, struct live_space *s)
{
	const struct delay *d = l->tree->delay;
	const struct reserve *r = &d->reserve;
	uint64_t free = r->free > l->in_use ? r->free - l->in_use : 0;

	s->free = free << d->cluster_bits;
	s->dirty = delay_dirty_blocks(d);
	s->reserved = s->dirty + ((r->meta - l->in_use) << d->cluster_bits);
}

static void number(void *arg, struct tree_inode *inode,
		   const struct tree_inode *dir)
{
	struct live *l = arg;
	errcode_t err = live_number(l, inode, dir);

	if (err && !l->failed)
		l->failed = err;
}

errcode_t live_begin(struct live *l)
{
	struct delay *d = l->tree->delay;

	l->tree->number = number;
	l->tree->number_arg = l;

	d->ops = &live_ops;
	d->ops_arg = l;
	d->nodelalloc = l->options->nodelalloc;
	d->kernel_requests = l->options->allocator == E4PACK_KERNEL;
	d->reserve.unbounded = false;
	d->reserve.measure = false;
	return live_inodes_settle(l);
}

void live_release(struct live *l)
{
	if (l->tree && l->tree->delay) {
		l->tree->delay->ops = NULL;
		l->tree->number = NULL;
	}
	free(l->inodes);
	free(l->dirty);
	free(l->touched);
	memset(l, 0, sizeof(*l));
}
