/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hash of a name as the index of an existing folder has it. */
#ifndef E4PACK_IMAGE_DIRHASH_H
#define E4PACK_IMAGE_DIRHASH_H

#include "image/image.h"

/* What a root says of its hash, and what there is besides. */
enum dirhash_version {
	DIRHASH_LEGACY, DIRHASH_HALF_MD4, DIRHASH_TEA,
	DIRHASH_UNSIGNED = 3,	/* added where the superblock says so */
	DIRHASH_SIPHASH = 6,	/* kept beside each name: needs a secret */
};

/* Hash the @len bytes of @name; @fold: without regard to case, as the image's
 * encoding has it.  Return: 0, or a code of libext2fs for a version that is
 * not known. */
errcode_t dirhash(uint32_t *ret, struct image *img, uint32_t version,
		  bool fold, const uint8_t *name, uint8_t len);

#endif
