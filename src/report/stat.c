// SPDX-License-Identifier: GPL-2.0-or-later
/* Inodes, figure by figure. */
#include "report/stat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/file_type.h"
#include "image/inode_flags.h"
#include "image/read_link.h"
#include "image/read_map.h"
#include "report/resolve.h"

enum { WIDTH = 16 };

struct stat_report {
	struct image *img;
	const struct stat_options *options;
	struct sheet sheet;
	bool damaged;
};

/* What lies in i_block, and how much of it there is. */
struct mapping {
	const char *kind;
	uint64_t extents;	/* as stored, or runs of indirect blocks */
	uint64_t blocks;	/* of the mapping itself */
	bool counted;
};

static errcode_t pass_damage(struct stat_report *r, errcode_t err)
{
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	r->damaged = true;
	return 0;
}

static errcode_t count_extent(void *arg, const struct extent *e)
{
	struct mapping *m = arg;

	(void)e;
	m->extents++;
	return 0;
}

static errcode_t count_block(void *arg, uint64_t pblk)
{
	struct mapping *m = arg;

	(void)pblk;
	m->blocks++;
	return 0;
}

static errcode_t read_mapping(struct mapping *m, struct image *img,
			      const struct inode_info *i)
{
	const struct map_visitor v = {
		.extent = count_extent, .meta = count_block, .arg = m,
	};

	memset(m, 0, sizeof(*m));
	if (i->flags & INODE_FLAG_INLINE)
		m->kind = "inline";
	else if (inode_is_fast_link(i))
		m->kind = "fast symlink";
	else if (!S_ISREG(i->mode) && !S_ISDIR(i->mode) && !S_ISLNK(i->mode))
		m->kind = "none";
	else
		m->counted = true;
	if (!m->counted)
		return 0;
	m->kind = i->flags & INODE_FLAG_EXTENTS ? "extents" : "indirect";
	return read_map(img, i, &v);
}

static errcode_t show_mapping(struct stat_report *r,
			      const struct inode_info *i)
{
	struct sheet *s = &r->sheet;
	struct mapping m;
	errcode_t err = read_mapping(&m, r->img, i);

	sheet_text(s, "mapping", m.kind);
	if (!err && m.counted) {
		sheet_number(s, "extents", m.extents);
		sheet_number(s, "mapping_blocks", m.blocks);
	}
	return pass_damage(r, err);
}

static void show_mode(struct sheet *s, uint32_t mode)
{
	char octal[8], text[FILE_MODE_LEN];

	snprintf(octal, sizeof(octal), "%04o", (unsigned int)(mode & 07777));
	sheet_text(s, "type", file_type_name(mode));
	if (s->json) {
		sheet_text(s, "mode", octal);
		return;
	}
	sheet_key(s, "mode");
	emit_text(s->out, "%s (%s)\n", octal, file_mode_text(text, mode));
}

static void show_owner(struct sheet *s, const struct inode_info *i)
{
	sheet_number(s, "uid", i->uid);
	sheet_number(s, "gid", i->gid);
	sheet_number(s, "nlink", i->links);
}

/* st_blocks: of a file with inline data the kernel says more than there is,
 * lest programs take it for a hole. */
static uint64_t stat_blocks(const struct inode_info *i)
{
	if (S_ISREG(i->mode) && (i->flags & INODE_FLAG_INLINE))
		return i->sectors + i->size / 512 + (i->size % 512 != 0);
	return i->sectors;
}

static errcode_t show_flags(struct sheet *s, const struct inode_info *i)
{
	char *names = inode_flags_names(i->flags);

	if (!names)
		return ENOMEM;
	sheet_words(s, "flags", names);
	free(names);
	return 0;
}

