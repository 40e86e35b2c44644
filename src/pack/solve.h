/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of plan_solve(): the search for sizes, in blocks. */
#ifndef E4PACK_PACK_SOLVE_H
#define E4PACK_PACK_SOLVE_H

#include "pack/plan.h"

/* How the inodes follow from the size; fixed for one search. */
struct solver {
	struct plan *p;
	uint64_t unit;		/* blocks of a cluster; all sizes are multiples
				 * of it */
	uint64_t limit;		/* blocks */
	uint64_t percent_e6;	/* inodes over the least: percent, times 10^6 */
	uint64_t need;		/* of the last frame tried */
	uint32_t groups, group_blocks;	/* of the same */
};

/* Down to whole clusters. */
static inline uint64_t solver_whole(const struct solver *s, uint64_t blocks)
{
	return blocks - blocks % s->unit;
}

/* Inodes and blocks of the journal that go with @blocks. */
uint64_t solver_inodes(const struct solver *s, uint64_t blocks);
uint64_t solver_journal(const struct plan *p, uint64_t blocks);

/* Blocks that the tree takes in any frame. */
uint64_t solver_tree_blocks(const struct plan *p);

/* Make the frame of @blocks and see what it needs.
 * Return: 0 with @g to geometry_release(); as geometry_init();
 * E4PACK_ET_INTERRUPTED. */
errcode_t solver_frame(struct solver *s, uint64_t blocks, struct geometry *g);

/* Try exactly @blocks; on success the plan has the solution.
 * Return: 0; E4PACK_ET_TOO_SMALL: no frame of exactly that size;
 * E4PACK_ET_NO_SPACE: need is over it; E4PACK_ET_SCATTERED; other codes. */
errcode_t solver_try(struct solver *s, uint64_t blocks);

/* Find the least size at or over @from that does; the plan has the solution.
 * Return: 0; E4PACK_ET_NO_SPACE or E4PACK_ET_SCATTERED: none up to the limit;
 * other codes. */
errcode_t solver_search(struct solver *s, uint64_t from, uint64_t *ret);

#endif
