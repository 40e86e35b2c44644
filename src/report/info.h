/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the superblock, the journal and the groups of an image say. */
#ifndef E4PACK_REPORT_INFO_H
#define E4PACK_REPORT_INFO_H

#include "base/emit.h"
#include "base/progress.h"
#include "base/sheet.h"
#include "image/super_info.h"

/* Zero it, then fill in what is wanted. */
struct info_options {
	bool json;
	bool groups;		/* also each block group */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* Show all figures of the file system, in JSON one document and, with
 * groups, one more a line for each.  What is damaged is told and left out.
 * Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was left out; or as
 * image_peek(); E4PACK_ET_INTERRUPTED (not told) on request. */
errcode_t report_info(struct image *img, const struct info_options *options,
		      struct emit *out);

/* Inner, info_super.c: what the superblock says, but for its journal. */
errcode_t info_show_super(struct sheet *s, const struct super_info *info,
			  const struct image *img);

/* Inner, info_journal.c: where the journal is, and the state of its log.
 * Reports.  Return: 0, E4PACK_ET_BAD_IMAGE, or as image_peek(). */
errcode_t info_show_journal(struct sheet *s, const struct super_info *info,
			    struct image *img);

/* Inner, info_groups.c: each group.  Reports.
 * Return: as report_info(). */
errcode_t info_show_groups(struct image *img,
			   const struct info_options *options,
			   struct emit *out);

#endif
