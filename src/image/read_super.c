// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The superblock, field by field, before libext2fs sees it: that library
 * divides by and allocates from what it finds.  Everything here works on
 * 64-bit numbers made of fields of at most 32 (block counts: 48) bits.
 */
#include "image/read_super.h"

#include <inttypes.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"
#include "image/super_state.h"

enum {
	MAX_LOG_BLOCK = 6,		/* 64 KiB */
	MAX_LOG_CLUSTER = 20,		/* 1 GiB: clusters of at most 2^31 */
	MIN_BLOCKS_PER_GROUP = 256,	/* as mke2fs -g */
	MAX_BLOCK_BITS = 48,		/* of a block number */
	GOOD_OLD_FIRST_INO = 11,
};

#define KNOWN_INCOMPAT							\
	(EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_RECOVER | \
	 EXT2_FEATURE_INCOMPAT_META_BG | EXT3_FEATURE_INCOMPAT_EXTENTS | \
	 EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_MMP |	\
	 EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_EA_INODE | \
	 EXT4_FEATURE_INCOMPAT_CSUM_SEED | EXT4_FEATURE_INCOMPAT_LARGEDIR | \
	 EXT4_FEATURE_INCOMPAT_INLINE_DATA | EXT4_FEATURE_INCOMPAT_ENCRYPT | \
	 EXT4_FEATURE_INCOMPAT_CASEFOLD)

/* The superblock in the host's order, and what follows from it. */
struct super {
	const struct ext2_super_block *raw;
	uint32_t compat, incompat, ro_compat;
	uint32_t log_block, log_cluster;
	uint64_t block_size, blocks, groups, desc_size, desc_blocks;
	uint64_t inode_size;
};

static uint32_t le32(const uint32_t *field)
{
	return get_le32(field);
}

static uint32_t le16(const uint16_t *field)
{
	return get_le16(field);
}

static errcode_t not_ext4(const struct super_source *src)
{
	const char *looks = read_sniff(src);

	if (looks)
		return diag_error(src->diag, src->path, E4PACK_ET_NOT_EXT4,
				  "not an ext2/3/4 image (looks like %s)",
				  looks);
	return diag_error(src->diag, src->path, E4PACK_ET_NOT_EXT4,
			  "not an ext2/3/4 image");
}

static errcode_t check_features(const struct super *s,
				const struct super_source *src)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ EXT2_FEATURE_INCOMPAT_COMPRESSION, "compression" },
		{ EXT3_FEATURE_INCOMPAT_JOURNAL_DEV, "journal_dev" },
		{ EXT4_FEATURE_INCOMPAT_DIRDATA, "dirdata" },
	};
	uint32_t unknown = s->incompat & ~(uint32_t)KNOWN_INCOMPAT;
	size_t i;

	if (!unknown)
		return 0;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unknown & names[i].bit)
			return diag_error(src->diag, src->path,
					  E4PACK_ET_UNSUPPORTED,
					  "feature %s is not supported",
					  names[i].name);
	return diag_error(src->diag, src->path, E4PACK_ET_UNSUPPORTED,
			  "incompatible features 0x%x are not known", unknown);
}

