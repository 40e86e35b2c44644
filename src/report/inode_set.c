// SPDX-License-Identifier: GPL-2.0-or-later
/* A bit for each inode number. */
#include "report/inode_set.h"

#include <stdlib.h>

errcode_t inode_set_init(struct inode_set *s, const struct image *img)
{
	s->bits = calloc(1, (size_t)image_geometry(img)->inodes / 8 + 1);
	return s->bits ? 0 : diag_nomem(image_diag(img));
}

void inode_set_release(struct inode_set *s)
{
	free(s->bits);
	s->bits = NULL;
}

bool inode_set_add(struct inode_set *s, uint32_t ino)
{
	uint8_t bit = 1u << ino % 8;
	bool is_new = !(s->bits[ino / 8] & bit);

	s->bits[ino / 8] |= bit;
	return is_new;
}
