// SPDX-License-Identifier: GPL-2.0-or-later
/* A window over the log that moves on with its reader. */
#include "journal/log_reader.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW_BYTES = 128 * 1024 };

errcode_t log_reader_init(struct log_reader *r, const struct journal *j)
{
	memset(r, 0, sizeof(*r));
	r->journal = j;
	r->cap = WINDOW_BYTES / j->place.block_size;
	r->window = malloc(WINDOW_BYTES);
	return r->window ? 0 : diag_nomem(j->place.diag);
}

void log_reader_release(struct log_reader *r)
{
	free(r->window);
	r->window = NULL;
}

static errcode_t fill(struct log_reader *r, uint32_t block)
{
	const struct journal *j = r->journal;
	const struct journal_io *io = &j->place.io;
	uint32_t n;
	uint64_t pblk = logmap_find(&j->map, block, &n);
	errcode_t err;

	if (n > j->super.last - block)
		n = j->super.last - block;
	if (n > r->cap)
		n = r->cap;
	r->n = 0;
	err = io->read(io->arg, r->window, (size_t)n * j->place.block_size,
		       journal_position(j, pblk));
	if (err)
		return err;
	r->first = block;
	r->n = n;
	return 0;
}

errcode_t log_reader_get(struct log_reader *r, const uint8_t **ret,
			 uint32_t block)
{
	errcode_t err = 0;

	if (block < r->first || block - r->first >= r->n)
		err = fill(r, block);
	if (!err)
		*ret = r->window + (size_t)(block - r->first) *
				   r->journal->place.block_size;
	return err;
}