/* Each check returns what is wrong, or NULL. */
static const char *check_sizes(struct super *s)
{
	const struct ext2_super_block *raw = s->raw;
	bool bigalloc = s->ro_compat & EXT4_FEATURE_RO_COMPAT_BIGALLOC;

	if (le32(&raw->s_rev_level) > EXT2_DYNAMIC_REV)
		return "its revision is not known";
	s->log_block = le32(&raw->s_log_block_size);
	s->log_cluster = le32(&raw->s_log_cluster_size);
	if (s->log_block > MAX_LOG_BLOCK)
		return "the block size is over 64 KiB";
	if (!bigalloc && s->log_cluster != s->log_block)
		return "the cluster size is not the block size";
	if (s->log_cluster < s->log_block || s->log_cluster > MAX_LOG_CLUSTER)
		return "the cluster size is out of range";
	s->block_size = UINT64_C(1024) << s->log_block;
	s->inode_size = EXT2_GOOD_OLD_INODE_SIZE;
	if (le32(&raw->s_rev_level))
		s->inode_size = le16(&raw->s_inode_size);
	if (s->inode_size < EXT2_GOOD_OLD_INODE_SIZE ||
	    s->inode_size > s->block_size ||
	    (s->inode_size & (s->inode_size - 1)))
		return "the inode size is out of range";
	s->desc_size = 32;
	if (s->incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		s->desc_size = le16(&raw->s_desc_size);
	if (s->desc_size < 32 || s->desc_size > 1024 ||
	    (s->desc_size & (s->desc_size - 1)) ||
	    ((s->incompat & EXT4_FEATURE_INCOMPAT_64BIT) &&
	     s->desc_size < 64))
		return "the size of group descriptors is out of range";
	return NULL;
}

static const char *check_group_sizes(const struct super *s)
{
	uint64_t bpg = le32(&s->raw->s_blocks_per_group);
	uint64_t cpg = le32(&s->raw->s_clusters_per_group);
	uint64_t ipg = le32(&s->raw->s_inodes_per_group);

	/* ext2 of old kept the count of fragments in the second field. */
	if (cpg == 0 || cpg > 8 * s->block_size || cpg % 8)
		return "the count of clusters per group is out of range";
	if (bpg != cpg << (s->log_cluster - s->log_block))
		return "clusters per group and blocks per group disagree";
	if (bpg < MIN_BLOCKS_PER_GROUP)
		return "the count of blocks per group is out of range";
	if (ipg < s->block_size / s->inode_size || ipg > 8 * s->block_size)
		return "the count of inodes per group is out of range";
	if (div_round_up(ipg * s->inode_size, s->block_size) >= bpg)
		return "an inode table is as large as a group";
	return NULL;
}

static const char *check_counts(struct super *s)
{
	const struct ext2_super_block *raw = s->raw;
	uint64_t first = le32(&raw->s_first_data_block);
	uint64_t bpg = le32(&raw->s_blocks_per_group);
	uint64_t ipg = le32(&raw->s_inodes_per_group);

	s->blocks = le32(&raw->s_blocks_count);
	if (s->incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		s->blocks |= (uint64_t)le32(&raw->s_blocks_count_hi) << 32;
	if (first != (s->log_block == 0) && (first || s->log_cluster == 0))
		return "the first data block is out of place";
	if (s->blocks <= first || s->blocks >> MAX_BLOCK_BITS)
		return "the count of blocks is out of range";
	s->groups = div_round_up(s->blocks - first, bpg);
	if (s->groups * ipg != le32(&raw->s_inodes_count))
		return "the counts of inodes and of groups disagree";
	s->desc_blocks = div_round_up(s->groups,
				      s->block_size / s->desc_size);
	return NULL;
}

static const char *check_rest(const struct super *s)
{
	const struct ext2_super_block *raw = s->raw;
	uint32_t first_ino = GOOD_OLD_FIRST_INO;

	if (le32(&raw->s_rev_level))
		first_ino = le32(&raw->s_first_ino);
	if (first_ino < GOOD_OLD_FIRST_INO ||
	    first_ino > le32(&raw->s_inodes_count))
		return "the first inode is out of range";
	if (le16(&raw->s_reserved_gdt_blocks) > s->block_size / 4)
		return "there are too many reserved descriptor blocks";
	if (s->incompat & EXT2_FEATURE_INCOMPAT_META_BG) {
		if (le32(&raw->s_first_meta_bg) > s->desc_blocks)
			return "the first meta block group is out of range";
	} else if (s->desc_blocks + 1 >= le32(&raw->s_blocks_per_group)) {
		return "the descriptors do not fit into a group";
	}
	return NULL;
}

static errcode_t check_length(const struct super *s,
			      const struct super_source *src)
{
	uint64_t need = s->blocks * s->block_size;
	uint64_t have = src->bytes - src->offset;

	if (need <= have)
		return 0;
	return diag_error(src->diag, src->path, E4PACK_ET_SHORT,
			  "the image is %" PRIu64 " bytes short",
			  need - have);
}

static void fill(struct image_geometry *geo, const struct super *s)
{
	const struct ext2_super_block *raw = s->raw;
	uint32_t ro = s->ro_compat;

	memset(geo, 0, sizeof(*geo));
	geo->blocks = s->blocks;
	geo->block_size = s->block_size;
	geo->block_bits = s->log_block + 10;
	geo->cluster_bits = s->log_cluster - s->log_block;
	geo->first_data_block = le32(&raw->s_first_data_block);
	geo->blocks_per_group = le32(&raw->s_blocks_per_group);
	geo->groups = s->groups;
	geo->inodes = le32(&raw->s_inodes_count);
	geo->inodes_per_group = le32(&raw->s_inodes_per_group);
	geo->inode_size = s->inode_size;
	geo->first_ino = GOOD_OLD_FIRST_INO;
	if (le32(&raw->s_rev_level))
		geo->first_ino = le32(&raw->s_first_ino);
	geo->metadata_csum = ro & EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	geo->group_csum = geo->metadata_csum ||
			  (ro & EXT4_FEATURE_RO_COMPAT_GDT_CSUM);
	geo->huge_file = ro & EXT4_FEATURE_RO_COMPAT_HUGE_FILE;
	geo->large_file = ro & EXT2_FEATURE_RO_COMPAT_LARGE_FILE;
	geo->filetype = s->incompat & EXT2_FEATURE_INCOMPAT_FILETYPE;
	geo->large_dir = s->incompat & EXT4_FEATURE_INCOMPAT_LARGEDIR;
	if (s->compat & EXT4_FEATURE_COMPAT_ORPHAN_FILE)
		geo->orphan_ino = le32(&raw->s_orphan_file_inum);
	if (ro & EXT4_FEATURE_RO_COMPAT_PROJECT)
		geo->project_quota_ino = le32(&raw->s_prj_quota_inum);
	geo->has_journal = s->compat & EXT3_FEATURE_COMPAT_HAS_JOURNAL;
	if (geo->has_journal)
		geo->journal_ino = le32(&raw->s_journal_inum);
	geo->needs_recovery = geo->has_journal &&
			      (s->incompat & EXT3_FEATURE_INCOMPAT_RECOVER);
}

errcode_t check_super(struct image_geometry *geo, const uint8_t *bytes,
		      const struct super_source *src)
{
	struct ext2_super_block copy;
	const struct ext2_super_block *raw = &copy;
	struct super s = { .raw = raw };
	const char *wrong;
	errcode_t err;

	_Static_assert(sizeof(copy) == SUPER_BYTES, "superblock");
	memcpy(&copy, bytes, sizeof(copy));
	if (le16(&raw->s_magic) != EXT2_SUPER_MAGIC)
		return not_ext4(src);
	if (le32(&raw->s_rev_level)) {
		s.compat = le32(&raw->s_feature_compat);
		s.incompat = le32(&raw->s_feature_incompat);
		s.ro_compat = le32(&raw->s_feature_ro_compat);
	}
	err = check_features(&s, src);
	if (err)
		return err;
	wrong = check_sizes(&s);
	if (!wrong)
		wrong = check_group_sizes(&s);
	if (!wrong)
		wrong = check_counts(&s);
	if (!wrong)
		wrong = check_rest(&s);
	if (wrong)
		return diag_error(src->diag, src->path, E4PACK_ET_BAD_IMAGE,
				  "the superblock is damaged: %s", wrong);
	err = check_length(&s, src);
	if (!err)
		fill(geo, &s);
	return err;
}

errcode_t read_super(struct image_geometry *geo,
		     const struct super_source *src)
{
	uint8_t raw[SUPER_BYTES];
	size_t got = 0;
	errcode_t err;

	if (src->bytes == 0)
		return diag_error(src->diag, src->path, E4PACK_ET_NOT_EXT4,
				  "not an ext2/3/4 image (it is empty)");
	if (src->offset >= src->bytes)
		return diag_error(src->diag, src->path, E4PACK_ET_SHORT,
				  "ends before the offset of the image");
	err = io_pread(src->fd, raw, SUPER_BYTES, src->offset + SUPER_POSITION,
		       &got);
	if (err)
		return diag_error(src->diag, src->path, err, "cannot read");
	if (got < SUPER_BYTES)
		return not_ext4(src);
	return check_super(geo, raw, src);
}
