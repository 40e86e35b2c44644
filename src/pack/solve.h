/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exact size of an image; plan_solve() of plan.h is its door. */
#ifndef E4PACK_PACK_SOLVE_H
#define E4PACK_PACK_SOLVE_H

#include "pack/plan.h"

/* Blocks of a frame with the fewest inodes that are left for the tree when
 * the whole image has @bytes; 0 when no frame is that small.  For refusing
 * while staging what can never fit. */
uint64_t solve_room(const struct geometry_options *frame_options,
		    const struct e4pack_options *options, uint64_t bytes);

#endif
