/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the extent status of a file is shown, wherever it comes from: rows that
 * cover the logical blocks from 0 on without a gap, as a table for people or
 * as one JSON document.
 */
#ifndef E4PACK_BASE_ES_TABLE_H
#define E4PACK_BASE_ES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/emit.h"

struct es_row {
	uint64_t lblk, len;	/* blocks */
	uint64_t pblk;		/* where placed, else 0 */
	const char *status;	/* "written", "unwritten", "delayed", "hole" */
};

/* The rows of one file.  Zero it, or es_table_release(). */
struct es_table {
	struct es_row *rows;
	size_t n, cap;
};

/* What the heading of a file says. */
struct es_heading {
	const char *path;	/* NUL-ended */
	size_t path_len;
	uint32_t ino;
	uint64_t size;		/* bytes */
	bool in_inode;		/* inline data */
};

void es_table_release(struct es_table *t);

/* Empty the table and keep its memory. */
void es_table_clear(struct es_table *t);

/* Append an extent, after a hole where it does not begin at the end of the
 * last row.  @pblk 0: it has no place.  Return: 0 or ENOMEM. */
errcode_t es_table_add(struct es_table *t, uint64_t lblk, uint64_t len,
		       uint64_t pblk, const char *status);

/* End the table at @blocks, with a hole where the last row ends before. */
errcode_t es_table_end(struct es_table *t, uint64_t blocks);

/* Return: the file as a new JSON document, or NULL without memory. */
json_t *es_table_document(const struct es_table *t,
			  const struct es_heading *h);

/* Put that document out on a line. */
void es_table_json(const struct es_table *t, const struct es_heading *h,
		   struct emit *out);

/* Put a file out for people; on a terminal of @width columns (0: none) a long
 * path has a line of its own.  @first: no empty line before it. */
void es_table_text(const struct es_table *t, const struct es_heading *h,
		   struct emit *out, unsigned int width, bool first);

#endif
