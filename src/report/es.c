// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extent status of files of an image.  The rows shown cover lblk 0 to the
 * later of the end of file and the last mapped block without a gap.
 */
#include "report/es.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/es_table.h"
#include "base/number.h"
#include "report/file_extents.h"
#include "report/inode_set.h"
#include "report/resolve.h"
#include "report/walk.h"

struct es_report {
	struct image *img;
	const struct es_options *options;
	struct emit *out;
	struct file_extents extents;	/* of one file; kept for its memory */
	struct es_table table;	/* of one file, likewise */
	struct inode_set seen;
	uint64_t budget;	/* mapping blocks, see read_map.h */
	bool damaged, began;
};

/* The rows of the file whose extents were read, up to @blocks. */
static errcode_t fill_table(struct es_report *r, uint64_t blocks)
{
	errcode_t err = 0;
	size_t i;

	es_table_clear(&r->table);
	for (i = 0; !err && i < r->extents.n; i++) {
		const struct extent *e = &r->extents.e[i];

		err = es_table_add(&r->table, e->lblk, e->len, e->pblk,
				   e->unwritten ? "unwritten" : "written");
	}
	if (!err)
		err = es_table_end(&r->table, blocks);
	return err ? diag_nomem(image_diag(r->img)) : 0;
}

static errcode_t show_file(struct es_report *r, const struct walk_item *item)
{
	const struct image_geometry *geo = image_geometry(r->img);
	const struct inode_info *i = item->inode;
	const bool in_inode = i->flags & INODE_FLAG_INLINE;
	uint64_t blocks = div_round_up(i->size, geo->block_size);
	const struct es_heading h = {
		.path = item->path, .path_len = item->len, .ino = i->ino,
		.size = i->size, .in_inode = in_inode,
	};
	errcode_t err = file_extents_read(&r->extents, r->img, i, &r->budget);

	if (err == E4PACK_ET_BAD_IMAGE) {
		r->damaged = true;
		return 0;
	}
	if (err)
		return err;
	if (blocks > (uint64_t)FORMAT_MAX_LBLK + 1) {
		image_bad(r->img, "inode %u: its size of %" PRIu64 " bytes "
			  "is over what a file can have", i->ino, i->size);
		r->damaged = true;
		blocks = (uint64_t)FORMAT_MAX_LBLK + 1;
	}
	err = fill_table(r, in_inode ? 0 : blocks);
	if (err)
		return err;
	if (r->options->json)
		es_table_json(&r->table, &h, r->out);
	else
		es_table_text(&r->table, &h, r->out, r->options->width,
			      !r->began);
	r->began = true;
	return r->out->err;
}

static errcode_t meet(void *arg, const struct walk_item *item)
{
	struct es_report *r = arg;
	errcode_t err = 0;

	if (r->options->progress)
		err = progress_check(r->options->progress);
	if (err || !S_ISREG(item->inode->mode))
		return err;
	/* A path given twice is shown twice. */
	if (!inode_set_add(&r->seen, item->inode->ino) && item->depth)
		return 0;
	return show_file(r, item);
}

static errcode_t show_path(struct es_report *r, const char *path, bool dry)
{
	const struct walk_visitor v = { .enter = meet, .arg = r };
	struct buf name = BUF_INIT;
	struct inode_info i;
	errcode_t err = resolve_path(&i, &name, r->img, path);

	if (!err && !S_ISREG(i.mode) && !S_ISDIR(i.mode))
		err = diag_error(image_diag(r->img), path,
				 E4PACK_ET_BAD_TYPE,
				 "neither a file nor a folder");
	if (!err && !buf_str(&name))
		err = diag_nomem(image_diag(r->img));
	if (!err && !dry) {
		r->budget = image_geometry(r->img)->blocks;
		err = walk_tree(r->img, buf_str(&name), &i, &v);
	}
	if (err == E4PACK_ET_BAD_IMAGE && !dry) {
		r->damaged = true;
		err = 0;
	}
	buf_release(&name);
	return err;
}

errcode_t report_es(struct image *img, const struct es_options *options,
		    struct emit *out)
{
	static const char *const whole[] = { "/" };
	const char *const *paths = options->n_paths ? options->paths : whole;
	size_t i, n = options->n_paths ? options->n_paths : 1;
	struct es_report r = { .img = img, .options = options, .out = out };
	errcode_t err = inode_set_init(&r.seen, img);

	for (i = 0; !err && i < n; i++)
		err = show_path(&r, paths[i], true);
	for (i = 0; !err && i < n; i++)
		err = show_path(&r, paths[i], false);
	inode_set_release(&r.seen);
	file_extents_release(&r.extents);
	es_table_release(&r.table);
	return !err && r.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
