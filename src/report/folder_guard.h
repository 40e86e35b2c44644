/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What keeps hostile folders from holding a walk up: each is gone into once,
 * and all together have no more bytes than the image.
 */
#ifndef E4PACK_REPORT_FOLDER_GUARD_H
#define E4PACK_REPORT_FOLDER_GUARD_H

#include "image/read_inode.h"
#include "report/inode_set.h"

struct folder_guard {
	struct inode_set seen;
	uint64_t bytes;		/* folders may still have */
};

/* Reports.  Return: 0 or ENOMEM. */
errcode_t folder_guard_init(struct folder_guard *g, const struct image *img);
void folder_guard_release(struct folder_guard *g);

/* Ask before folder @i is gone into.  Reports.
 * Return: 0, or E4PACK_ET_BAD_IMAGE. */
errcode_t folder_guard_enter(struct folder_guard *g, const struct image *img,
			     const struct inode_info *i);

#endif
