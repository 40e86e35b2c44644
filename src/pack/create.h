/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image from sources. */
#ifndef E4PACK_PACK_CREATE_H
#define E4PACK_PACK_CREATE_H

#include "base/diag.h"
#include "base/progress.h"
#include "e4pack.h"

struct build;

/* Build @image (NULL: only plan) from @n sources.  Reports.
 * Return: 0 with @totals filled, or a code. */
errcode_t pack_create(const struct e4pack_options *options, const char *image,
		      const char *const *sources, size_t n,
		      struct e4pack_totals *totals, struct diag *diag,
		      struct progress *progress);

/* The stager of @n sources: for build_image() and build_tree().  Zero it, then
 * fill in. */
struct source_list {
	const char *const *specs;
	size_t n;
};

/* Stage the struct source_list @arg.  Reports. */
errcode_t create_stage(void *arg, struct build *b);

#endif
