// SPDX-License-Identifier: GPL-2.0-or-later
/* A report on fragmentation as comma-separated values. */
#include "report/frag.h"

#include <inttypes.h>
#include <string.h>

#include "base/csv.h"

void frag_csv_heading(struct emit *out)
{
	emit_text(out, "path,inode,size,blocks,extents,ideal,unavoidable,"
		  "path_b64\n");
}

void frag_csv_row(const struct frag_file *f, const char *path,
		  struct emit *out)
{
	const struct frag_counts *c = &f->counts;

	csv_name(out, path, strlen(path));
	emit_text(out, ",%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
		  ",%" PRIu64 ",", f->ino, f->size, c->blocks, c->extents,
		  c->ideal, c->unavoidable);
	csv_name_b64(out, path, strlen(path));
	emit_bytes(out, "\n", 1);
}

void frag_csv_worst(const struct frag_worst *w, struct emit *out)
{
	char number[FRAG_NUMBER_LEN];
	size_t i;

	frag_csv_heading(out);
	for (i = 0; i < w->n; i++)
		frag_csv_row(&w->files[i],
			     frag_file_name(&w->files[i], number), out);
}
