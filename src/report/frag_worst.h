/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few files of an image with the most extents to save. */
#ifndef E4PACK_REPORT_FRAG_WORST_H
#define E4PACK_REPORT_FRAG_WORST_H

#include <stdbool.h>

#include <et/com_err.h>

#include "report/frag_count.h"

struct frag_file {
	struct frag_counts counts;
	uint64_t size;		/* bytes */
	uint32_t ino;
	bool damaged;		/* not to be read: the counts are 0 */
	char *path;		/* NULL: not known; owned by the list */
};

/* Keeps the worst @max files it is shown.  Zero it and set @max. */
struct frag_worst {
	struct frag_file *files;	/* a heap, the least bad in front,
					 * until frag_worst_sort() */
	size_t n, cap, max;
};

void frag_worst_release(struct frag_worst *w);

/* Show a file to the list.  @f is copied; its path is to be NULL.
 * Return: 0 or ENOMEM. */
errcode_t frag_worst_add(struct frag_worst *w, const struct frag_file *f);

/* Sort the files, the worst first, equal ones by inode number.  Nothing can
 * be added after it. */
void frag_worst_sort(struct frag_worst *w);

/* Sort the files by inode number, as resolve_inodes() wants them. */
void frag_worst_sort_by_ino(struct frag_worst *w);

#endif
