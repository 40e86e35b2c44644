/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one flush: a solved plan becomes an image. */
#ifndef E4PACK_PACK_FLUSH_H
#define E4PACK_PACK_FLUSH_H

#include "base/target.h"
#include "pack/plan.h"

/* Write the image of a solved plan to @target: the data of all files in
 * physical order, then folders, attributes, mappings and inode tables, then
 * bitmaps and descriptors, the primary superblock last.  Reports. */
errcode_t flush_image(struct plan *p, struct target *target);

#endif
