// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragmentation.  The whole image is counted by a scan of its inode tables,
 * without a look at any folder; only the worst files then get their paths.
 * With paths the tree is walked, and each folder's sum is kept on a stack
 * until the folder is left.
 */
#include "report/frag.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_group.h"
#include "report/file_extents.h"
#include "report/inode_set.h"
#include "report/picture.h"
#include "report/resolve.h"
#include "report/walk.h"

struct frag_report {
	struct image *img;
	const struct frag_options *options;
	struct emit *out;
	struct frag_result result;
	struct fixed_runs fixed;
	struct file_extents extents;	/* of one file; kept for its memory */
	struct inode_set seen;		/* with paths only */
	struct frag_counts *sums;	/* of the folders on the way */
	size_t sums_cap;
	uint64_t budget;	/* mapping blocks, see read_map.h */
	bool damaged;
	bool headed;		/* the heading of the rows is out */
	bool draws;		/* there is a picture */
	struct picture picture;
};

static errcode_t count_free(void *arg, uint64_t start, uint64_t len)
{
	struct frag_report *r = arg;
	struct frag_free *f = &r->result.free;

	if (r->draws)
		picture_add_free(&r->picture, start, len);
	f->blocks += len;
	f->runs++;
	if (len > f->largest_run)
		f->largest_run = len;
	return 0;
}

static errcode_t check_stop(const struct frag_report *r)
{
	const struct progress *p = r->options->progress;

	return p ? progress_check(p) : 0;
}

static errcode_t count_file(struct frag_report *r, struct frag_file *f,
			    const struct inode_info *i)
{
	struct frag_totals *t = &r->result.totals;
	errcode_t err = file_extents_read(&r->extents, r->img, i, &r->budget);

	memset(f, 0, sizeof(*f));
	f->ino = i->ino;
	f->size = i->size;
	if (err == E4PACK_ET_BAD_IMAGE) {
		r->damaged = f->damaged = true;
		return 0;
	}
	if (err || r->extents.n == 0)
		return err;
	frag_count(&f->counts, r->extents.e, r->extents.n, &r->fixed);
	frag_counts_add(&t->counts, &f->counts);
	t->files++;
	if (r->draws)
		picture_add(&r->picture, frag_counts_excess(&f->counts) ?
			    BLOCKS_FRAGMENTED : BLOCKS_FILE, i->ino,
			    r->extents.e, r->extents.n);
	if (frag_counts_excess(&f->counts) == 0)
		return 0;
	t->fragmented++;
	if (frag_worst_add(&r->result.worst, f))
		return diag_nomem(image_diag(r->img));
	return 0;
}

/* What is drawn and not counted. */
static errcode_t draw_blocks(struct frag_report *r, enum block_kind kind,
			     const struct inode_info *i)
{
	errcode_t err;

	if (!r->draws)
		return 0;
	err = file_extents_read(&r->extents, r->img, i, &r->budget);
	if (err == E4PACK_ET_BAD_IMAGE) {
		r->damaged = true;
		return 0;
	}
	if (!err)
		picture_add(&r->picture, kind, i->ino, r->extents.e,
			    r->extents.n);
	return err;
}

static errcode_t draw_journal(struct frag_report *r)
{
	struct inode_info i;
	errcode_t err;

	if (!r->draws)
		return 0;
	err = read_inode(&i, r->img, FORMAT_JOURNAL_INO);
	return err ? err : draw_blocks(r, BLOCKS_JOURNAL, &i);
}

static errcode_t scan_inode(void *arg, const struct inode_info *i)
{
	struct frag_report *r = arg;
	struct frag_file f;
	errcode_t err = check_stop(r);

	if (err || !inode_has_name(r->img, i))
		return err;
	if (S_ISREG(i->mode))
		return count_file(r, &f, i);
	if (S_ISLNK(i->mode))
		return draw_blocks(r, BLOCKS_FILE, i);
	if (!S_ISDIR(i->mode))
		return 0;
	r->result.totals.directories++;
	return draw_blocks(r, BLOCKS_FOLDER, i);
}

