/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of a build, whatever stages the tree: settle the options, stage,
 * plan, flush, show. */
#ifndef E4PACK_PACK_BUILD_H
#define E4PACK_PACK_BUILD_H

#include "base/diag.h"
#include "base/progress.h"
#include "base/target.h"
#include "e4pack.h"
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
	struct plan plan;
};

/* Fills b->tree.  Reports. */
typedef errcode_t build_stage(void *arg, struct build *b);

/* Build @image (NULL: only plan) from what @stage puts into the tree.
 * Reports.  Return: 0 with @totals filled, or a code. */
errcode_t build_image(const struct e4pack_options *options, const char *image,
		      build_stage *stage, void *arg,
		      struct e4pack_totals *totals, struct diag *diag,
		      struct progress *progress);

#endif
