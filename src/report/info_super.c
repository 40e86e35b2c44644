// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures of the superblock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/info.h"

/* A bit and its name. */
struct bit_name {
	uint32_t bit;
	const char *name;
};

static const struct bit_name states[] = {
	{ 1, "clean" }, { 2, "errors" }, { 4, "orphans" },
};

static const struct bit_name flags[] = {
	{ 1, "signed_directory_hash" }, { 2, "unsigned_directory_hash" },
	{ 4, "test_filesystem" }, { 8, "snapshot" },
	{ 0x10, "fix_snapshot" }, { 0x20, "fix_exclude" },
};

static const struct bit_name mount_options[] = {
	{ 0x1, "debug" }, { 0x2, "bsdgroups" }, { 0x4, "user_xattr" },
	{ 0x8, "acl" }, { 0x10, "uid16" }, { 0x100, "nobarrier" },
	{ 0x200, "block_validity" }, { 0x400, "discard" },
	{ 0x800, "nodelalloc" },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* A value that is an index into names; others are shown as numbers. */
static void show_choice(struct sheet *s, const char *key, uint32_t value,
			const char *const *names, size_t n)
{
	if (value < n && names[value])
		sheet_text(s, key, names[value]);
	else
		sheet_hex(s, key, value);
}

static errcode_t add_word(struct buf *words, const char *word)
{
	if (words->len && buf_add(words, " ", 1))
		return ENOMEM;
	return buf_add_str(words, word);
}

static errcode_t show_bits(struct sheet *s, const char *key, uint32_t bits,
			   const struct bit_name *names, size_t n)
{
	struct buf words = BUF_INIT;
	char number[16];
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < n; i++) {
		if (!(bits & names[i].bit))
			continue;
		bits &= ~names[i].bit;
		err = add_word(&words, names[i].name);
	}
	if (!err && bits) {
		snprintf(number, sizeof(number), "0x%x", (unsigned int)bits);
		err = add_word(&words, number);
	}
	if (!err && !buf_str(&words))
		err = ENOMEM;
	if (!err)
		sheet_words(s, key, (char *)words.data);
	buf_release(&words);
	return err;
}

static void show_string(struct sheet *s, const char *key, const char *text)
{
	if (*text || s->json)
		sheet_name(s, key, text, strlen(text));
	else
		sheet_text(s, key, "none");
}

static errcode_t show_features(struct sheet *s, const struct super_info *i)
{
	char *names = features_names(&i->features);

	if (!names)
		return ENOMEM;
	sheet_words(s, "features", names);
	free(names);
	return 0;
}

static errcode_t show_state(struct sheet *s, const struct super_info *i)
{
	static const char *const behaviors[] = {
		NULL, "continue", "remount-ro", "panic",
	};
	static const char *const systems[] = {
		"Linux", "GNU/Hurd", "MASIX", "FreeBSD", "Lites",
	};
	errcode_t err = show_features(s, i);

	if (!err)
		err = show_bits(s, "flags", i->flags, flags, COUNT(flags));
	if (!err)
		err = show_bits(s, "default_mount_options",
				i->default_mount_opts, mount_options,
				COUNT(mount_options));
	show_string(s, "mount_options", i->mount_opts);
	if (!err)
		err = show_bits(s, "state", i->state, states, COUNT(states));
	show_choice(s, "errors_behavior", i->errors_behavior, behaviors,
		    COUNT(behaviors));
	show_choice(s, "creator_os", i->creator_os, systems, COUNT(systems));
	return err;
}

static void show_identity(struct sheet *s, const struct super_info *i,
			  const char *path)
{
	sheet_name(s, "image", path, strlen(path));
	show_string(s, "label", i->label);
	sheet_text(s, "uuid", i->uuid);
	show_string(s, "last_mounted_on", i->last_mounted);
	sheet_number(s, "revision", i->revision);
	sheet_number(s, "minor_revision", i->minor_revision);
}

static void show_counts(struct sheet *s, const struct super_info *i)
{
	sheet_number(s, "inodes", i->inodes);
	sheet_number(s, "free_inodes", i->free_inodes);
	sheet_number(s, "blocks", i->blocks);
	sheet_number(s, "free_blocks", i->free_blocks);
	sheet_number(s, "reserved_blocks", i->reserved_blocks);
	sheet_number(s, "overhead_clusters", i->overhead_clusters);
	sheet_number(s, "first_block", i->first_block);
	sheet_number(s, "block_size", i->block_size);
	sheet_number(s, "cluster_size", i->cluster_size);
}

