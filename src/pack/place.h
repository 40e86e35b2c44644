/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of things: inode numbers, and with them the order of placement. */
#ifndef E4PACK_PACK_PLACE_H
#define E4PACK_PACK_PLACE_H

#include "pack/plan.h"

/* Give every inode of the tree its number and fill plan.inodes and names:
 * the root is 2, lost+found 11, then the paths of --order, then all others
 * in the byte order of their paths.  Times that cannot be stored are brought
 * into range here.  Reports. */
errcode_t place_number(struct plan *p);

#endif
