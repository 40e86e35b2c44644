/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A set of inode numbers of one image: a bit for each, so that hard links
 * are counted once and a loop of folders ends. */
#ifndef E4PACK_REPORT_INODE_SET_H
#define E4PACK_REPORT_INODE_SET_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "image/image.h"

struct inode_set {
	uint8_t *bits;
};

/* Make an empty set.  Reports.  Return: 0 or ENOMEM. */
errcode_t inode_set_init(struct inode_set *s, const struct image *img);
void inode_set_release(struct inode_set *s);

/* Add @ino, which is in range.  Return: whether it was not there before. */
bool inode_set_add(struct inode_set *s, uint32_t ino);

#endif
