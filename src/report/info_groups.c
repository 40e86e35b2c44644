// SPDX-License-Identifier: GPL-2.0-or-later
/* Block groups, a few lines or one JSON document each. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "image/group_detail.h"
#include "report/info.h"

static void put_run(struct emit *out, const char *what, const struct run *r)
{
	if (r->len == 0)
		return;
	emit_text(out, "  %s %" PRIu64 "-%" PRIu64 "\n", what, r->start,
		  r->start + r->len - 1);
}

static void put_flags(struct emit *out, uint32_t flags)
{
	static const char *const names[] = {
		"inode_uninit", "block_uninit", "itable_zeroed",
	};
	uint32_t i;

	for (i = 0; i < 16; i++) {
		if (!(flags >> i & 1))
			continue;
		if (i < sizeof(names) / sizeof(names[0]))
			emit_text(out, " %s", names[i]);
		else
			emit_text(out, " 0x%x", 1u << i);
	}
}

static void show_lines(struct emit *out, uint32_t group,
		       const struct group_detail *d, bool has_csum)
{
	emit_text(out, "group %u: blocks %" PRIu64 "-%" PRIu64, group,
		  d->blocks.start, d->blocks.start + d->blocks.len - 1);
	if (has_csum)
		emit_text(out, ", checksum 0x%04x%s", d->csum,
			  d->csum_good ? "" : " (wrong)");
	if (d->flags) {
		emit_text(out, ", flags");
		put_flags(out, d->flags);
	}
	emit_text(out, "\n");
	if (d->has_super)
		emit_text(out, "  superblock %" PRIu64 "\n", d->super);
	put_run(out, "descriptors", &d->descriptors);
	put_run(out, "reserved descriptors", &d->reserved);
	emit_text(out, "  block bitmap %" PRIu64 ", inode bitmap %" PRIu64
		  "\n", d->block_bitmap, d->inode_bitmap);
	put_run(out, "inode table", &d->inode_table);
	emit_text(out, "  free: %u blocks, %u inodes; %u directories, "
		  "%u unused inodes\n", d->free_blocks, d->free_inodes,
		  d->directories, d->unused_inodes);
}

static void put_range(struct sheet *s, const char *key, const struct run *r)
{
	if (r->len == 0)
		return;
	sheet_open(s, key);
	sheet_number(s, "first", r->start);
	sheet_number(s, "blocks", r->len);
	sheet_close(s);
}

static void show_json(struct emit *out, uint32_t group,
		      const struct group_detail *d, bool has_csum)
{
	struct sheet s;

	sheet_begin(&s, out, true, 0);
	sheet_number(&s, "group", group);
	put_range(&s, "range", &d->blocks);
	sheet_bool(&s, "inode_uninit", d->flags & GROUP_INODE_UNINIT);
	sheet_bool(&s, "block_uninit", d->flags & GROUP_BLOCK_UNINIT);
	sheet_bool(&s, "itable_zeroed", d->flags & GROUP_ZEROED);
	sheet_number(&s, "flags", d->flags);
	if (d->has_super)
		sheet_number(&s, "superblock", d->super);
	put_range(&s, "descriptors", &d->descriptors);
	put_range(&s, "reserved_descriptors", &d->reserved);
	sheet_number(&s, "block_bitmap", d->block_bitmap);
	sheet_number(&s, "inode_bitmap", d->inode_bitmap);
	put_range(&s, "inode_table", &d->inode_table);
	sheet_number(&s, "free_blocks", d->free_blocks);
	sheet_number(&s, "free_inodes", d->free_inodes);
	sheet_number(&s, "directories", d->directories);
	sheet_number(&s, "unused_inodes", d->unused_inodes);
	if (has_csum) {
		sheet_hex(&s, "checksum", d->csum);
		sheet_bool(&s, "checksum_good", d->csum_good);
	}
	sheet_end(&s);
}

errcode_t info_show_groups(struct image *img,
			   const struct info_options *options,
			   struct emit *out)
{
	const struct image_geometry *geo = image_geometry(img);
	struct group_detail d;
	uint32_t group;
	errcode_t err = 0;

	if (!options->json)
		emit_text(out, "\n");
	for (group = 0; !err && !out->err && group < geo->groups; group++) {
		if (options->progress)
			err = progress_check(options->progress);
		if (!err)
			err = read_group_detail(&d, img, group);
		if (err)
			break;
		if (options->json)
			show_json(out, group, &d, geo->group_csum);
		else
			show_lines(out, group, &d, geo->group_csum);
	}
	return err ? err : out->err;
}
