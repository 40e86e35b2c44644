/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of writeback: how delayed blocks, in logical order, are laid
 * out over the runs that the allocator gave.  Pure: looks, changes nothing.
 */
#ifndef E4PACK_DELAY_PLACEMENT_H
#define E4PACK_DELAY_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "delay/delayed_file.h"

struct placement {
	const struct delayed_file *f;
	const struct run *runs;
	size_t n;
	size_t i;		/* the run in use ... */
	uint64_t used;		/* ... and blocks of it that are taken */
	uint64_t clu_pblk;	/* place of the cluster taken last ... */
	uint32_t clu;		/* ... for this logical cluster */
	bool has_clu;
	struct es_extent stretch;	/* looked at last; len 0: none */
	struct content_walk content;
};

/* Cut @e, delayed blocks of @f, to the first of them that become the same,
 * and set its status to what: written, or unwritten if nothing was staged.
 * @w is one walk over the content. */
void delayed_stretch(const struct delayed_file *f, struct content_walk *w,
		     struct es_extent *e);

void placement_init(struct placement *p, const struct delayed_file *f,
		    const struct run *runs, size_t n);

/* Whether the runs have just the blocks that @f wants, in whole clusters. */
bool placement_fits(const struct placement *p);

/* Place the beginning of the delayed blocks [@lblk, @end], which are one
 * extent's rest: *@piece becomes written or unwritten blocks from @lblk on.
 * Return: false when the runs are used up. */
bool placement_next(struct placement *p, uint32_t lblk, uint32_t end,
		    struct es_extent *piece);

#endif
