/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path to its inode, and from inodes back to their paths. */
#ifndef E4PACK_REPORT_RESOLVE_H
#define E4PACK_REPORT_RESOLVE_H

#include "base/buf.h"
#include "image/read_inode.h"

/* Find @path from the root of the image, with or without a '/' in front.
 * Links on the way are followed inside of the image, one at the end only
 * where a '/' follows it.  @canonical gets the path in the form of struct
 * walk_item, links and ".." resolved; it may be NULL.  Reports, with @path
 * as the subject.  Return: 0, ENOENT, ENOTDIR, ELOOP, ENOMEM, or as
 * read_dir(). */
errcode_t resolve_path(struct inode_info *ret, struct buf *canonical,
		       struct image *img, const char *path);

enum {
	RESOLVE_FOLLOW = 1,	/* follow a link at the end, too */
	RESOLVE_QUIET = 2,	/* do not tell ENOENT, ENOTDIR and ELOOP */
};

/* As resolve_path(), with flags. */
errcode_t resolve_path_flags(struct inode_info *ret, struct buf *canonical,
			     struct image *img, const char *path,
			     unsigned int flags);

/* An inode whose path is wanted. */
struct sought_path {
	uint32_t ino;
	char *path;	/* the first one in order, to free(); NULL: none */
};

/* Find a path for each of @n inodes, walking the folders until all are
 * found.  @list comes sorted by ino, path NULL.  Reports.
 * Return: 0, also where some have none, or as walk_tree(); paths found
 * until then stand. */
errcode_t resolve_inodes(struct sought_path *list, size_t n,
			 struct image *img);

#endif
