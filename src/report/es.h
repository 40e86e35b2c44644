/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The extent status of files: which blocks, where, in what state. */
#ifndef E4PACK_REPORT_ES_H
#define E4PACK_REPORT_ES_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"

/* Zero it, then fill in what is wanted. */
struct es_options {
	const char *const *paths;	/* files and folders; none: all */
	size_t n_paths;
	bool json;		/* one document a line */
	unsigned int width;	/* columns of the terminal; 0: none */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* Tell the extents of regular files: of each path, below a folder of every
 * file, each inode once.  A file that is damaged is told as such and passed
 * over.  All paths are looked up before anything is put out.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was passed over;
 * E4PACK_ET_BAD_TYPE for a path that is neither file nor folder; or as
 * resolve_path(); E4PACK_ET_INTERRUPTED (not told) on request. */
errcode_t report_es(struct image *img, const struct es_options *options,
		    struct emit *out);

#endif
