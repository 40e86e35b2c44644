// SPDX-License-Identifier: GPL-2.0-or-later
/* The state of a superblock, changed in its bytes. */
#include "image/super_state.h"

#include <stddef.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>

#include "base/endian.h"
#include "image/format.h"

enum {
	AT_WTIME = 48, AT_STATE = 58, AT_INCOMPAT = 96, AT_RO_COMPAT = 100,
	AT_WTIME_HI = 628, AT_CSUM = 1020,
	AT_FREE_BLOCKS = 12, AT_FREE_INODES = 16, AT_FREE_BLOCKS_HI = 344,
	AT_KBYTES_WRITTEN = 376,
};

_Static_assert(offsetof(struct ext2_super_block, s_wtime_hi) == AT_WTIME_HI,
	       "high byte of the time");
_Static_assert(offsetof(struct ext2_super_block, s_free_blocks_hi) ==
	       AT_FREE_BLOCKS_HI, "free blocks");
_Static_assert(offsetof(struct ext2_super_block, s_kbytes_written) ==
	       AT_KBYTES_WRITTEN, "bytes written");
_Static_assert(offsetof(struct ext2_super_block, s_checksum) == AT_CSUM,
	       "checksum");

static void seal(uint8_t *raw)
{
	if (super_has_csums(raw))
		put_le32(raw + AT_CSUM, format_crc32c(~0u, raw, AT_CSUM));
}

void super_set_recover(uint8_t raw[SUPER_BYTES], bool on)
{
	uint32_t incompat = get_le32(raw + AT_INCOMPAT);

	incompat &= ~(uint32_t)EXT3_FEATURE_INCOMPAT_RECOVER;
	if (on)
		incompat |= EXT3_FEATURE_INCOMPAT_RECOVER;
	put_le32(raw + AT_INCOMPAT, incompat);
	seal(raw);
}

void super_set_errors(uint8_t raw[SUPER_BYTES])
{
	put_le16(raw + AT_STATE, get_le16(raw + AT_STATE) | EXT2_ERROR_FS);
	seal(raw);
}

bool super_needs_recovery(const uint8_t raw[SUPER_BYTES])
{
	return get_le32(raw + AT_INCOMPAT) & EXT3_FEATURE_INCOMPAT_RECOVER;
}

int64_t super_written(const uint8_t raw[SUPER_BYTES])
{
	return (int64_t)raw[AT_WTIME_HI] << 32 | get_le32(raw + AT_WTIME);
}

/* Make @out @raw without what may differ. */
static void strip(uint8_t out[SUPER_BYTES], const uint8_t raw[SUPER_BYTES])
{
	memcpy(out, raw, SUPER_BYTES);
	put_le32(out + AT_FREE_BLOCKS, 0);
	put_le32(out + AT_FREE_INODES, 0);
	put_le32(out + AT_FREE_BLOCKS_HI, 0);
	put_le32(out + AT_WTIME, 0);
	out[AT_WTIME_HI] = 0;
	put_le64(out + AT_KBYTES_WRITTEN, 0);
	put_le32(out + AT_CSUM, 0);
	put_le32(out + AT_INCOMPAT, get_le32(out + AT_INCOMPAT) &
		 ~(uint32_t)EXT3_FEATURE_INCOMPAT_RECOVER);
}

bool super_is_alike(const uint8_t a[SUPER_BYTES],
		    const uint8_t b[SUPER_BYTES])
{
	uint8_t x[SUPER_BYTES], y[SUPER_BYTES];

	strip(x, a);
	strip(y, b);
	return !memcmp(x, y, SUPER_BYTES);
}

bool super_is_64bit(const uint8_t raw[SUPER_BYTES])
{
	return get_le32(raw + AT_INCOMPAT) & EXT4_FEATURE_INCOMPAT_64BIT;
}

bool super_has_csums(const uint8_t raw[SUPER_BYTES])
{
	return get_le32(raw + AT_RO_COMPAT) &
	       EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}
