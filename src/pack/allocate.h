/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Places for every block of a plan, inside one given frame. */
#ifndef E4PACK_PACK_ALLOCATE_H
#define E4PACK_PACK_ALLOCATE_H

#include "pack/plan.h"

/* Place all objects of @p in the frame @g with a journal of @journal blocks
 * and keep the result in the plan.  Files go in the order of their numbers,
 * those longer than any gap first; if that leaves one without a whole place,
 * once more in the order of size.  Does not report.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE or E4PACK_ET_SCATTERED, with
 * plan.stuck naming the object. */
errcode_t allocate_all(struct plan *p, const struct geometry *g,
		       uint64_t journal);

/* On a live image: place all that has no place yet, which is everything but
 * files and the journal.  Does not report.  Return: as allocate_all(). */
errcode_t allocate_rest(struct plan *p);

/* Append the extents that map @blocks blocks in @n runs, of which the last
 * can be longer, from logical block 0 on to @out.  Return: 0 or ENOMEM. */
errcode_t allocate_plain_extents(struct extent_list *out,
				 const struct run *runs, size_t n,
				 uint32_t blocks);

/* Tell the trace, if there is one, of the allocations of a solved plan, and of
 * no others that were tried: they are made once more, with the same result.
 * Reports. */
errcode_t allocate_tell(struct plan *p);

#endif
