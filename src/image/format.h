/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the encoders need to know of the file system they write for: a small
 * constant that is settled before the first block is encoded.  Encoders are
 * pure: they turn values into bytes and touch no file.
 */
#ifndef E4PACK_IMAGE_FORMAT_H
#define E4PACK_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FORMAT_ROOT_INO = 2,
	FORMAT_RESIZE_INO = 7,
	FORMAT_JOURNAL_INO = 8,
	FORMAT_LOST_FOUND_INO = 11,
	FORMAT_LINK_MAX = 65000,	/* names of one inode */
	FORMAT_FAST_LINK_MAX = 59,	/* bytes of a target in the inode */
	FORMAT_NAME_MAX = 255,		/* bytes of a name */
	FORMAT_MAX_LBLK = 0xfffffffe,	/* last logical block of a file */
};

struct format {
	uint32_t block_size;	/* bytes, 1024 to 65536 */
	uint32_t block_bits;	/* log2 of it */
	uint32_t cluster_bits;	/* log2 of blocks per cluster */
	uint32_t inode_size;	/* bytes, 128 and up */
	uint32_t extra_isize;	/* i_extra_isize, 0 for 128-byte inodes */
	uint32_t csum_seed;	/* where metadata_csum is on */
	uint32_t hash_seed[4];	/* s_hash_seed as four little-endian words */
	uint8_t hash_version;	/* DX_HASH_*, the signed variant ... */
	bool hash_signed;	/* ... or else the unsigned one is meant */
	bool metadata_csum, extents, filetype, dir_index, large_dir, dir_nlink;
	bool ea_inode, ext_attr, huge_file, large_file, inline_data;
};

/* A stretch of a file and the blocks it has.  len is at most 32768, or 32767
 * where unwritten. */
struct extent {
	uint32_t lblk;		/* first logical block */
	uint32_t len;		/* blocks */
	uint64_t pblk;		/* first physical block */
	bool unwritten;		/* allocated, reads as zero */
};

/* A run of physical blocks. */
struct run {
	uint64_t start, len;	/* blocks */
};

enum { EXTENT_WRITTEN_MAX = 32768, EXTENT_UNWRITTEN_MAX = 32767 };

/* @blocks rounded up to whole clusters. */
static inline uint64_t format_whole_clusters(const struct format *fmt,
					     uint64_t blocks)
{
	uint64_t mask = (UINT64_C(1) << fmt->cluster_bits) - 1;

	return (blocks + mask) & ~mask;
}

/* crc32c of @len bytes, continued from @crc; not inverted, as ext4 uses it. */
uint32_t format_crc32c(uint32_t crc, const void *data, size_t len);

/* crc32, most significant bit first, of @len bytes, continued from @crc. */
uint32_t format_crc32_be(uint32_t crc, const void *data, size_t len);

/* The seed of the checksums of inode @ino's own blocks: crc32c over the
 * number and the generation, both little-endian, continued from the seed of
 * the file system. */
uint32_t format_inode_seed(uint32_t csum_seed, uint32_t ino,
			   uint32_t generation);

#endif