static void show_times(struct sheet *s, const struct inode_info *i,
		       const struct inode_more *more)
{
	const struct timestamp deleted = { i->dtime, 0 };

	sheet_time(s, "atime", i->times[INODE_ATIME], NULL);
	sheet_time(s, "mtime", i->times[INODE_MTIME], NULL);
	sheet_time(s, "ctime", i->times[INODE_CTIME], NULL);
	if (more->has_crtime)
		sheet_time(s, "crtime", i->times[INODE_CRTIME], NULL);
	if (i->dtime)
		sheet_time(s, "dtime", deleted, NULL);
}

static void show_place(struct sheet *s, const struct inode_more *more)
{
	sheet_number(s, "group", more->group);
	sheet_number(s, "table_block", more->block);
	sheet_number(s, "table_offset", more->offset);
	sheet_number(s, "extra_isize", more->extra_isize);
}

static void show_csum(struct sheet *s, const struct inode_more *more)
{
	if (!more->has_csum)
		return;
	sheet_hex(s, "checksum", more->csum);
	sheet_bool(s, "checksum_good", more->csum_good);
}

static void show_device(struct sheet *s, const struct inode_info *i)
{
	uint32_t major, minor;

	if (!S_ISCHR(i->mode) && !S_ISBLK(i->mode))
		return;
	inode_get_device(i->i_block, &major, &minor);
	sheet_number(s, "major", major);
	sheet_number(s, "minor", minor);
}

static errcode_t show_target(struct stat_report *r,
			     const struct inode_info *i)
{
	struct buf target = BUF_INIT;
	errcode_t err;

	if (!S_ISLNK(i->mode))
		return 0;
	if (i->flags & INODE_FLAG_ENCRYPT) {
		sheet_text(&r->sheet, "target_state", "encrypted");
		return 0;
	}
	err = read_link(&target, r->img, i);
	if (!err)
		sheet_name(&r->sheet, "target", (char *)target.data,
			   target.len);
	buf_release(&target);
	return pass_damage(r, err);
}

static errcode_t show_inode(struct stat_report *r, const char *path,
			    size_t len, const struct inode_info *i)
{
	struct sheet *s = &r->sheet;
	struct inode_more more;
	errcode_t err = read_inode_more(&more, r->img, i->ino);

	if (err)
		return err;
	sheet_name(s, "path", path, len);
	sheet_number(s, "inode", i->ino);
	show_mode(s, i->mode);
	show_owner(s, i);
	sheet_number(s, "size", i->size);
	sheet_number(s, "blocks", stat_blocks(i));
	show_device(s, i);
	err = show_target(r, i);
	if (!err)
		err = show_flags(s, i);
	show_times(s, i, &more);
	sheet_number(s, "generation", i->generation);
	sheet_number(s, "version", more.version);
	if (more.has_project)
		sheet_number(s, "project", more.project);
	if (!err)
		err = show_mapping(r, i);
	if (i->file_acl)
		sheet_number(s, "xattr_block", i->file_acl);
	show_place(s, &more);
	show_csum(s, &more);
	return err ? err : pass_damage(r, stat_show_xattrs(s, r->img, i));
}

static errcode_t show_path(struct stat_report *r, const char *path,
			   bool first)
{
	const struct stat_options *o = r->options;
	struct buf name = BUF_INIT;
	struct inode_info i;
	errcode_t err = resolve_path_flags(&i, &name, r->img, path,
					   o->follow ? RESOLVE_FOLLOW : 0);

	if (!err && !first && !o->json)
		emit_text(r->sheet.out, "\n");
	if (!err) {
		sheet_begin(&r->sheet, r->sheet.out, o->json, WIDTH);
		err = show_inode(r, (char *)name.data, name.len, &i);
		sheet_end(&r->sheet);
	}
	buf_release(&name);
	return err;
}

errcode_t report_stat(struct image *img, const struct stat_options *options,
		      struct emit *out)
{
	struct stat_report r = { .img = img, .options = options };
	errcode_t err = 0;
	size_t k;

	for (k = 0; !err && k < options->n_paths; k++) {
		r.sheet.out = out;
		if (options->progress)
			err = progress_check(options->progress);
		if (!err)
			err = show_path(&r, options->paths[k], k == 0);
	}
	return !err && r.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
