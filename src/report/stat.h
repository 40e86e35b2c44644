/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that the inode of a path says. */
#ifndef E4PACK_REPORT_STAT_H
#define E4PACK_REPORT_STAT_H

#include "base/emit.h"
#include "base/progress.h"
#include "base/sheet.h"
#include "image/read_inode.h"

/* Zero it, then fill in what is wanted. */
struct stat_options {
	const char *const *paths;
	size_t n_paths;
	bool json;		/* one document a line and path */
	bool follow;		/* links that paths end in */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* Show each path.  What is damaged is told and left out.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was left out; or as
 * resolve_path(); E4PACK_ET_INTERRUPTED (not told) on request. */
errcode_t report_stat(struct image *img, const struct stat_options *options,
		      struct emit *out);

/* Inner, stat_xattr.c: put the attributes of @i into @s.  Reports.
 * Return: as read_xattrs(). */
errcode_t stat_show_xattrs(struct sheet *s, struct image *img,
			   const struct inode_info *i);

#endif
