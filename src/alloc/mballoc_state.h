/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the multi-block allocator share; for them alone. */
#ifndef E4PACK_ALLOC_MBALLOC_STATE_H
#define E4PACK_ALLOC_MBALLOC_STATE_H

#include "alloc/free_runs.h"
#include "alloc/mballoc.h"

struct mballoc {
	struct free_runs free;
	struct run *gaps;	/* all that was free at first, ascending */
	size_t n_gaps;
	uint64_t used;		/* blocks handed out and not given back */
	uint64_t requests;	/* served so far */
	uint32_t group_blocks;	/* blocks of a block group */
	uint32_t first_block;	/* of group 0 */
};

#endif