static void show_groups(struct sheet *s, const struct super_info *i,
			const struct image_geometry *geo)
{
	sheet_number(s, "groups", geo->groups);
	sheet_number(s, "group_descriptor_size", i->desc_size);
	sheet_number(s, "reserved_gdt_blocks", i->reserved_gdt_blocks);
	sheet_number(s, "blocks_per_group", i->blocks_per_group);
	sheet_number(s, "clusters_per_group", i->clusters_per_group);
	sheet_number(s, "inodes_per_group", i->inodes_per_group);
	sheet_number(s, "inode_blocks_per_group", i->inode_blocks_per_group);
	sheet_number(s, "first_meta_block_group", i->first_meta_bg);
	sheet_number(s, "flex_bg_size", i->flex_bg_size);
	sheet_number(s, "raid_stride", i->raid_stride);
	sheet_number(s, "raid_stripe_width", i->raid_stripe_width);
	if (!features_has(&i->features, "sparse_super2"))
		return;
	sheet_open(s, "backup_groups");
	sheet_number(s, "first", i->backup_groups[0]);
	sheet_number(s, "second", i->backup_groups[1]);
	sheet_close(s);
}

static void show_history(struct sheet *s, const struct super_info *i)
{
	sheet_time(s, "created", i->created, "unknown");
	sheet_time(s, "mounted", i->mounted, "never");
	sheet_time(s, "written", i->written, "unknown");
	sheet_time(s, "checked", i->checked, "never");
	sheet_number(s, "mount_count", i->mount_count);
	if (s->json)
		sheet_json(s, "max_mount_count",
			   json_integer(i->max_mount_count));
	else if (i->max_mount_count > 0)
		sheet_number(s, "max_mount_count", i->max_mount_count);
	else
		sheet_text(s, "max_mount_count", "none");
	sheet_number(s, "check_interval", i->check_interval);
	sheet_number(s, "lifetime_kib_written", i->lifetime_kib);
}

static void show_inode_figures(struct sheet *s, const struct super_info *i)
{
	sheet_number(s, "reserved_uid", i->reserved_uid);
	sheet_number(s, "reserved_gid", i->reserved_gid);
	sheet_number(s, "first_inode", i->first_ino);
	sheet_number(s, "inode_size", i->inode_size);
	sheet_number(s, "required_extra_isize", i->min_extra_isize);
	sheet_number(s, "desired_extra_isize", i->want_extra_isize);
	sheet_number(s, "first_orphan", i->last_orphan);
	sheet_number(s, "lost_found_inode", i->lost_found_ino);
	if (features_has(&i->features, "orphan_file"))
		sheet_number(s, "orphan_file_inode", i->orphan_file_ino);
	if (features_has(&i->features, "quota")) {
		sheet_number(s, "user_quota_inode", i->user_quota_ino);
		sheet_number(s, "group_quota_inode", i->group_quota_ino);
		sheet_number(s, "project_quota_inode", i->project_quota_ino);
	}
}

static void show_names(struct sheet *s, const struct super_info *i)
{
	static const char *const hashes[] = {
		"legacy", "half_md4", "tea", "legacy_unsigned",
		"half_md4_unsigned", "tea_unsigned", "siphash",
	};
	static const char *const encodings[] = { NULL, "utf8-12.1" };

	show_choice(s, "directory_hash", i->hash_version, hashes,
		    COUNT(hashes));
	sheet_text(s, "hash_seed", i->hash_seed);
	if (features_has(&i->features, "casefold")) {
		show_choice(s, "encoding", i->encoding, encodings,
			    COUNT(encodings));
		sheet_bool(s, "encoding_strict", i->encoding_flags & 1);
	}
	if (features_has(&i->features, "encrypt"))
		sheet_number(s, "encryption_level", i->encryption_level);
}

static void show_csum(struct sheet *s, const struct super_info *i)
{
	static const char *const types[] = { NULL, "crc32c" };

	if (!features_has(&i->features, "metadata_csum"))
		return;
	show_choice(s, "checksum_type", i->csum_type, types, COUNT(types));
	sheet_hex(s, "checksum", i->csum);
	sheet_bool(s, "checksum_good", i->csum_good);
	if (features_has(&i->features, "metadata_csum_seed"))
		sheet_hex(s, "checksum_seed", i->csum_seed);
}

static void show_error(struct sheet *s, const char *key,
		       const struct super_error *e)
{
	sheet_open(s, key);
	sheet_time(s, "time", e->time, "unknown");
	sheet_name(s, "function", e->func, strlen(e->func));
	sheet_number(s, "line", e->line);
	sheet_number(s, "inode", e->ino);
	sheet_number(s, "block", e->block);
	sheet_number(s, "code", e->code);
	sheet_close(s);
}

static void show_errors(struct sheet *s, const struct super_info *i)
{
	sheet_number(s, "error_count", i->error_count);
	if (i->first_error.time.sec)
		show_error(s, "first_error", &i->first_error);
	if (i->last_error.time.sec)
		show_error(s, "last_error", &i->last_error);
}

errcode_t info_show_super(struct sheet *s, const struct super_info *info,
			  const struct image *img)
{
	errcode_t err;

	show_identity(s, info, image_path(img));
	err = show_state(s, info);
	show_counts(s, info);
	show_groups(s, info, image_geometry(img));
	show_history(s, info);
	show_inode_figures(s, info);
	show_names(s, info);
	show_csum(s, info);
	show_errors(s, info);
	return err;
}
