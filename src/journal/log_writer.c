// SPDX-License-Identifier: GPL-2.0-or-later
/* Blocks wait as long as each lies right behind the one before it. */
#include "journal/log_writer.h"

#include <stdlib.h>
#include <string.h>

#include "journal/commit_trace.h"

enum { PENDING_BYTES = 1 << 20 };

errcode_t log_writer_init(struct log_writer *w, const struct journal *j,
			  uint32_t start)
{
	memset(w, 0, sizeof(*w));
	w->journal = j;
	w->next = start;
	w->cap = PENDING_BYTES / j->place.block_size;
	w->pending = malloc(PENDING_BYTES);
	return w->pending ? 0 : diag_nomem(j->place.diag);
}

void log_writer_release(struct log_writer *w)
{
	free(w->pending);
	w->pending = NULL;
}

errcode_t log_writer_flush(struct log_writer *w)
{
	const struct journal_place *p = &w->journal->place;
	size_t len = (size_t)w->n * p->block_size;

	w->n = 0;
	return len ? p->io.write(p->io.arg, w->pending, len, w->position) : 0;
}

errcode_t log_writer_add(struct log_writer *w, const uint8_t *block)
{
	const struct journal *j = w->journal;
	const uint32_t size = j->place.block_size;
	uint32_t run;
	uint64_t position = journal_position(j, logmap_find(&j->map, w->next,
							    &run));
	errcode_t err = 0;

	commit_trace_block(j, w->next);
	if (w->n == w->cap || position != w->position + (uint64_t)w->n * size)
		err = log_writer_flush(w);
	if (err)
		return err;
	if (!w->n)
		w->position = position;
	memcpy(w->pending + (size_t)w->n++ * size, block, size);
	w->next = journal_next(j, w->next);
	return 0;
}