static errcode_t add_row(struct frag_report *r, const struct frag_file *f,
			 const struct walk_item *item)
{
	const bool is_folder = S_ISDIR(item->inode->mode);

	switch (r->options->form) {
	case FRAG_TEXT:
		frag_show_row(&f->counts, item->path,
			      is_folder ? " (all in it)" : "", r->out);
		return r->out->err;
	case FRAG_JSON:
		if (json_array_append_new(r->result.paths,
					  frag_row_json(f, item->path,
							is_folder)))
			return diag_nomem(image_diag(r->img));
		return 0;
	case FRAG_CSV:
		if (!is_folder && !f->damaged && !r->options->only_worst)
			frag_csv_row(f, item->path, r->out);
		return r->out->err;
	case FRAG_NOTHING:
		break;
	}
	return 0;
}

static errcode_t enter_folder(struct frag_report *r,
			      const struct walk_item *item)
{
	if (array_reserve(&r->sums, &r->sums_cap, item->depth + 1,
			  sizeof(*r->sums)))
		return diag_nomem(image_diag(r->img));
	memset(&r->sums[item->depth], 0, sizeof(*r->sums));
	if (!inode_set_add(&r->seen, item->inode->ino))
		return 0;
	r->result.totals.directories++;
	return draw_blocks(r, BLOCKS_FOLDER, item->inode);
}

/* Files without blocks have no row, unless they were asked for or the rows
 * are all there is. */
static bool has_row(const struct frag_report *r, const struct frag_file *f,
		    const struct walk_item *item)
{
	return f->counts.extents || item->depth == 0 ||
	       r->options->form == FRAG_CSV;
}

static errcode_t enter(void *arg, const struct walk_item *item)
{
	struct frag_report *r = arg;
	struct frag_file f;
	errcode_t err = check_stop(r);

	if (err)
		return err;
	if (S_ISDIR(item->inode->mode))
		return enter_folder(r, item);
	if (!inode_set_add(&r->seen, item->inode->ino))
		return 0;
	if (S_ISLNK(item->inode->mode))
		return draw_blocks(r, BLOCKS_FILE, item->inode);
	if (!S_ISREG(item->inode->mode))
		return 0;
	err = count_file(r, &f, item->inode);
	if (err || !has_row(r, &f, item))
		return err;
	if (item->depth)
		frag_counts_add(&r->sums[item->depth - 1], &f.counts);
	return add_row(r, &f, item);
}

static errcode_t leave(void *arg, const struct walk_item *item)
{
	struct frag_report *r = arg;
	const struct frag_file sum = {
		.ino = item->inode->ino, .counts = r->sums[item->depth],
	};

	if (item->depth)
		frag_counts_add(&r->sums[item->depth - 1], &sum.counts);
	return add_row(r, &sum, item);
}

/* Once it is known that there are rows. */
static void put_heading(struct frag_report *r)
{
	if (r->headed)
		return;
	r->headed = true;
	if (r->options->form == FRAG_TEXT)
		frag_show_heading(r->out);
	else if (r->options->form == FRAG_CSV && !r->options->only_worst)
		frag_csv_heading(r->out);
}

static errcode_t walk_path(struct frag_report *r, const char *path)
{
	const struct walk_visitor v = {
		.enter = enter, .leave = leave, .arg = r,
	};
	struct buf name = BUF_INIT;
	struct inode_info i;
	errcode_t err = resolve_path(&i, &name, r->img, path);

	if (!err && !S_ISREG(i.mode) && !S_ISDIR(i.mode))
		err = diag_error(image_diag(r->img), path, E4PACK_ET_BAD_TYPE,
				 "neither a file nor a folder");
	if (!err && !buf_str(&name))
		err = diag_nomem(image_diag(r->img));
	if (!err) {
		put_heading(r);
		err = walk_tree(r->img, buf_str(&name), &i, &v);
	}
	buf_release(&name);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	r->damaged = true;
	return 0;
}

