// SPDX-License-Identifier: GPL-2.0-or-later
/* How a report on fragmentation looks. */
#include "report/frag.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

const char *frag_file_name(const struct frag_file *f,
			   char number[FRAG_NUMBER_LEN])
{
	if (f->path)
		return f->path;
	snprintf(number, FRAG_NUMBER_LEN, "<%u>", f->ino);
	return number;
}

void frag_show_heading(struct emit *out)
{
	emit_text(out, "%10s %8s %8s %12s  %s\n", "extents", "ideal",
		  "unavoid.", "blocks", "path");
}

void frag_show_row(const struct frag_counts *c, const char *path,
		   const char *note, struct emit *out)
{
	char *safe = diag_escape(path);

	if (!safe) {
		emit_json(out, NULL);
		return;
	}
	emit_text(out, "%10" PRIu64 " %8" PRIu64 " %8" PRIu64 " %12" PRIu64
		  "  %s%s\n", c->extents, c->ideal, c->unavoidable, c->blocks,
		  safe, note);
	free(safe);
}

static void show_free(const struct frag_result *r, struct emit *out)
{
	const struct frag_free *f = &r->free;
	char size[NUMBER_HUMAN_LEN];

	number_human(size, f->blocks << image_geometry(r->img)->block_bits);
	emit_text(out, "%-20s %" PRIu64 " (%s)\n", "free blocks:", f->blocks,
		  size);
	emit_text(out, "%-20s %" PRIu64 "\n", "free runs:", f->runs);
	emit_text(out, "%-20s %" PRIu64 "\n", "largest free run:",
		  f->largest_run);
}

void frag_show_text(const struct frag_result *r, struct emit *out,
		    bool with_worst)
{
	const struct frag_totals *t = &r->totals;
	const struct {
		const char *name;
		uint64_t value;
	} lines[] = {
		{ "block size:", image_geometry(r->img)->block_size },
		{ "files:", t->files },
		{ "directories:", t->directories },
		{ "blocks:", t->counts.blocks },
		{ "extents:", t->counts.extents },
		{ "ideal extents:", t->counts.ideal },
		{ "unavoidable extents:", t->counts.unavoidable },
		{ "fragmented files:", t->fragmented },
	};
	char number[FRAG_NUMBER_LEN];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		emit_text(out, "%-20s %" PRIu64 "\n", lines[i].name,
			  lines[i].value);
	emit_text(out, "%-20s %.2f\n", "score:",
		  frag_counts_score_shown(&t->counts));
	show_free(r, out);
	if (!with_worst || r->worst.n == 0)
		return;
	emit_text(out, "\n");
	frag_show_heading(out);
	for (i = 0; i < r->worst.n; i++)
		frag_show_row(&r->worst.files[i].counts,
			      frag_file_name(&r->worst.files[i], number), "",
			      out);
}

/* Set @key of @obj to a number; NULL stays NULL. */
static json_t *put_number(json_t *obj, const char *key, uint64_t value)
{
	json_int_t n = value > INT64_MAX ? INT64_MAX : (json_int_t)value;

	if (obj && json_object_set_new(obj, key, json_integer(n))) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

json_t *frag_row_json(const struct frag_file *f, const char *path,
		      bool is_folder)
{
	json_t *obj = json_object();

	if (obj && emit_json_name(obj, "path", path, strlen(path))) {
		json_decref(obj);
		return NULL;
	}
	obj = put_number(obj, "inode", f->ino);
	if (!is_folder)
		obj = put_number(obj, "size", f->size);
	obj = put_number(obj, "blocks", f->counts.blocks);
	obj = put_number(obj, "extents", f->counts.extents);
	obj = put_number(obj, "ideal", f->counts.ideal);
	return put_number(obj, "unavoidable", f->counts.unavoidable);
}

static json_t *worst_json(const struct frag_worst *w)
{
	json_t *list = json_array();
	char number[FRAG_NUMBER_LEN];
	size_t i;

	for (i = 0; list && i < w->n; i++) {
		const struct frag_file *f = &w->files[i];

		if (json_array_append_new(list,
				frag_row_json(f, frag_file_name(f, number),
					      false))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *free_json(const struct frag_free *f)
{
	json_t *obj = put_number(json_object(), "blocks", f->blocks);

	obj = put_number(obj, "runs", f->runs);
	return put_number(obj, "largest_run", f->largest_run);
}

void frag_show_json(const struct frag_result *r, struct emit *out)
{
	const struct frag_totals *t = &r->totals;
	const char *path = image_path(r->img);
	json_t *doc = json_object();

	if (doc && emit_json_name(doc, "image", path, strlen(path))) {
		json_decref(doc);
		doc = NULL;
	}
	doc = put_number(doc, "block_size", image_geometry(r->img)->block_size);
	doc = put_number(doc, "files", t->files);
	doc = put_number(doc, "directories", t->directories);
	doc = put_number(doc, "blocks", t->counts.blocks);
	doc = put_number(doc, "extents", t->counts.extents);
	doc = put_number(doc, "ideal_extents", t->counts.ideal);
	doc = put_number(doc, "unavoidable_extents", t->counts.unavoidable);
	doc = put_number(doc, "fragmented_files", t->fragmented);
	if (doc &&
	    (json_object_set_new(doc, "score",
			json_real(frag_counts_score(&t->counts))) ||
	     json_object_set_new(doc, "free", free_json(&r->free)) ||
	     json_object_set_new(doc, "worst", worst_json(&r->worst)) ||
	     (r->paths && json_object_set(doc, "paths", r->paths)))) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}
