/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names in folders of an image. */
#ifndef E4PACK_REPORT_LS_H
#define E4PACK_REPORT_LS_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"
#include "report/listing.h"

/* Zero it, then fill in what is wanted. */
struct ls_options {
	const char *const *paths;	/* globs; none: the root */
	size_t n_paths;
	bool json;		/* one document a line and name */
	bool nul;		/* exact full paths, each ended by NUL */
	bool attributes;	/* with mode, owner, size, time, target */
	bool inodes;		/* with inode numbers */
	bool recursive;		/* also what is below */
	bool follow;		/* links that paths end in */
	const struct progress *progress;	/* says when to stop; NULL:
					 * never */
};

/* List what is in each path that is a folder, and each other path itself,
 * those first.  What is damaged is told and passed over.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something was passed over; or as
 * glob_path(); E4PACK_ET_INTERRUPTED (not told) on request. */
errcode_t report_ls(struct image *img, const struct ls_options *options,
		    struct emit *out);

/* Inner, ls_show.c: put the names of @l out, which lie in folder @path: ""
 * for the root, NULL where they are whole paths.  In lines they stand
 * without it unless @nul is wanted.  Return: 0 or the failure of @out. */
errcode_t ls_show(const struct listing *l, const char *path, size_t path_len,
		  const struct ls_options *options, struct emit *out);

/* The line above folder @path, and an empty one before it unless @first. */
void ls_show_heading(const char *path, size_t len, bool first,
		     struct emit *out);

#endif
