// SPDX-License-Identifier: GPL-2.0-or-later
/* What a file is that is no ext4 image, so that the message can say so. */
#include "image/read_super.h"

#include <string.h>

#include "base/fileio.h"

struct magic {
	uint32_t offset;	/* bytes from the beginning */
	uint32_t len;
	const char *bytes;
	const char *name;
};

/* The exact ones first: a boot sector's end is on many things. */
static const struct magic magics[] = {
	{ 0, 4, "XFSB", "xfs" },
	{ 0x10040, 8, "_BHRfS_M", "btrfs" },
	{ 0, 4, "hsqs", "squashfs" },
	{ 1024, 4, "\xe2\xe1\xf5\xe0", "erofs" },
	{ 1024, 4, "\x10\x20\xf5\xf2", "f2fs" },
	{ 0, 2, "\x1f\x8b", "gzip: unpack it first" },
	{ 0, 4, "\x28\xb5\x2f\xfd", "zstd: unpack it first" },
	{ 0, 6, "\xfd" "7zXZ\0", "xz: unpack it first" },
	{ 0, 3, "BZh", "bzip2: unpack it first" },
	{ 0, 4, "\x04\x22\x4d\x18", "lz4: unpack it first" },
	{ 0, 4, "\x3a\xff\x26\xed", "an Android sparse image" },
	{ 0, 4, "QFI\xfb", "qcow2" },
	{ 0, 6, "LUKS\xba\xbe", "LUKS" },
	{ 4086, 10, "SWAPSPACE2", "swap space" },
	{ 0x8001, 5, "CD001", "ISO 9660" },
	{ 257, 5, "ustar", "a tar archive" },
	{ 0, 6, "070701", "a cpio archive" },
	{ 3, 8, "NTFS    ", "NTFS" },
	{ 82, 5, "FAT32", "FAT" },
	{ 54, 3, "FAT", "FAT" },
	{ 512, 8, "EFI PART", "a partitioned disk: use -E offset=" },
	{ 510, 2, "\x55\xaa", "a partitioned disk: use -E offset=" },
};

const char *read_sniff(const struct super_source *src)
{
	char bytes[16];
	size_t i, got;

	for (i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *m = &magics[i];

		if (io_pread(src->fd, bytes, m->len, src->offset + m->offset,
			     &got))
			return NULL;
		if (got == m->len && !memcmp(bytes, m->bytes, m->len))
			return m->name;
	}
	return NULL;
}
