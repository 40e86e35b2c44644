/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inline data: files and folders so small that they lie in the inode. */
#ifndef E4PACK_IMAGE_INLINE_DATA_H
#define E4PACK_IMAGE_INLINE_DATA_H

#include "image/dirblock.h"
#include "image/format.h"

enum {
	INLINE_HEAD = 60,	/* bytes that lie in i_block */
	INLINE_PARENT = 4,	/* of them in a folder: the parent's number */
};

/* Return: the most bytes that one inode can hold where it has no attributes;
 * 0 where nothing lies in inodes. */
uint32_t inline_max(const struct format *fmt);

/* Return: bytes of @size that go into the value of system.data. */
static inline uint32_t inline_rest(uint64_t size)
{
	return size > INLINE_HEAD ? (uint32_t)(size - INLINE_HEAD) : 0;
}

/* Return: the size that a folder of @n names has in its inode, INLINE_HEAD
 * and up; 0 when it does not fit. */
uint32_t inline_dir_size(const struct format *fmt,
			 const struct dir_name *names, uint32_t n);

/* Write a folder of inline_dir_size() @size bytes, below @parent, to @out. */
void inline_dir_encode(uint8_t *out, uint32_t size, const struct format *fmt,
		       uint32_t parent, const struct dir_name *names,
		       uint32_t n);

#endif
