/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The content of files of an image. */
#ifndef E4PACK_REPORT_CAT_H
#define E4PACK_REPORT_CAT_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"

/* Zero it, then fill in what is wanted. */
struct cat_options {
	const char *const *paths;
	size_t n_paths;
	bool follow;		/* links that paths end in */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* Put the bytes of each file out, one after the other, holes as zeros.  All
 * paths are looked up before anything is put out.  Reports.
 * Return: 0; EISDIR; E4PACK_ET_BAD_TYPE for what has no content;
 * E4PACK_ET_UNSUPPORTED for an encrypted file; or as resolve_path() and
 * read_file(); E4PACK_ET_INTERRUPTED (not told) on request. */
errcode_t report_cat(struct image *img, const struct cat_options *options,
		     struct emit *out);

#endif
