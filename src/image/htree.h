/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash-indexed folders: the inner half of dirblock.h for large ones. */
#ifndef E4PACK_IMAGE_HTREE_H
#define E4PACK_IMAGE_HTREE_H

#include "image/dirblock.h"

/* A name in the order of the index. */
struct dir_slot {
	uint32_t hash;	/* even */
	uint32_t name;	/* place in the array of names */
};

/* Order @l->n names by hash and find the blocks of their index; @l is not
 * changed on failure.  Return: 0 with l->slots to free; ENOMEM;
 * E4PACK_ET_TOO_BIG when the index cannot hold so many; an error of
 * libext2fs for an unknown hash. */
errcode_t htree_layout(struct dir_layout *l, const struct format *fmt,
		       const struct dir_name *names);

/* Write the l->blocks whole blocks of folder @ino. */
void htree_encode(const struct dir_layout *l, uint8_t *blocks,
		  const struct format *fmt, uint32_t ino,
		  uint32_t generation, uint32_t parent,
		  const struct dir_name *names);

#endif
