/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to the parameters of a file system, checked. */
#ifndef E4PACK_PACK_FRAME_H
#define E4PACK_PACK_FRAME_H

#include "base/diag.h"
#include "e4pack.h"
#include "image/geometry.h"

/* Fill @f and what of @fmt does not depend on the size.
 * Reports.  Return: 0, or E4PACK_ET_USAGE for a value out of range or a
 * combination that cannot be. */
errcode_t frame_settle(struct geometry_options *f, struct format *fmt,
		       const struct e4pack_options *o, struct diag *diag);

/* Inodes that a file system of @blocks is to have: what @wish says, and at
 * least @least.  @percent_e6 is the headroom over the least that the default
 * gives, in millionths of a percent. */
uint64_t frame_inodes(const struct geometry_options *f,
		      const struct e4pack_inodes *wish, uint64_t blocks,
		      uint64_t least, uint64_t percent_e6);

/* Blocks of the journal that a file system of @blocks is to have. */
uint64_t frame_journal(const struct geometry_options *f,
		       const struct e4pack_options *o, uint64_t blocks);

/* Blocks of a frame with the fewest inodes that are left for the tree when
 * the whole image has @bytes; 0 when no frame is that small.  For refusing
 * while staging what can never fit.
 * Return: 0 or ENOMEM. */
errcode_t frame_room(uint64_t *ret, const struct geometry_options *f,
		     const struct e4pack_options *o, uint64_t bytes);

#endif
