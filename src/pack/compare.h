/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an image holds what its sources do. */
#ifndef E4PACK_PACK_COMPARE_H
#define E4PACK_PACK_COMPARE_H

#include "base/diag.h"
#include "base/progress.h"
#include "e4pack.h"
#include "image/image.h"

/* Told the first difference of each path: @what in words.  @path begins with
 * '/'.  One call at a time.  Return: 0, or a code that ends the comparison. */
typedef errcode_t compare_differs(void *arg, const char *path,
				  const char *what);

struct compare_options {
	const struct e4pack_options *build;	/* as for create */
	const char *const *sources;
	size_t n;
	compare_differs *differs;
	void *arg;
	struct diag *diag;	/* of the sources; damage of the image goes
				 * where the image's messages go */
	struct progress *progress;
};

/* Compare what create would put into an image with @img: names, types, modes,
 * owners, mtimes, file flags, hard links, attributes, targets, devices and
 * every byte.  Reports.
 * Return: 0 with *@entries the names compared, also where some differ; or as
 * e4pack_create() would fail while it stages; ENOMEM; as image_read(). */
errcode_t pack_compare(struct image *img, const struct compare_options *o,
		       uint64_t *entries);

#endif
