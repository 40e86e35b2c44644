/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of a build, whatever stages the tree: settle the options, stage,
 * plan, flush, show.  On a live image the frame comes before staging. */
#ifndef E4PACK_PACK_BUILD_H
#define E4PACK_PACK_BUILD_H

#include "base/diag.h"
#include "base/progress.h"
#include "base/target.h"
#include "e4pack.h"
#include "pack/live_frame.h"
#include "pack/plan.h"

/* One build while it runs. */
struct build {
	const struct e4pack_options *options;
	struct diag *diag;
	struct progress *progress;
	struct target target;
	bool has_target;	/* false: only planned */
	struct delay delay;
	struct tree tree;
	struct live_frame frame;	/* where the image is live */
	struct live *live;	/* that of the frame; NULL: it is not */
	struct plan plan;
	const struct stat *edited;	/* the image that is there already, or
					 * NULL for a new one */
};

/* What helps an image that is too small: @option for a new one. */
const char *build_remedy(const struct build *b, const char *option);

/* Fills b->tree, with a build_settle() after each step.  Reports. */
typedef errcode_t build_stage(void *arg, struct build *b);

/* What stages the tree. */
struct build_stager {
	build_stage *stage;
	void *arg;
	bool live;	/* it wants places before the end */
};

/* Build @image (NULL: only plan) from what @stager puts into the tree.
 * Reports.  Return: 0 with @totals filled, or a code. */
errcode_t build_image(const struct e4pack_options *options, const char *image,
		      const struct build_stager *stager,
		      struct e4pack_totals *totals, struct diag *diag,
		      struct progress *progress);

/* Let b->delay tell its steps to the trace that the options name, if they do;
 * and nothing any more.  Both report.
 * Return: 0, or the failure of the trace; of the second @err before that. */
errcode_t build_open_trace(struct build *b, const char *image);
errcode_t build_close_trace(struct build *b, errcode_t err);

/* Stage the tree that build_image() would make an image of, and no more: @b
 * has options, diag and progress set, in it and in its plan.  Reports.
 * Return: 0 or a code; build_release() in any case. */
errcode_t build_tree(struct build *b, const struct build_stager *stager);
void build_release(struct build *b);

/* Let a live image follow what was staged.  Return: as live_settle(). */
errcode_t build_settle(struct build *b);

#endif
