// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extent status of files.  The pieces shown cover lblk 0 to the later of
 * the end of file and the last mapped block without a gap: what no extent
 * covers is a hole.
 */
#include "report/es.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
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
	struct inode_set seen;
	uint64_t budget;	/* mapping blocks, see read_map.h */
	bool damaged, began;
};

/* A piece of the line from lblk 0 on. */
struct piece {
	uint64_t lblk, len, pblk;
	const char *status;
	bool hole;
};

/* Walks over extents and the holes between them. */
struct piece_cursor {
	const struct file_extents *l;
	size_t i;
	uint64_t at, end;	/* lblk */
};

static void cursor_init(struct piece_cursor *c, const struct file_extents *l,
			uint64_t size_blocks)
{
	const struct extent *last = l->n ? &l->e[l->n - 1] : NULL;

	memset(c, 0, sizeof(*c));
	c->l = l;
	c->end = size_blocks;
	if (last && last->lblk + (uint64_t)last->len > c->end)
		c->end = last->lblk + (uint64_t)last->len;
}

static bool cursor_next(struct piece_cursor *c, struct piece *p)
{
	const struct extent *e = &c->l->e[c->i];
	bool any = c->i < c->l->n;

	if (c->at >= c->end)
		return false;
	memset(p, 0, sizeof(*p));
	p->lblk = c->at;
	if (any && e->lblk == c->at) {
		p->len = e->len;
		p->pblk = e->pblk;
		p->status = e->unwritten ? "unwritten" : "written";
		c->i++;
	} else {
		p->len = (any ? e->lblk : c->end) - c->at;
		p->status = "hole";
		p->hole = true;
	}
	c->at += p->len;
	return true;
}

static json_t *piece_json(const struct piece *p)
{
	if (p->hole)
		return json_pack("{s:I,s:I,s:s}", "lblk", (json_int_t)p->lblk,
				 "len", (json_int_t)p->len,
				 "status", p->status);
	return json_pack("{s:I,s:I,s:s,s:I}", "lblk", (json_int_t)p->lblk,
			 "len", (json_int_t)p->len, "status", p->status,
			 "pblk", (json_int_t)p->pblk);
}

static void show_json(struct es_report *r, const struct walk_item *item,
		      bool in_inode, struct piece_cursor *c)
{
	json_t *doc = json_object(), *list = json_array();
	json_int_t size = item->inode->size > INT64_MAX ? INT64_MAX :
			  (json_int_t)item->inode->size;
	struct piece p;
	bool failed = emit_json_name(doc, "path", item->path, item->len) ||
		json_object_set_new(doc, "inode",
				    json_integer(item->inode->ino)) ||
		json_object_set_new(doc, "size", json_integer(size)) ||
		json_object_set_new(doc, "inline", json_boolean(in_inode));

	while (!failed && cursor_next(c, &p))
		failed = json_array_append_new(list, piece_json(&p)) != 0;
	if (failed || json_object_set(doc, "extents", list)) {
		json_decref(doc);
		doc = NULL;
	}
	json_decref(list);
	emit_json(r->out, doc);
}

/* The header line; its figures go below a path that fills the terminal. */
static void show_header(struct es_report *r, const struct walk_item *item,
			bool in_inode)
{
	const struct inode_info *i = item->inode;
	char *path = diag_escape(item->path);
	char figures[64];
	bool wraps;

	if (!path) {
		emit_json(r->out, NULL);
		return;
	}
	snprintf(figures, sizeof(figures), "inode %u, size %" PRIu64 "%s",
		 i->ino, i->size, in_inode ? ", inline" : "");
	wraps = r->options->width &&
		strlen(path) + strlen(figures) + 2 > r->options->width;
	emit_text(r->out, "%s%s%s%s\n", r->began ? "\n" : "", path,
		  wraps ? "\n  " : ": ", figures);
	r->began = true;
	free(path);
}

enum { RANGE_LEN = 48, COLUMNS = 3 };

static void piece_cells(char cells[COLUMNS][RANGE_LEN], const struct piece *p)
{
	snprintf(cells[0], RANGE_LEN, "%" PRIu64 "-%" PRIu64, p->lblk,
		 p->lblk + p->len - 1);
	snprintf(cells[1], RANGE_LEN, "%" PRIu64, p->len);
	if (p->hole)
		strcpy(cells[2], "-");
	else
		snprintf(cells[2], RANGE_LEN, "%" PRIu64 "-%" PRIu64, p->pblk,
			 p->pblk + p->len - 1);
}

/* Two passes: the first finds the widths. */
static void show_text(struct es_report *r, const struct piece_cursor *c)
{
	static const char *const heads[COLUMNS] = { "lblk", "len", "pblk" };
	char cells[COLUMNS][RANGE_LEN];
	struct piece_cursor again = *c;
	int width[COLUMNS], i;
	struct piece p;

	for (i = 0; i < COLUMNS; i++)
		width[i] = strlen(heads[i]);
	while (cursor_next(&again, &p)) {
		piece_cells(cells, &p);
		for (i = 0; i < COLUMNS; i++)
			if ((int)strlen(cells[i]) > width[i])
				width[i] = strlen(cells[i]);
	}
	again = *c;
	if (again.at < again.end)
		emit_text(r->out, "  %*s  %*s  %*s  status\n", width[0],
			  heads[0], width[1], heads[1], width[2], heads[2]);
	while (cursor_next(&again, &p)) {
		piece_cells(cells, &p);
		emit_text(r->out, "  %*s  %*s  %*s  %s\n", width[0], cells[0],
			  width[1], cells[1], width[2], cells[2], p.status);
	}
}

static errcode_t show_file(struct es_report *r, const struct walk_item *item)
{
	const struct image_geometry *geo = image_geometry(r->img);
	const struct inode_info *i = item->inode;
	const bool in_inode = i->flags & INODE_FLAG_INLINE;
	uint64_t blocks = div_round_up(i->size, geo->block_size);
	struct piece_cursor c;
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
	cursor_init(&c, &r->extents, in_inode ? 0 : blocks);
	if (r->options->json) {
		show_json(r, item, in_inode, &c);
	} else {
		show_header(r, item, in_inode);
		show_text(r, &c);
	}
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
	return !err && r.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
