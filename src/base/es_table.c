// SPDX-License-Identifier: GPL-2.0-or-later
/* Rows of extent status, as text and as JSON. */
#include "base/es_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"

void es_table_release(struct es_table *t)
{
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

void es_table_clear(struct es_table *t)
{
	t->n = 0;
}

static uint64_t table_end(const struct es_table *t)
{
	return t->n ? t->rows[t->n - 1].lblk + t->rows[t->n - 1].len : 0;
}

errcode_t es_table_end(struct es_table *t, uint64_t blocks)
{
	uint64_t end = table_end(t);
	errcode_t err;

	if (blocks <= end)
		return 0;
	err = array_reserve(&t->rows, &t->cap, t->n + 1, sizeof(*t->rows));
	if (!err)
		t->rows[t->n++] = (struct es_row){ end, blocks - end, 0,
						   "hole" };
	return err;
}

errcode_t es_table_add(struct es_table *t, uint64_t lblk, uint64_t len,
		       uint64_t pblk, const char *status)
{
	errcode_t err = es_table_end(t, lblk);

	if (!err)
		err = array_reserve(&t->rows, &t->cap, t->n + 1,
				    sizeof(*t->rows));
	if (!err)
		t->rows[t->n++] = (struct es_row){ lblk, len, pblk, status };
	return err;
}

static json_t *row_json(const struct es_row *r)
{
	if (!r->pblk)
		return json_pack("{s:I,s:I,s:s}", "lblk", (json_int_t)r->lblk,
				 "len", (json_int_t)r->len,
				 "status", r->status);
	return json_pack("{s:I,s:I,s:s,s:I}", "lblk", (json_int_t)r->lblk,
			 "len", (json_int_t)r->len, "status", r->status,
			 "pblk", (json_int_t)r->pblk);
}

json_t *es_table_document(const struct es_table *t,
			  const struct es_heading *h)
{
	json_t *doc = json_object(), *list = json_array();
	json_int_t size = h->size > INT64_MAX ? INT64_MAX :
						(json_int_t)h->size;
	bool failed = emit_json_name(doc, "path", h->path, h->path_len) ||
		json_object_set_new(doc, "inode", json_integer(h->ino)) ||
		json_object_set_new(doc, "size", json_integer(size)) ||
		json_object_set_new(doc, "inline", json_boolean(h->in_inode));
	size_t i;

	for (i = 0; !failed && i < t->n; i++)
		failed = json_array_append_new(list, row_json(&t->rows[i]));
	if (failed || json_object_set(doc, "extents", list)) {
		json_decref(doc);
		doc = NULL;
	}
	json_decref(list);
	return doc;
}

void es_table_json(const struct es_table *t, const struct es_heading *h,
		   struct emit *out)
{
	emit_json(out, es_table_document(t, h));
}

/* The figures go below a path that fills the terminal. */
static void put_heading(const struct es_heading *h, struct emit *out,
			unsigned int width, bool first)
{
	char *path = diag_escape(h->path);
	char figures[64];
	bool wraps;

	if (!path) {
		emit_json(out, NULL);
		return;
	}
	snprintf(figures, sizeof(figures), "inode %u, size %" PRIu64 "%s",
		 h->ino, h->size, h->in_inode ? ", inline" : "");
	wraps = width && strlen(path) + strlen(figures) + 2 > width;
	emit_text(out, "%s%s%s%s\n", first ? "" : "\n", path,
		  wraps ? "\n  " : ": ", figures);
	free(path);
}

enum { RANGE_LEN = 48, COLUMNS = 3 };

static void row_cells(char cells[COLUMNS][RANGE_LEN], const struct es_row *r)
{
	snprintf(cells[0], RANGE_LEN, "%" PRIu64 "-%" PRIu64, r->lblk,
		 r->lblk + r->len - 1);
	snprintf(cells[1], RANGE_LEN, "%" PRIu64, r->len);
	if (!r->pblk)
		strcpy(cells[2], "-");
	else
		snprintf(cells[2], RANGE_LEN, "%" PRIu64 "-%" PRIu64, r->pblk,
			 r->pblk + r->len - 1);
}

void es_table_text(const struct es_table *t, const struct es_heading *h,
		   struct emit *out, unsigned int width, bool first)
{
	static const char *const heads[COLUMNS] = { "lblk", "len", "pblk" };
	char cells[COLUMNS][RANGE_LEN];
	int wide[COLUMNS], k;
	size_t i;

	put_heading(h, out, width, first);
	for (k = 0; k < COLUMNS; k++)
		wide[k] = (int)strlen(heads[k]);
	for (i = 0; i < t->n; i++) {
		row_cells(cells, &t->rows[i]);
		for (k = 0; k < COLUMNS; k++)
			if ((int)strlen(cells[k]) > wide[k])
				wide[k] = (int)strlen(cells[k]);
	}
	if (t->n)
		emit_text(out, "  %*s  %*s  %*s  status\n", wide[0], heads[0],
			  wide[1], heads[1], wide[2], heads[2]);
	for (i = 0; i < t->n; i++) {
		row_cells(cells, &t->rows[i]);
		emit_text(out, "  %*s  %*s  %*s  %s\n", wide[0], cells[0],
			  wide[1], cells[1], wide[2], cells[2],
			  t->rows[i].status);
	}
}
