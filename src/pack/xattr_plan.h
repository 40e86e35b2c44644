/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which attribute sets an image has, and the blocks and inodes they take. */
#ifndef E4PACK_PACK_XATTR_PLAN_H
#define E4PACK_PACK_XATTR_PLAN_H

#include "pack/plan.h"

/* Collect the sets of all inodes, decide where each goes, and count the
 * blocks.  Reports.  Also E4PACK_ET_NO_SPACE for a set that does not fit. */
errcode_t xattr_plan_sets(struct plan *p);

/* Number an inode for each value that needs its own, after all others, and
 * add its blocks to the objects. */
errcode_t xattr_plan_ea_inodes(struct plan *p);

void xattr_plan_release(struct plan *p);

/* How many entries in inodes and blocks refer to a value of @s that has an
 * inode of its own. */
uint32_t xattr_plan_references(const struct plan_set *s, uint32_t entry);

#endif
