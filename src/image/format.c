// SPDX-License-Identifier: GPL-2.0-or-later
/* The checksum that every encoder ends with, and its seed per inode. */
#include "image/format.h"

#include <ext2fs/ext2fs.h>

#include "base/endian.h"

uint32_t format_crc32c(uint32_t crc, const void *data, size_t len)
{
	return ext2fs_crc32c_le(crc, data, len);
}

uint32_t format_crc32_be(uint32_t crc, const void *data, size_t len)
{
	return ext2fs_crc32_be(crc, data, len);
}

uint32_t format_inode_seed(const struct format *fmt, uint32_t ino,
			   uint32_t generation)
{
	uint8_t key[8];

	put_le32(key, ino);
	put_le32(key + 4, generation);
	return format_crc32c(fmt->csum_seed, key, sizeof(key));
}
