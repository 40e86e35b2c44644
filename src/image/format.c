// SPDX-License-Identifier: GPL-2.0-or-later
/* The checksum that every encoder ends with, and its seed per inode.  Most of
 * what encoding an inode took was this sum, so the instruction that processors
 * have for it is used where there is one. */
#include "image/format.h"

#include <string.h>

#include <ext2fs/ext2fs.h>

#include "base/endian.h"

#ifdef __x86_64__
#define HAS_CRC32C_INSTRUCTION __builtin_cpu_supports("sse4.2")

__attribute__((target("sse4.2")))
static uint32_t crc32c_by_instruction(uint32_t crc, const uint8_t *p,
				      size_t len)
{
	uint64_t wide = crc, word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; len; p++, len--)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}
#else
#define HAS_CRC32C_INSTRUCTION false
#define crc32c_by_instruction ext2fs_crc32c_le
#endif

uint32_t format_crc32c(uint32_t crc, const void *data, size_t len)
{
	return HAS_CRC32C_INSTRUCTION ? crc32c_by_instruction(crc, data, len) :
					ext2fs_crc32c_le(crc, data, len);
}

uint32_t format_crc32_be(uint32_t crc, const void *data, size_t len)
{
	return ext2fs_crc32_be(crc, data, len);
}

uint32_t format_inode_seed(uint32_t csum_seed, uint32_t ino,
			   uint32_t generation)
{
	uint8_t key[8];

	put_le32(key, ino);
	put_le32(key + 4, generation);
	return format_crc32c(csum_seed, key, sizeof(key));
}
