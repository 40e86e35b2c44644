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

/* Blocks of the journal of an image of @blocks; 0 without one. */
uint64_t frame_journal_blocks(const struct geometry_options *f,
			      const struct e4pack_options *o,
			      uint64_t blocks);

#endif
