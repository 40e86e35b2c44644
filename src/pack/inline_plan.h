/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files and folders lie in their inodes. */
#ifndef E4PACK_PACK_INLINE_PLAN_H
#define E4PACK_PACK_INLINE_PLAN_H

#include "delay/data_reader.h"
#include "pack/plan.h"

/* Settle in_inode and xattrs_apart of every inode of a numbered tree; a file
 * that cannot stay in its inode gets its block delayed.  Reports. */
errcode_t inline_plan_settle(struct plan *p);

/* Bytes that folder @n, all its names being known, has in its inode; 0: it
 * has no place there.  Return: 0 or ENOMEM. */
errcode_t inline_folder_size(const struct node *n, const struct format *fmt,
			     uint32_t *size);

/* Settle in_inode and xattrs_apart of an inode with @size bytes of data, and
 * @room for them and for attributes behind its fields.
 * Return: 0 or ENOMEM. */
errcode_t inline_place(struct tree_inode *inode, const struct format *fmt,
		       size_t room, uint64_t size);

/* The same for a file; one that cannot stay there gets its block delayed.
 * Return: 0, or as da_convert_inline_data(). */
errcode_t inline_settle_file(struct tree *t, struct tree_inode *inode,
			     const struct format *fmt, size_t room);

/* Put the names of folder @n, which fit, to @out, inline_max() bytes at most;
 * *@ret becomes the size of the inode.  Return: 0 or ENOMEM. */
errcode_t inline_folder_data(const struct node *n, const struct format *fmt,
			     uint8_t *out, uint64_t *ret);

/* Put the data of @n, which is in its inode, to @out, inline_max() bytes at
 * most; *@size becomes that of the inode.  Reports unless ENOMEM. */
errcode_t inline_plan_data(const struct plan *p, const struct node *n,
			   struct data_reader *reader, uint8_t *out,
			   uint64_t *size);

#endif