/* Whether the rows of all files are wanted though no path was given. */
static bool lists_all(const struct frag_options *o)
{
	return o->form == FRAG_CSV && !o->only_worst && !o->n_paths;
}

static errcode_t count_paths(struct frag_report *r)
{
	static const char *const whole[] = { "/" };
	const bool all = lists_all(r->options);
	const char *const *paths = all ? whole : r->options->paths;
	size_t i, n = all ? 1 : r->options->n_paths;
	errcode_t err = inode_set_init(&r->seen, r->img);

	if (!err && r->options->form == FRAG_JSON) {
		r->result.paths = json_array();
		if (!r->result.paths)
			err = diag_nomem(image_diag(r->img));
	}
	for (i = 0; !err && i < n; i++)
		err = walk_path(r, paths[i]);
	return err;
}

/* Give the worst files their paths. */
static errcode_t name_worst(struct frag_report *r)
{
	struct frag_worst *w = &r->result.worst;
	struct sought_path *list;
	errcode_t err;
	size_t i;

	if (w->n == 0)
		return 0;
	frag_worst_sort_by_ino(w);
	list = calloc(w->n, sizeof(*list));
	if (!list)
		return diag_nomem(image_diag(r->img));
	for (i = 0; i < w->n; i++)
		list[i].ino = w->files[i].ino;
	err = resolve_inodes(list, w->n, r->img);
	for (i = 0; i < w->n; i++)
		w->files[i].path = list[i].path;
	free(list);
	frag_worst_sort(w);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	r->damaged = true;
	return 0;
}

static errcode_t count_all(struct frag_report *r)
{
	struct run *fixed = NULL;
	errcode_t err = read_fixed_runs(&fixed, &r->fixed.n, r->img);

	r->fixed.runs = fixed;
	r->fixed.cluster_bits = image_geometry(r->img)->cluster_bits;
	if (!err)
		err = draw_journal(r);
	if (!err)
		err = r->options->n_paths || lists_all(r->options) ?
		      count_paths(r) : read_inodes(r->img, scan_inode, r);
	if (!err)
		err = read_free_runs(r->img, fixed, r->fixed.n, count_free,
				     r);
	if (!err)
		err = name_worst(r);
	free(fixed);
	return err;
}

static void show(struct frag_report *r)
{
	const bool rows = r->options->n_paths;

	switch (r->options->form) {
	case FRAG_TEXT:
		if (rows)
			emit_text(r->out, "\n");
		frag_show_text(&r->result, r->out, !rows);
		break;
	case FRAG_JSON:
		frag_show_json(&r->result, r->out);
		break;
	case FRAG_CSV:
		if (r->options->only_worst)
			frag_csv_worst(&r->result.worst, r->out);
		break;
	case FRAG_NOTHING:
		break;
	}
}

/* Show what was counted, and draw it. */
static errcode_t put_out(struct frag_report *r)
{
	errcode_t err = 0;

	show(r);
	if (r->draws)
		err = picture_write(&r->picture, &r->result, r->out);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	r->damaged = true;
	return 0;
}

errcode_t report_frag(struct image *img, const struct frag_options *options,
		      struct emit *out)
{
	struct frag_report r = { .img = img, .options = options, .out = out };
	errcode_t err = 0;

	r.result.img = img;
	r.result.worst.max = options->top;
	r.budget = image_geometry(img)->blocks;
	r.draws = options->svg;
	if (r.draws)
		err = picture_open(&r.picture, img, options->svg);
	if (!err)
		err = count_all(&r);
	if (!err)
		err = put_out(&r);
	if (!err && r.damaged)
		err = E4PACK_ET_BAD_IMAGE;
	if (!err && options->has_fail_over &&
	    r.result.totals.fragmented > options->fail_over)
		err = E4PACK_ET_ANSWER_NO;
	picture_release(&r.picture);
	frag_worst_release(&r.result.worst);
	json_decref(r.result.paths);
	free(r.sums);
	inode_set_release(&r.seen);
	file_extents_release(&r.extents);
	return err ? err : out->err;
}
