// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing home what a log holds.  The order, each step durable before the
 * next:
 *
 *	1. the blocks	the log is whole: killed here, it is replayed again
 *	2. the log is empty, its next transaction two behind the last one
 *	3. RECOVER is cleared in the superblock of the file system
 *
 * Between 2 and 3 the log is empty and RECOVER set, which every reader takes
 * as nothing to do.  RECOVER is never clear while the log is not empty, as
 * readers disagree on what that means: a copy of the superblock without it
 * is written home with it.  One number is left out, as the kernel does: a
 * transaction of that number may lie in the log without its commit, and is
 * never to be completed by another one.
 */
#include "journal/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/super_state.h"
#include "journal/checkpoint.h"

enum { BATCH_BYTES = 1 << 20 };

/* Read the contents of entries @from to @to, neighbours in the log at once. */
static errcode_t read_copies(const struct overlay *o, size_t from, size_t to,
			     const struct journal *j, uint8_t *data)
{
	const struct journal_io *io = &j->place.io;
	const uint32_t size = j->place.block_size;
	errcode_t err = 0;
	size_t i, end;

	for (i = from; !err && i < to; i = end) {
		end = i + 1;
		while (end < to && o->blocks[end].at ==
				   o->blocks[end - 1].at + 1)
			end++;
		err = io->read(io->arg, data + (i - from) * size,
			       (end - i) * size,
			       journal_position(j, o->blocks[i].at));
	}
	for (i = from; !err && i < to; i++)
		if (o->blocks[i].escaped)
			memcpy(data + (i - from) * size, o->head,
			       sizeof(o->head));
	return err;
}

/* If the superblock is among @len bytes for @position, set RECOVER in it. */
static void keep_recover(uint8_t *data, size_t len, uint64_t position)
{
	if (position <= SUPER_POSITION &&
	    position + len >= SUPER_POSITION + SUPER_BYTES)
		super_set_recover(data + (SUPER_POSITION - position), true);
}

static errcode_t write_home(const struct replay *r, const struct journal *j)
{
	const struct journal_io *io = &j->place.io;
	const struct overlay *o = &r->overlay;
	const uint32_t size = j->place.block_size;
	uint8_t *data = malloc(BATCH_BYTES);
	errcode_t err = data ? 0 : diag_nomem(j->place.diag);
	size_t from, to;

	for (from = 0; !err && from < o->n; from = to) {
		uint64_t position = journal_position(j, o->blocks[from].home);
		size_t len = size;

		for (to = from + 1; to < o->n && len + size <= BATCH_BYTES &&
		     o->blocks[to].home == o->blocks[to - 1].home + 1; to++)
			len += size;
		err = read_copies(o, from, to, j, data);
		if (err)
			break;
		keep_recover(data, len, position);
		err = io->write(io->arg, data, len, position);
	}
	free(data);
	return err ? err : io->sync(io->arg);
}

static errcode_t tell_bad(const struct replay *r, const struct journal *j)
{
	const struct journal_place *p = &j->place;

	return diag_error(p->diag, p->path, E4PACK_ET_BAD_CSUM, "%" PRIu64
			  " of %" PRIu64 " blocks of the journal have a wrong "
			  "checksum (the first is %u, of block %" PRIu64
			  "): the others were written home, the journal is "
			  "left: run e2fsck", r->bad, r->copies,
			  r->bad_at, r->bad_home);
}

static errcode_t clear_recover(const struct journal *j)
{
	const struct journal_io *io = &j->place.io;
	uint8_t raw[SUPER_BYTES];
	errcode_t err = io->read(io->arg, raw, SUPER_BYTES, SUPER_POSITION);

	if (err)
		return err;
	if (j->super.error)
		super_set_errors(raw);
	err = checkpoint_super(j, raw, false);
	return err ? err : io->sync(io->arg);
}

/* The file system notes that there was an error before the log forgets. */
static errcode_t forget_error(struct journal *j)
{
	errcode_t err;

	if (!j->super.error)
		return 0;
	err = diag_warning(j->place.diag, j->place.path, "its journal was "
			   "given up with error %d: the file system is marked "
			   "as having errors, run e2fsck", j->super.error);
	jsuper_clear_error(&j->super);
	return err ? err : checkpoint_empty(j, j->super.sequence);
}

errcode_t replay_write(const struct replay *r, struct journal *j)
{
	errcode_t err = r->overlay.n ? write_home(r, j) : 0;

	if (!err && r->bad)
		err = tell_bad(r, j);
	if (err)
		return err;
	err = checkpoint_empty(j, r->end.end_tid + 1);
	if (!err)
		err = clear_recover(j);
	return err ? err : forget_error(j);
}
