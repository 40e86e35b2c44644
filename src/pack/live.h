/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that takes form while it is filled: its frame and its free space
 * are there from the beginning, so that blocks can be allocated before the
 * end.  See live.c for what is kept.
 */
#ifndef E4PACK_PACK_LIVE_H
#define E4PACK_PACK_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "alloc/mballoc.h"
#include "base/diag.h"
#include "e4pack.h"
#include "image/geometry.h"
#include "tree/tree.h"

struct plan;

/* What is kept of an inode beside the tree, by its number. */
struct live_inode {
	uint32_t promised;	/* metadata blocks in reserve.meta */
	uint32_t in_use;	/* those of them that it has by now */
	bool dirty;		/* is in the list of dirty files */
};

struct live {
	const struct e4pack_options *options;
	struct diag *diag;
	struct tree *tree;
	struct geometry geometry;
	struct mballoc *mb;
	struct run_list journal;	/* where it lies */
	uint64_t resize_pblk;	/* the resize inode's block, or 0 */
	bool closed;		/* who allocates has no file open */
	errcode_t failed;	/* what a step that cannot fail met */

	struct live_inode *inodes;	/* by number */
	uint32_t cap_inodes;
	uint32_t next_ino;	/* no number from here on is in use */
	uint32_t *unused;	/* numbers below it that are not: a heap with
				 * the least on top */
	size_t n_unused, cap_unused;

	struct tree_inode **dirty;	/* files in the order in which they
					 * became so */
	size_t n_dirty, cap_dirty;
	uint64_t in_use;	/* metadata blocks of all inodes */
	uint64_t flushes;	/* passes that placed something */
};

/* Whether these options need an image that is live. */
bool live_is_needed(const struct e4pack_options *o);

/* Make the frame that @frame describes, of the absolute size in @options, and
 * let @tree, empty but for what tree_finish() makes, and its delay use it.
 * Everything given must outlive @l.  Reports.
 * Return: 0 with @l to live_release(), or a code (release too). */
errcode_t live_init(struct live *l, const struct geometry_options *frame,
		    const struct e4pack_options *options, struct tree *tree,
		    struct diag *diag);
void live_release(struct live *l);

/* Settle what changed since the last call: new inodes get their numbers,
 * metadata its promise, and what is over the dirty limit its place.  To be
 * called after each step that stages something.
 * Return: 0; E4PACK_ET_NO_SPACE; E4PACK_ET_NO_INODES; ENOMEM; a program
 * error. */
errcode_t live_settle(struct live *l);

/* Give all delayed blocks of @inode, or of every file, their places.
 * Return: as live_settle(). */
errcode_t live_fsync(struct live *l, struct tree_inode *inode);
errcode_t live_sync(struct live *l);

/* Nothing is allocated for data any more: nothing is kept ahead. */
void live_finish(struct live *l);

/* A file is not open any more: the kernel gives up what it had allocated
 * ahead for it. */
void live_close(struct live *l, struct tree_inode *inode);

/* Serve the whole of @req, in as many runs as it takes.
 * Return: 0 or as mballoc_best_fit(), nothing changed then. */
errcode_t live_allocate(struct live *l, struct run_list *out,
			const struct alloc_request *req);

/* plan_solve() of a live image, whose frame becomes that of @p.  Reports. */
errcode_t live_solve(struct live *l, struct plan *p);

/* Blocks, as df shows them. */
struct live_space {
	uint64_t free;		/* that nothing has */
	uint64_t dirty;		/* promised to delayed data */
	uint64_t reserved;	/* promised in all: dirty, and metadata that
				 * comes with it */
};

void live_space(const struct live *l, struct live_space *s);

#endif
