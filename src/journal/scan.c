// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a log ends.
 *
 * Nothing says how long a log is.  Each block that is expected to be a
 * control block must have the magic number and the sequence number of the
 * transaction that is being read; the first one that has not ends the log.
 * A commit block makes the transaction before it count, and the next number
 * is expected from then on.  Copies are not looked at to find the end.
 *
 * Two kinds of wrong checksums.  That of a commit block means that the
 * commit was under way: the log ends before it.  That of a descriptor or
 * revoke block may mean that the block is left from an earlier round of the
 * log, with a number that happens to fit; so it counts only once a commit
 * follows: if that is older than the one before it, it is from an earlier
 * round, too, and the log ended; otherwise the log is damaged.
 *
 * A log may be hostile: control blocks may lead round in circles.  No block
 * is taken twice; when all are taken, the log ends.
 */
#include "journal/scan.h"

#include <stdlib.h>
#include <string.h>

#include "image/format.h"
#include "journal/log_reader.h"

enum { WALK_ENDED = -1 };	/* from a step: the log ends here, all is well */

struct walk {
	const struct journal *j;
	const struct log_visitor *v;	/* or NULL */
	struct log_reader reader;
	struct log_end *end;
	uint8_t *control;	/* copy of the control block in hand */
	uint32_t next;		/* log block that is read next */
	uint32_t taken;		/* blocks read or passed over */
	uint32_t tid;		/* expected */
	uint32_t crc;		/* checksum v1 of this transaction so far */
	uint64_t last_sec;	/* time of the last commit */
	bool suspect;		/* a control block of it is wrong */
};

static errcode_t stop(struct walk *w, enum log_stop why, uint32_t at)
{
	w->end->why = why;
	w->end->at = at;
	return WALK_ENDED;
}

static errcode_t tell(struct walk *w, const struct log_event *e)
{
	return w->v ? w->v->visit(w->v->arg, e) : 0;
}

/* The next log block becomes taken, and *@at its number. */
static errcode_t take(struct walk *w, uint32_t *at)
{
	if (w->taken == journal_capacity(w->j))
		return stop(w, LOG_STOP_ROUND, w->next);
	*at = w->next;
	w->taken++;
	w->next = journal_next(w->j, w->next);
	return 0;
}

static enum log_check check_of(const struct walk *w, bool good)
{
	if (!w->j->layout.tail_bytes)
		return LOG_UNCHECKED;
	return good ? LOG_GOOD : LOG_BAD;
}

/* The checksum of a descriptor or revoke block. */
static enum log_check check_tail(struct walk *w)
{
	bool good = jbd_tail_is_good(&w->j->layout, w->control);

	if (!good)
		w->suspect = true;
	return check_of(w, good);
}

/* A copy is read where its checksum is wanted, or is part of one. */
static errcode_t check_copy(struct walk *w, struct log_event *e,
			    const struct jbd_tag *t)
{
	const struct jbd_layout *l = &w->j->layout;
	bool wanted = w->v && w->v->check_data && l->tail_bytes;
	const uint8_t *block;
	errcode_t err;

	if (!wanted && l->csum != JBD_CSUM_V1)
		return 0;
	err = log_reader_get(&w->reader, &block, e->at);
	if (err)
		return err;
	if (l->csum == JBD_CSUM_V1)
		w->crc = format_crc32_be(w->crc, block, l->block_size);
	else
		e->check = check_of(w, jbd_data_csum(l, e->tid, block) ==
				       t->csum);
	return 0;
}

static errcode_t meet_copies(struct walk *w)
{
	struct log_event e = { .kind = LOG_DATA, .tid = w->tid };
	struct jbd_tag t;
	uint32_t tag = 0;
	errcode_t err = 0;

	while (!err && jbd_tag_next(&t, &tag, w->control, &w->j->layout)) {
		e.home = t.home;
		e.flags = t.flags;
		e.check = LOG_UNCHECKED;
		err = take(w, &e.at);
		if (!err)
			err = check_copy(w, &e, &t);
		if (!err)
			err = tell(w, &e);
	}
	return err;
}

