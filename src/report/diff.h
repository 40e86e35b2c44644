/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What differs between two images: names, attributes, content, layout. */
#ifndef E4PACK_REPORT_DIFF_H
#define E4PACK_REPORT_DIFF_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"
#include "report/diff_blocks.h"

/* Zero it, then fill in what is wanted. */
struct diff_options {
	bool json;		/* a document a line */
	struct progress *progress;
};

/* What became of a name; the first that holds. */
enum diff_change {
	DIFF_ADDED,		/* only in the second image */
	DIFF_REMOVED,		/* only in the first one */
	DIFF_BY_CONTENT,	/* another type, content or device */
	DIFF_BY_ATTRIBUTES,
	DIFF_BY_LAYOUT,		/* only its blocks lie elsewhere */
	DIFF_SAME,
	DIFF_CHANGES
};

struct diff_result {
	uint64_t names[DIFF_CHANGES];
	struct diff_blocks blocks;
};

/* Tell how image @b differs from image @a, name by name in the order of their
 * paths.  What is damaged is told and passed over.  Reports.
 * Return: 0; E4PACK_ET_ANSWER_NO (not told) when anything differs;
 * E4PACK_ET_BAD_IMAGE when something was passed over; ENOMEM;
 * E4PACK_ET_INTERRUPTED (not told); or as image_read(). */
errcode_t report_diff(struct image *a, struct image *b,
		      const struct diff_options *options, struct emit *out);

/* Inner, diff_show.c: a name that changed, in the @ways of diff_inode.h, and
 * the sums. */
struct diff_row {
	const char *path;	/* NUL-ended */
	enum diff_change change;
	uint32_t ways;
};

void diff_show_row(const struct diff_row *row, bool json, struct emit *out);
void diff_show_sums(const struct diff_result *r, uint32_t block_size,
		    bool json, struct emit *out);

#endif
