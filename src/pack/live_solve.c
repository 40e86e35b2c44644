// SPDX-License-Identifier: GPL-2.0-or-later
/* The end of a live image as the solution of a plan: size, frame and file
 * data are settled, the rest is placed in what they leave. */
#include "pack/live.h"

#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "pack/allocate.h"
#include "pack/frame.h"

errcode_t live_solve(struct live *l, struct plan *p)
{
	struct geometry *g = &p->geometry;
	char have[NUMBER_HUMAN_LEN];
	errcode_t err;

	*g = l->geometry;
	memset(&l->geometry, 0, sizeof(l->geometry));
	geometry_set_identity(g, p->frame.uuid, p->frame.hash_seed);
	if (p->last_ino > g->inodes)
		return diag_error(p->diag, "-N", E4PACK_ET_NO_INODES,
				  "needs %u inodes, the image has %u",
				  p->last_ino, g->inodes);
	p->journal_blocks = frame_journal_blocks(&p->frame, p->options,
						 g->blocks);
	err = allocate_rest(p);
	p->solved = !err;
	if (err == E4PACK_ET_NO_SPACE)
		return diag_error(p->diag, NULL, err, "folders, mappings and "
				  "attributes have no room left in %s: use "
				  "--size", number_human(have, g->blocks <<
						       p->format.block_bits));
	return err ? diag_error(p->diag, NULL, err, NULL) : 0;
}
