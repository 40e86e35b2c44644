/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files and folders lie in their inodes. */
#ifndef E4PACK_PACK_INLINE_PLAN_H
#define E4PACK_PACK_INLINE_PLAN_H

#include "delay/data_reader.h"
#include "pack/plan.h"

/* Settle in_inode and xattrs_apart of every inode of a numbered tree; a file
 * that cannot stay in its inode gets its block delayed.  Reports. */
errcode_t inline_plan_settle(struct plan *p);

/* Find the size that folder @n has in its inode; 0: it has no place there.
 * Return: 0 or ENOMEM. */
errcode_t inline_plan_folder(const struct node *n, const struct format *fmt,
			     uint32_t *size);

/* Put the data of @n, which is in its inode, to @out, inline_max() bytes at
 * most; *@size becomes that of the inode.  Reports unless ENOMEM. */
errcode_t inline_plan_data(const struct plan *p, const struct node *n,
			   struct data_reader *reader, uint8_t *out,
			   uint64_t *size);

#endif