static errcode_t meet_descriptor(struct walk *w, uint32_t at)
{
	const struct jbd_layout *l = &w->j->layout;
	struct log_event e = { .kind = LOG_DESCRIPTOR, .at = at,
			       .tid = w->tid };
	struct jbd_tag t;
	uint32_t tag = 0;
	errcode_t err;

	while (jbd_tag_next(&t, &tag, w->control, l))
		e.count++;
	e.check = check_tail(w);
	if (l->csum == JBD_CSUM_V1)
		w->crc = format_crc32_be(w->crc, w->control, l->block_size);
	err = tell(w, &e);
	return err ? err : meet_copies(w);
}

static errcode_t meet_revoke(struct walk *w, uint32_t at)
{
	const struct jbd_layout *l = &w->j->layout;
	const uint32_t size = jbd_revoke_size(l);
	struct log_event e = { .kind = LOG_REVOKE, .at = at, .tid = w->tid };
	uint32_t bytes = jbd_revoke_bytes(l, w->control), offset;
	errcode_t err;

	/* A count that is out of range is as bad as a wrong checksum. */
	e.check = check_tail(w);
	if (!bytes) {
		w->suspect = true;
		e.check = LOG_BAD;
	}
	if (bytes)
		e.count = (bytes - JBD_REVOKE_HEADER) / size;
	w->end->revokes += e.count;
	err = tell(w, &e);
	e.kind = LOG_REVOKED;
	for (offset = JBD_REVOKE_HEADER; !err && offset + size <= bytes;
	     offset += size) {
		e.home = jbd_revoke_get(l, w->control + offset);
		err = tell(w, &e);
	}
	return err;
}

static errcode_t meet_commit(struct walk *w, uint32_t at)
{
	const struct jbd_layout *l = &w->j->layout;
	const bool good = jbd_commit_is_good(l, w->control, w->crc);
	struct log_event e = { .kind = LOG_COMMIT, .at = at, .tid = w->tid };
	struct jbd_commit c;
	errcode_t err;

	jbd_commit_get(&c, w->control);
	e.sec = c.sec;
	e.nsec = c.nsec;
	if (l->csum != JBD_CSUM_NONE)
		e.check = good ? LOG_GOOD : LOG_BAD;
	err = tell(w, &e);
	if (err)
		return err;
	if ((w->suspect || !good) && c.sec < w->last_sec)
		return stop(w, LOG_STOP_STALE, at);
	if (w->suspect)
		return stop(w, LOG_STOP_DAMAGED, at);
	if (!good)
		return stop(w, LOG_STOP_COMMIT, at);
	w->last_sec = c.sec;
	w->crc = ~0u;
	w->end->used = w->taken;
	w->end->end_tid = ++w->tid;
	return 0;
}

static errcode_t step(struct walk *w)
{
	const uint8_t *block;
	struct jbd_header h;
	uint32_t at;
	errcode_t err = take(w, &at);

	if (!err)
		err = log_reader_get(&w->reader, &block, at);
	if (err)
		return err;
	if (!jbd_header_get(&h, block))
		return stop(w, LOG_STOP_NO_MAGIC, at);
	w->end->found_tid = h.tid;
	if (h.tid != w->tid)
		return stop(w, LOG_STOP_TID, at);
	memcpy(w->control, block, w->j->layout.block_size);
	switch (h.type) {
	case JBD_DESCRIPTOR:
		return meet_descriptor(w, at);
	case JBD_REVOKE:
		return meet_revoke(w, at);
	case JBD_COMMIT:
		return meet_commit(w, at);
	default:
		return stop(w, LOG_STOP_TYPE, at);
	}
}

errcode_t log_walk(struct log_end *end, const struct journal *j,
		   const struct log_visitor *v)
{
	struct walk w = {
		.j = j, .v = v, .end = end, .next = j->super.start,
		.tid = j->super.sequence, .crc = ~0u,
	};
	errcode_t err;

	memset(end, 0, sizeof(*end));
	end->why = LOG_STOP_EMPTY;
	end->first_tid = end->end_tid = j->super.sequence;
	if (!j->super.start)
		return 0;
	err = log_reader_init(&w.reader, j);
	if (err)
		return err;
	w.control = malloc(j->place.block_size);
	if (!w.control)
		err = diag_nomem(j->place.diag);
	while (!err)
		err = step(&w);
	free(w.control);
	log_reader_release(&w.reader);
	return err == WALK_ENDED ? 0 : err;
}
