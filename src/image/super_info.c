// SPDX-License-Identifier: GPL-2.0-or-later
/* The fields of the superblock as values.  None of them is believed by
 * anything here: image_open() has checked what the readers build on. */
#include "image/super_info.h"

#include <string.h>

#include <ext2fs/ext2_fs.h>
#include <uuid/uuid.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/read_image.h"

enum { SUPER_OFFSET = 1024 };

static uint32_t le32(const uint32_t *field)
{
	return get_le32(field);
}

static uint32_t le16(const uint16_t *field)
{
	return get_le16(field);
}

static uint64_t wide(const uint32_t *low, const uint32_t *high, bool has_high)
{
	return le32(low) | (has_high ? (uint64_t)le32(high) << 32 : 0);
}

static struct timestamp get_time(const uint32_t *low, uint8_t high)
{
	struct timestamp t = { le32(low) | (int64_t)high << 32, 0 };

	return t;
}

/* @len bytes that end at the first NUL, if there is one. */
static void get_string(char *out, const void *field, size_t len)
{
	memcpy(out, field, len);
	out[len] = '\0';
}

static void get_counts(struct super_info *s,
		       const struct ext2_super_block *raw)
{
	const bool high = s->features.incompat & EXT4_FEATURE_INCOMPAT_64BIT;

	s->inodes = le32(&raw->s_inodes_count);
	s->free_inodes = le32(&raw->s_free_inodes_count);
	s->blocks = wide(&raw->s_blocks_count, &raw->s_blocks_count_hi, high);
	s->free_blocks = wide(&raw->s_free_blocks_count,
			      &raw->s_free_blocks_hi, high);
	s->reserved_blocks = wide(&raw->s_r_blocks_count,
				  &raw->s_r_blocks_count_hi, high);
	s->overhead_clusters = le32(&raw->s_overhead_clusters);
	s->first_block = le32(&raw->s_first_data_block);
	s->lifetime_kib = get_le64(&raw->s_kbytes_written);
	s->last_orphan = le32(&raw->s_last_orphan);
}

static void get_geometry(struct super_info *s,
			 const struct ext2_super_block *raw,
			 const struct image_geometry *geo)
{
	const uint32_t flex = raw->s_log_groups_per_flex;

	s->block_size = geo->block_size;
	s->cluster_size = geo->block_size << geo->cluster_bits;
	s->desc_size = EXT2_MIN_DESC_SIZE;
	if (s->features.incompat & EXT4_FEATURE_INCOMPAT_64BIT)
		s->desc_size = le16(&raw->s_desc_size);
	s->reserved_gdt_blocks = le16(&raw->s_reserved_gdt_blocks);
	s->blocks_per_group = geo->blocks_per_group;
	s->clusters_per_group = geo->blocks_per_group >> geo->cluster_bits;
	s->inodes_per_group = geo->inodes_per_group;
	s->inode_blocks_per_group = ((uint64_t)geo->inodes_per_group *
				     geo->inode_size + geo->block_size - 1) >>
				    geo->block_bits;
	if (s->features.incompat & EXT2_FEATURE_INCOMPAT_META_BG)
		s->first_meta_bg = le32(&raw->s_first_meta_bg);
	if ((s->features.incompat & EXT4_FEATURE_INCOMPAT_FLEX_BG) && flex < 32)
		s->flex_bg_size = UINT32_C(1) << flex;
	s->raid_stride = le16(&raw->s_raid_stride);
	s->raid_stripe_width = le32(&raw->s_raid_stripe_width);
	s->backup_groups[0] = le32(&raw->s_backup_bgs[0]);
	s->backup_groups[1] = le32(&raw->s_backup_bgs[1]);
}

static void get_inode_figures(struct super_info *s,
			      const struct ext2_super_block *raw,
			      const struct image_geometry *geo)
{
	s->reserved_uid = le16(&raw->s_def_resuid);
	s->reserved_gid = le16(&raw->s_def_resgid);
	s->first_ino = geo->first_ino;
	s->inode_size = geo->inode_size;
	if (geo->inode_size > EXT2_GOOD_OLD_INODE_SIZE) {
		s->min_extra_isize = le16(&raw->s_min_extra_isize);
		s->want_extra_isize = le16(&raw->s_want_extra_isize);
	}
	s->lost_found_ino = get_le32(&raw->s_lpf_ino);
	if (s->features.compat & EXT4_FEATURE_COMPAT_ORPHAN_FILE)
		s->orphan_file_ino = get_le32(&raw->s_orphan_file_inum);
	if (s->features.ro_compat & EXT4_FEATURE_RO_COMPAT_QUOTA) {
		s->user_quota_ino = le32(&raw->s_usr_quota_inum);
		s->group_quota_ino = le32(&raw->s_grp_quota_inum);
	}
	s->project_quota_ino = geo->project_quota_ino;
}

static void get_history(struct super_info *s,
			const struct ext2_super_block *raw)
{
	s->created = get_time(&raw->s_mkfs_time, raw->s_mkfs_time_hi);
	s->mounted = get_time(&raw->s_mtime, raw->s_mtime_hi);
	s->written = get_time(&raw->s_wtime, raw->s_wtime_hi);
	s->checked = get_time(&raw->s_lastcheck, raw->s_lastcheck_hi);
	s->mount_count = le16(&raw->s_mnt_count);
	s->max_mount_count = (int16_t)get_le16(&raw->s_max_mnt_count);
	s->check_interval = le32(&raw->s_checkinterval);
}

