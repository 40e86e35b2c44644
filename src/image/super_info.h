/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that the superblock of an image says, for people. */
#ifndef E4PACK_IMAGE_SUPER_INFO_H
#define E4PACK_IMAGE_SUPER_INFO_H

#include "base/timestamp.h"
#include "image/features.h"
#include "image/image.h"

enum {
	SUPER_LABEL_LEN = 16, SUPER_MOUNTED_LEN = 64, SUPER_OPTS_LEN = 64,
	SUPER_FUNC_LEN = 32, SUPER_UUID_TEXT = 37,
};

/* The first or the last error that a kernel noted. */
struct super_error {
	struct timestamp time;	/* 0: there was none */
	char func[SUPER_FUNC_LEN + 1];
	uint32_t line, ino, code;
	uint64_t block;
};

/* Where log blocks are; see jbd2. */
struct super_journal {
	uint32_t ino, dev;
	char uuid[SUPER_UUID_TEXT];
	uint8_t backup_type;	/* 1: @backup is what the inode maps */
	uint32_t backup[17];	/* i_block, then the size, high half first */
};

struct super_info {
	char label[SUPER_LABEL_LEN + 1];
	char last_mounted[SUPER_MOUNTED_LEN + 1];
	char mount_opts[SUPER_OPTS_LEN + 1];
	char uuid[SUPER_UUID_TEXT], hash_seed[SUPER_UUID_TEXT];
	struct features features;
	uint32_t revision, minor_revision;
	uint32_t flags, state, errors_behavior, default_mount_opts;
	uint32_t creator_os;
	uint64_t inodes, free_inodes;
	uint64_t blocks, free_blocks, reserved_blocks;
	uint64_t overhead_clusters;
	uint32_t first_block;
	uint32_t block_size, cluster_size;	/* bytes */
	uint32_t desc_size, reserved_gdt_blocks;
	uint32_t blocks_per_group, clusters_per_group, inodes_per_group;
	uint32_t inode_blocks_per_group;
	uint32_t first_meta_bg, flex_bg_size;	/* 0: none */
	uint32_t raid_stride, raid_stripe_width;
	uint32_t backup_groups[2];	/* of sparse_super2 */
	struct timestamp created, mounted, written, checked;
	uint32_t mount_count, check_interval;	/* seconds */
	int32_t max_mount_count;
	uint64_t lifetime_kib;	/* written */
	uint32_t reserved_uid, reserved_gid;
	uint32_t first_ino, inode_size, min_extra_isize, want_extra_isize;
	uint32_t last_orphan;
	uint8_t hash_version;
	struct super_journal journal;
	uint32_t error_count;
	struct super_error first_error, last_error;
	uint32_t user_quota_ino, group_quota_ino, project_quota_ino;
	uint64_t mmp_block;
	uint32_t mmp_interval;	/* seconds */
	uint32_t orphan_file_ino, lost_found_ino;
	uint32_t encoding, encoding_flags;
	uint8_t encryption_level, encryption_algos[4];
	uint8_t csum_type;
	uint32_t csum, csum_seed;	/* as stored */
	bool csum_good;		/* where metadata_csum is on */
};

/* Read it again from the image.  Reports.  Return: as image_peek(). */
errcode_t read_super_info(struct super_info *ret, struct image *img);

/* The block that keeps several hosts from mounting at once. */
struct mmp_info {
	uint32_t sequence;
	struct timestamp time;
	char node[65], device[33];
	uint32_t check_interval;	/* seconds */
	bool csum_good;		/* where metadata_csum is on */
};

/* Read it from @block, where the superblock says it is.  Reports.
 * Return: 0, E4PACK_ET_BAD_IMAGE, or as image_peek(). */
errcode_t read_mmp_info(struct mmp_info *ret, struct image *img,
			uint64_t block);

#endif
