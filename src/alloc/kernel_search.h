/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search of kernel mode: from a normalised goal to a free extent. */
#ifndef E4PACK_ALLOC_KERNEL_SEARCH_H
#define E4PACK_ALLOC_KERNEL_SEARCH_H

#include <stdbool.h>

#include "alloc/free_runs.h"
#include "alloc/group.h"
#include "alloc/mballoc_kernel.h"

/* One search.  The first part is filled in by the caller. */
struct kernel_search {
	struct group_set *groups;
	const struct free_runs *free;	/* to make buddies from */
	struct request_extent original;
	struct request_goal goal;
	bool data;			/* for a regular file */
	bool by_order;			/* optimize_scan */
	uint32_t *stream_group;		/* where the last stream went, or
					 * NULL: this is no stream */

	struct group_run best;		/* found so far; len 0: nothing */
	enum criteria criteria;
	uint32_t wanted;		/* clusters looked for now */
	uint32_t order;			/* log2 of a goal of 2^order */
	uint32_t found;			/* extents looked at */
	uint32_t scanned;		/* groups searched */
	bool done;			/* nothing better is looked for */
};

/* Find a free extent; its length is that of the goal at most.  Nothing is
 * marked.  Return: 0 with it in @s->best; ENOMEM; E4PACK_ET_NO_SPACE. */
errcode_t kernel_search_run(struct kernel_search *s);

#endif
