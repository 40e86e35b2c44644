/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking objects out of an image. */
#ifndef E4PACK_REPORT_EXTRACT_H
#define E4PACK_REPORT_EXTRACT_H

#include <stdbool.h>

#include "base/progress.h"
#include "image/image.h"
#include "source/archive_write.h"

/* Zero it, then fill in what is wanted. */
struct extract_options {
	const char *const *paths;	/* globs, too; none: everything */
	size_t n_paths;
	const char *directory;	/* where to, or NULL for an archive */
	bool force;		/* replace what is in the way there */
	const char *archive;	/* its name, for messages */
	tar_sink *sink;	/* takes the archive */
	void *sink_arg;
	struct progress *progress;	/* NULL: neither shown nor stopped */
};

/* Take out what is chosen, and the folders above it.  What cannot be the same
 * outside is told in warnings, once a kind.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was passed over;
 * E4PACK_ET_STRICT; E4PACK_ET_INTERRUPTED (told what is left); ENOMEM; what
 * the sink returned, not told; or an errno of the folder. */
errcode_t report_extract(struct image *img, const struct extract_options *o);

#endif
