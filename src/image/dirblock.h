/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders as blocks: a folder of one block is a plain list, a larger one is
 * hash-indexed (half_md4, packed leaves, any depth) where dir_index is on.
 * Built whole from the final list of names, in one pass.
 */
#ifndef E4PACK_IMAGE_DIRBLOCK_H
#define E4PACK_IMAGE_DIRBLOCK_H

#include <et/com_err.h>

#include "image/format.h"

/* One name in a folder; "." and ".." are not among them. */
struct dir_name {
	const char *name;	/* not NUL-ended */
	uint8_t len;		/* 1 to 255 */
	uint8_t file_type;	/* EXT2_FT_*: see dir_file_type() */
	uint32_t ino;
};

/* The form a folder will have; made once, then encoded from. */
struct dir_layout {
	uint64_t blocks;	/* whole blocks, at least 1 */
	bool indexed;		/* EXT2_INDEX_FL belongs on the inode */
	uint32_t n;		/* names */
	struct dir_slot *slots;	/* inner: names in the order of their hash */
	uint32_t leaves;	/* inner: leaf blocks of an indexed folder */
};

/* Return: the EXT2_FT_* value for the type bits of @mode. */
uint8_t dir_file_type(uint32_t mode);

/* Find the form of a folder with @n names, sorted by byte value, and at
 * least @min_blocks blocks (lost+found keeps empty ones).  Inode numbers are
 * not looked at.  Return: 0 with @l to dir_layout_release(); ENOMEM;
 * E4PACK_ET_TOO_BIG when the index cannot hold so many (needs large_dir). */
errcode_t dir_layout_init(struct dir_layout *l, const struct format *fmt,
			  const struct dir_name *names, uint32_t n,
			  uint64_t min_blocks);
void dir_layout_release(struct dir_layout *l);

/* Return: blocks that a folder takes at most when its records, without "."
 * and "..", have @bytes; exact for one block. */
uint64_t dir_blocks_bound(const struct format *fmt, uint64_t bytes,
			  uint64_t min_blocks);

/* Write the l->blocks whole blocks of folder @ino with @generation, below
 * @parent, to @blocks.  @names as given to dir_layout_init(), now with their numbers. */
void dir_encode(const struct dir_layout *l, uint8_t *blocks,
		const struct format *fmt, uint32_t ino,
		  uint32_t generation, uint32_t parent,
		const struct dir_name *names);

#endif
