// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The events of a commit.
 *
 * The superblock of the log is written twice: before the log, where it says
 * that there is one, without a barrier of its own; and after the checkpoint,
 * between two.  The kernel, which empties its log in a step of its own, has a
 * third time.
 */
#include "journal/commit_trace.h"

enum {
	/* How a superblock of a log is written: REQ_SYNC, REQ_META and
	 * REQ_IDLE; with REQ_FUA and REQ_PREFLUSH. */
	WRITE_PLAIN = 0x9800,
	WRITE_BARRIER = 0x69800,
};

void commit_trace_start(struct commit_handle *h, const struct journal *j)
{
	struct trace *t = j->place.trace;

	h->tid = transaction_number(j);
	h->requested = transaction_most_blocks(j);
	TRACE(t, TRACE_JOURNAL_START_SB, h->requested, 0, 0,
	      TRACE_HANDLE_MISC, trace_text(__func__));
	TRACE(t, TRACE_JBD2_HANDLE_START, h->tid, TRACE_HANDLE_MISC, 0,
	      h->requested);
}

void commit_trace_stop(const struct commit_handle *h, const struct journal *j,
		       uint64_t dirtied)
{
	TRACE(j->place.trace, TRACE_JBD2_HANDLE_STATS, h->tid,
	      TRACE_HANDLE_MISC, 0, 0, 0, h->requested, dirtied);
}

void commit_trace_block(const struct journal *j, uint32_t block)
{
	struct trace *t = j->place.trace;
	const struct log_run *r;

	if (!trace_on(t))
		return;
	r = logmap_run(&j->map, block);
	TRACE(t, TRACE_ES_LOOKUP_EXTENT_ENTER, j->place.ino, block);
	TRACE(t, TRACE_ES_LOOKUP_EXTENT_EXIT, j->place.ino, 1, r->first,
	      r->len, r->pblk, TRACE_ES_WRITTEN | TRACE_ES_REFERENCED);
}

void commit_trace_begin(const struct journal *j, const struct transaction *t)
{
	struct trace *out = j->place.trace;

	TRACE(out, TRACE_JBD2_WRITE_SUPERBLOCK, WRITE_PLAIN);
	TRACE(out, TRACE_JBD2_START_COMMIT, t->tid, 0);
	TRACE(out, TRACE_JBD2_COMMIT_LOCKING, t->tid, 0);
	TRACE(out, TRACE_JBD2_COMMIT_FLUSHING, t->tid, 0);
	TRACE(out, TRACE_JBD2_COMMIT_LOGGING, t->tid, 0);
}

void commit_trace_end(const struct journal *j, const struct transaction *t)
{
	struct trace *out = j->place.trace;

	TRACE(out, TRACE_JBD2_RUN_STATS, t->tid, 0, 0, 0, 0, 0, 0, 1, t->n,
	      transaction_log_blocks(j, t->n));
	TRACE(out, TRACE_JBD2_END_COMMIT, t->tid, 0, t->tid);
}

void commit_trace_checkpoint(const struct journal *j,
			     const struct transaction *t, size_t written)
{
	struct trace *out = j->place.trace;

	TRACE(out, TRACE_JBD2_CHECKPOINT, 1);
	TRACE(out, TRACE_JBD2_CHECKPOINT_STATS, t->tid, 0, 0, written,
	      t->n - written);
	TRACE(out, TRACE_JBD2_DROP_TRANSACTION, t->tid, 0);
}

void commit_trace_empty(const struct journal *j, const struct transaction *t,
			uint32_t next)
{
	struct trace *out = j->place.trace;

	TRACE(out, TRACE_JBD2_WRITE_SUPERBLOCK, WRITE_BARRIER);
	TRACE(out, TRACE_JBD2_UPDATE_LOG_TAIL, t->tid,
	      (uint32_t)(t->tid + 1), next,
	      transaction_log_blocks(j, t->n));
}
