// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changing an image through its log.
 *
 * Conserved: at every instant the image, as recovery leaves it, is exactly
 * the old state O or exactly the new state N.  Let B be the set of changed
 * blocks that are in use in O; what is new in N lies in blocks free in O,
 * where nobody who sees O looks.  The steps, each durable (=) before the next:
 *
 *	0. new blocks (the caller's)
 *	1. superblock of O, with RECOVER			=
 *	2. log: its superblock, descriptors, copies of B	=
 *	3. log: the commit block				=
 *	4. B written home; the superblock of N, with RECOVER,
 *	   if it is another one				=
 *	5. log: its superblock, empty				=
 *	6. superblock of N, without RECOVER			=
 *
 * Killed in	recovery finds				and the image is
 *	0	RECOVER clear, log empty: nothing	O
 *	1	log empty: nothing			O
 *	2	no commit block: nothing		O
 *	3	the commit block, or none		O or N
 *	4	all of B in the log, writes it		N
 *	5	B in the log, or log empty and B home	N
 *	6	log empty; B home, RECOVER set or not	N
 *
 * Why each = is there.  0 and 1 before 2: a log that counts, without RECOVER,
 * is thrown away by the kernel and replayed by e2fsck.  2 before 3: a commit
 * block without what it commits would be replayed.  3 before 4: B must not
 * change home before it is safe in the log.  4 before 5: the log may be
 * forgotten only once B is home.  5 before 6 as 1 before 2.
 *
 * The superblock is a member of B; its copy in the log has RECOVER.  Its place
 * is written with one write each time, and no more often than must be: torn
 * between its first and its last sector it would have a wrong checksum, and
 * there is no recovery from that.  Mostly nothing but its counts of what is
 * free changes, which every reader takes as a hint: then 4 leaves it, and
 * after 5 the counts of O stand in it until 6.  If anything else changes, a
 * feature that N needs, 4 must write it, as nothing is in the log after 5.
 *
 * Numbers.  A transaction's number is the log's next one and one more, as the
 * kernel counts from an empty log; afterwards the log has the number after it
 * as its next.  So none is used twice, and a commit block that an earlier
 * round left can never complete the body of a later one.  The time of the
 * commit is not before that of the superblock: recovery takes a commit older
 * than the one before it for a leftover.
 */
#include "journal/commit.h"

#include <stdlib.h>
#include <string.h>

#include "base/broken.h"
#include "base/errors.h"
#include "journal/checkpoint.h"
#include "journal/commit_trace.h"

/* What the steps share. */
struct steps {
	struct commit *c;
	struct journal *j;
	struct transaction t;
	struct logged_block *blocks;	/* c->blocks behind the superblock's */
	uint8_t *super_block;	/* copy of it with the new superblock */
	uint8_t super[SUPER_BYTES];	/* the old one, with RECOVER */
	uint32_t commit_at;
	struct timestamp time;
};

uint64_t commit_log_blocks(const struct journal *j, uint64_t n)
{
	return transaction_log_blocks(j, n + 1);
}

void commit_prepare(struct journal *j, const uint8_t super[SUPER_BYTES])
{
	jsuper_drop_fast_commit(&j->super);
	jsuper_set_features(&j->super, super_is_64bit(super),
			    super_has_csums(super));
	journal_settle(j);
}

static errcode_t sync(const struct journal *j)
{
	return j->place.io.sync(j->place.io.arg);
}

/* Where the block that holds the superblock begins, and its number. */
static uint64_t super_home(const struct journal *j)
{
	return SUPER_POSITION / j->place.block_size;
}

/* Read the superblock's block, keep the old superblock with RECOVER, and put
 * the new one into the block, with RECOVER as well. */
static errcode_t take_super(struct steps *s)
{
	const struct journal_io *io = &s->j->place.io;
	const uint32_t size = s->j->place.block_size;
	const uint64_t home = super_home(s->j);
	uint8_t *raw = s->super_block + (SUPER_POSITION - home * size);
	errcode_t err = io->read(io->arg, s->super_block, size,
				 journal_position(s->j, home));

	if (err)
		return err;
	memcpy(s->super, raw, SUPER_BYTES);
	super_set_recover(s->super, true);
	memcpy(raw, s->c->super, SUPER_BYTES);
	super_set_recover(raw, true);
	s->time = s->c->time;
	if (s->time.sec < super_written(s->super)) {
		s->time.sec = super_written(s->super);
		s->time.nsec = 0;
	}
	return 0;
}

/* The transaction is the superblock's block and those of the caller. */
static errcode_t build(struct steps *s)
{
	const struct commit *c = s->c;
	struct journal *j = s->j;
	errcode_t err;

	s->super_block = malloc(j->place.block_size);
	s->blocks = calloc(c->n + 1, sizeof(*s->blocks));
	if (!s->super_block || !s->blocks)
		return diag_nomem(j->place.diag);
	err = take_super(s);
	if (err)
		return err;
	s->blocks[0].home = super_home(j);
	s->blocks[0].data = s->super_block;
	if (c->n)
		memcpy(s->blocks + 1, c->blocks, c->n * sizeof(*c->blocks));
	s->t.blocks = s->blocks;
	s->t.n = c->n + 1;
	s->t.tid = broken("sequence") ? j->super.sequence - 1 :
					transaction_number(j);
	s->t.start = c->start ? c->start : j->super.first;
	return transaction_check(&s->t, j);
}

/* Step 1. */
static errcode_t announce(const struct steps *s)
{
	errcode_t err = checkpoint_super(s->j, s->super, true);

	if (!err && !broken("sync-announce"))
		err = sync(s->j);
	return err;
}

/* Step 2. */
static errcode_t write_log(struct steps *s)
{
	errcode_t err;

	jsuper_set_log(&s->j->super, s->t.start, s->t.tid);
	err = journal_write_super(s->j);
	if (!err)
		commit_trace_begin(s->j, &s->t);
	if (!err)
		err = transaction_write(&s->commit_at, &s->t, s->j);
	if (!err && !broken("sync-log"))
		err = sync(s->j);
	return err;
}

/* Step 3. */
static errcode_t write_commit(struct steps *s)
{
	const struct journal *j = s->j;
	const struct journal_io *io = &j->place.io;
	uint8_t *block = malloc(j->place.block_size);
	uint32_t run;
	errcode_t err;

	if (!block)
		return diag_nomem(j->place.diag);
	jbd_commit_put(block, &j->layout, s->t.tid, (uint64_t)s->time.sec,
		       s->time.nsec);
	s->c->state = COMMIT_UNKNOWN;
	commit_trace_block(j, s->commit_at);
	err = io->write(io->arg, block, j->place.block_size,
			journal_position(j, logmap_find(&j->map, s->commit_at,
							&run)));
	if (!err && !broken("sync-commit"))
		err = sync(j);
	if (!err) {
		s->c->state = COMMIT_PENDING;
		commit_trace_end(j, &s->t);
	}
	free(block);
	return err;
}

/* Steps 4 to 6. */
static errcode_t settle(struct steps *s)
{
	const struct commit *c = s->c;
	bool super_too = !super_is_alike(s->super, c->super);
	errcode_t err = checkpoint_blocks(c->blocks, c->n, s->j);

	if (!err && super_too)
		err = checkpoint_super(s->j, c->super, true);
	if (!err && !broken("sync-home"))
		err = sync(s->j);
	if (!err) {
		commit_trace_checkpoint(s->j, &s->t, c->n + super_too);
		err = checkpoint_empty(s->j, s->t.tid + 1);
	}
	if (!err)
		commit_trace_empty(s->j, &s->t,
				   journal_next(s->j, s->commit_at));
	if (!err)
		err = checkpoint_super(s->j, c->super, false);
	if (!err && !broken("sync-super"))
		err = sync(s->j);
	if (!err)
		s->c->state = COMMIT_DONE;
	return err;
}

/* Steps 2 and 3; or in an order that a test asks for. */
static errcode_t write_both(struct steps *s)
{
	struct journal *j = s->j;
	errcode_t err = 0;

	if (broken("home-first"))
		err = checkpoint_blocks(s->c->blocks, s->c->n, j);
	if (!err && broken("commit-first")) {
		s->commit_at = s->t.start +
			(uint32_t)transaction_log_blocks(j, s->t.n) - 1;
		jsuper_set_log(&j->super, s->t.start, s->t.tid);
		err = write_commit(s);
	}
	if (!err)
		err = write_log(s);
	if (!err && !broken("commit-first"))
		err = write_commit(s);
	return err;
}

errcode_t commit_run(struct commit *c, struct journal *j)
{
	struct steps s = { .c = c, .j = j };
	errcode_t err;

	c->state = COMMIT_OLD;
	if (j->super.start)
		return diag_error(j->place.diag, j->place.path,
				  E4PACK_ET_SEQUENCE, "its journal is not "
				  "empty");
	commit_prepare(j, c->super);
	err = build(&s);
	if (!err)
		err = announce(&s);
	if (!err)
		err = write_both(&s);
	if (!err && !c->journal_only)
		err = settle(&s);
	free(s.blocks);
	free(s.super_block);
	return err;
}
