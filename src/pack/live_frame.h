/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A new image that is live: its frame is made before it is filled. */
#ifndef E4PACK_PACK_LIVE_FRAME_H
#define E4PACK_PACK_LIVE_FRAME_H

#include "image/geometry.h"
#include "pack/live.h"

struct plan;

struct live_frame {
	struct live live;
	struct geometry geometry;
	struct mballoc *mb;
	struct run_list journal;	/* where it lies */
	uint32_t journal_blocks;
	uint64_t resize_pblk;	/* the resize inode's block, or 0 */
	uint32_t next_ino;	/* no number from here on is in use */
	uint32_t *unused;	/* numbers below it that are not: a heap with
				 * the least on top */
	size_t n_unused, cap_unused;
};

/* Make the frame that @frame describes, of the absolute size in @options, and
 * let @tree, empty but for what tree_finish() makes, and its delay use it.
 * Everything given must outlive @f.  Reports.
 * Return: 0, or a code; live_frame_release() in any case. */
errcode_t live_frame_init(struct live_frame *f,
			  const struct geometry_options *frame,
			  const struct e4pack_options *options,
			  struct tree *tree, struct diag *diag);
void live_frame_release(struct live_frame *f);

/* Serve the whole of @req, which is metadata, in as many runs as it takes.
 * Return: 0 or as mballoc_best_fit(), nothing changed then. */
errcode_t live_frame_allocate(struct live_frame *f, struct run_list *out,
			      const struct alloc_request *req);

/* plan_solve() of a live image, whose frame becomes that of @p.  Reports. */
errcode_t live_frame_solve(struct live_frame *f, struct plan *p);

#endif
