/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of an image in which '*', '?' and '[...]' stand for names. */
#ifndef E4PACK_REPORT_GLOB_H
#define E4PACK_REPORT_GLOB_H

#include "image/read_inode.h"

/* Called for each path found: @path, which has @len bytes and the form of
 * struct walk_item, and its inode.  A code other than 0 ends it. */
typedef errcode_t glob_visit(void *arg, const char *path, size_t len,
			     const struct inode_info *i);

/* Visit what @pattern names.  Without a glob in it that is one path, which
 * must be there.  Else it is all whose names match, sorted by their bytes, of
 * which there must be one; as in the shell a '.' in front of a name is
 * matched by itself only, and a '\' takes the next byte as it is.  A name
 * also matches the pattern that is spelled like it.  @follow: a link that a
 * path ends in stands for its target.  Reports.
 * Return: 0; ENOENT; E4PACK_ET_TOO_BIG for more than 2^22 matches; what
 * @visit returned; E4PACK_ET_BAD_IMAGE when something was passed over; or as
 * resolve_path(). */
errcode_t glob_path(struct image *img, const char *pattern, bool follow,
		    glob_visit *visit, void *arg);

#endif
