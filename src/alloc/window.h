/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of free runs that only metadata parts; for the multi-block allocator
 * alone. */
#ifndef E4PACK_ALLOC_WINDOW_H
#define E4PACK_ALLOC_WINDOW_H

#include "alloc/free_runs.h"
#include "alloc/mballoc.h"

/* A row of free runs with nothing but metadata between them. */
struct window {
	struct free_run *first, *last;
	uint64_t blocks;	/* of all its runs */
	uint64_t extents;	/* of all its runs, each taken whole */
};

/* A window and how much of its first run is taken. */
struct window_choice {
	struct window window;
	uint64_t head;		/* blocks from the end of the first run */
	uint64_t extents;	/* what all pieces cost; 0: nothing chosen */
};

/* Extents that describe a run of @blocks. */
uint64_t window_extents(uint64_t blocks);

/* The window of the fewest extents for @len blocks, which no run holds; its
 * extents are 0 where there is none. */
struct window_choice window_choose(const struct mballoc *mb, uint64_t len);

/* Append the runs that @c gives for @len blocks.  Return: 0 or ENOMEM. */
errcode_t window_plan(struct run_list *plan, const struct window_choice *c,
		      uint64_t len);

#endif
