// SPDX-License-Identifier: GPL-2.0-or-later
/* The steps that end a transaction. */
#include "journal/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/broken.h"

enum { BATCH_BYTES = 1 << 20 };

errcode_t checkpoint_blocks(const struct logged_block *blocks, size_t n,
			    const struct journal *j)
{
	const struct journal_io *io = &j->place.io;
	const uint32_t size = j->place.block_size;
	uint8_t *batch = malloc(BATCH_BYTES);
	errcode_t err = batch ? 0 : diag_nomem(j->place.diag);
	size_t i, end, len;

	for (i = 0; !err && i < n; i = end) {
		len = 0;
		for (end = i; end < n && len + size <= BATCH_BYTES &&
		     blocks[end].home == blocks[i].home + (end - i); end++) {
			memcpy(batch + len, blocks[end].data, size);
			len += size;
		}
		err = io->write(io->arg, batch, len,
				journal_position(j, blocks[i].home));
	}
	free(batch);
	return err;
}

errcode_t checkpoint_empty(struct journal *j, uint32_t sequence)
{
	errcode_t err;

	jsuper_set_log(&j->super, 0, sequence);
	jsuper_drop_fast_commit(&j->super);
	err = journal_write_super(j);
	if (!err && !broken("sync-empty"))
		err = j->place.io.sync(j->place.io.arg);
	return err;
}

errcode_t checkpoint_super(const struct journal *j,
			   const uint8_t super[SUPER_BYTES], bool recover)
{
	const struct journal_io *io = &j->place.io;
	uint8_t raw[SUPER_BYTES];

	memcpy(raw, super, SUPER_BYTES);
	super_set_recover(raw, recover);
	return io->write(io->arg, raw, SUPER_BYTES, SUPER_POSITION);
}