static void get_errors(struct super_info *s,
		       const struct ext2_super_block *raw)
{
	struct super_error *e = &s->first_error;

	s->error_count = le32(&raw->s_error_count);
	e->time = get_time(&raw->s_first_error_time,
			   raw->s_first_error_time_hi);
	get_string(e->func, raw->s_first_error_func, SUPER_FUNC_LEN);
	e->line = le32(&raw->s_first_error_line);
	e->ino = le32(&raw->s_first_error_ino);
	e->block = get_le64(&raw->s_first_error_block);
	e->code = raw->s_first_error_errcode;
	e = &s->last_error;
	e->time = get_time(&raw->s_last_error_time,
			   raw->s_last_error_time_hi);
	get_string(e->func, raw->s_last_error_func, SUPER_FUNC_LEN);
	e->line = le32(&raw->s_last_error_line);
	e->ino = le32(&raw->s_last_error_ino);
	e->block = get_le64(&raw->s_last_error_block);
	e->code = raw->s_last_error_errcode;
}

static void get_journal(struct super_journal *j,
			const struct ext2_super_block *raw)
{
	size_t i;

	j->ino = le32(&raw->s_journal_inum);
	j->dev = le32(&raw->s_journal_dev);
	uuid_unparse_lower(raw->s_journal_uuid, j->uuid);
	j->backup_type = raw->s_jnl_backup_type;
	for (i = 0; i < sizeof(j->backup) / sizeof(j->backup[0]); i++)
		j->backup[i] = le32(&raw->s_jnl_blocks[i]);
}

static void get_names(struct super_info *s,
		      const struct ext2_super_block *raw)
{
	get_string(s->label, raw->s_volume_name, SUPER_LABEL_LEN);
	get_string(s->last_mounted, raw->s_last_mounted, SUPER_MOUNTED_LEN);
	get_string(s->mount_opts, raw->s_mount_opts, SUPER_OPTS_LEN);
	uuid_unparse_lower(raw->s_uuid, s->uuid);
	uuid_unparse_lower((const uint8_t *)raw->s_hash_seed, s->hash_seed);
	s->hash_version = raw->s_def_hash_version;
	s->encoding = get_le16(&raw->s_encoding);
	s->encoding_flags = get_le16(&raw->s_encoding_flags);
	s->encryption_level = raw->s_encryption_level;
	memcpy(s->encryption_algos, raw->s_encrypt_algos,
	       sizeof(s->encryption_algos));
}

static void get_state(struct super_info *s,
		      const struct ext2_super_block *raw)
{
	s->revision = le32(&raw->s_rev_level);
	s->minor_revision = le16(&raw->s_minor_rev_level);
	if (s->revision) {
		s->features.compat = le32(&raw->s_feature_compat);
		s->features.incompat = le32(&raw->s_feature_incompat);
		s->features.ro_compat = le32(&raw->s_feature_ro_compat);
	}
	s->flags = le32(&raw->s_flags);
	s->state = le16(&raw->s_state);
	s->errors_behavior = le16(&raw->s_errors);
	s->default_mount_opts = le32(&raw->s_default_mount_opts);
	s->creator_os = le32(&raw->s_creator_os);
	if (s->features.incompat & EXT4_FEATURE_INCOMPAT_MMP) {
		s->mmp_block = get_le64(&raw->s_mmp_block);
		s->mmp_interval = le16(&raw->s_mmp_update_interval);
	}
}

errcode_t read_super_info(struct super_info *ret, struct image *img)
{
	const uint32_t size = img->geo.block_size;
	struct ext2_super_block raw;
	const uint8_t *block;
	errcode_t err = image_peek(img, &block, SUPER_OFFSET / size);

	if (err)
		return err;
	memcpy(&raw, block + SUPER_OFFSET % size, sizeof(raw));
	memset(ret, 0, sizeof(*ret));
	get_state(ret, &raw);
	get_names(ret, &raw);
	get_counts(ret, &raw);
	get_geometry(ret, &raw, &img->geo);
	get_inode_figures(ret, &raw, &img->geo);
	get_history(ret, &raw);
	get_errors(ret, &raw);
	get_journal(&ret->journal, &raw);
	ret->csum_type = raw.s_checksum_type;
	ret->csum = get_le32(&raw.s_checksum);
	ret->csum_seed = get_le32(&raw.s_checksum_seed);
	ret->csum_good = get_le32(&raw.s_checksum) ==
		format_crc32c(UINT32_MAX, &raw,
			      offsetof(struct ext2_super_block,
				       s_checksum));
	return 0;
}

errcode_t read_mmp_info(struct mmp_info *ret, struct image *img,
			uint64_t block)
{
	struct mmp_struct raw;
	const uint8_t *bytes;
	errcode_t err;

	if (block <= img->geo.first_data_block)
		return image_bad(img, "its MMP block is out of place");
	err = image_peek(img, &bytes, block);
	if (err)
		return err;
	memcpy(&raw, bytes, sizeof(raw));
	if (get_le32(&raw.mmp_magic) != EXT4_MMP_MAGIC)
		return image_bad(img, "its MMP block is none");
	ret->sequence = get_le32(&raw.mmp_seq);
	ret->time.sec = get_le64(&raw.mmp_time) & INT64_MAX;
	ret->time.nsec = 0;
	get_string(ret->node, raw.mmp_nodename, sizeof(raw.mmp_nodename));
	get_string(ret->device, raw.mmp_bdevname, sizeof(raw.mmp_bdevname));
	ret->check_interval = get_le16(&raw.mmp_check_interval);
	ret->csum_good = get_le32(&raw.mmp_checksum) ==
		format_crc32c(img->geo.csum_seed, &raw,
			      offsetof(struct mmp_struct, mmp_checksum));
	return 0;
}
