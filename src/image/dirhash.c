// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory hash of libext2fs, with the seed of an image. */
#include "image/dirhash.h"

#include "image/read_image.h"

errcode_t dirhash(uint32_t *ret, struct image *img, uint32_t version,
		  bool fold, const uint8_t *name, uint8_t len)
{
	return ext2fs_dirhash2((int)version, (const char *)name, len,
			       img->fs->encoding, fold ? EXT4_CASEFOLD_FL : 0,
			       img->fs->super->s_hash_seed, ret, NULL);
}
