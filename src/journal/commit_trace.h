/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A commit in the words of jbd2's trace points, each told when the step that
 * it names is done here.  Times are 0, as everywhere in a trace.
 */
#ifndef E4PACK_JOURNAL_COMMIT_TRACE_H
#define E4PACK_JOURNAL_COMMIT_TRACE_H

#include "journal/journal.h"
#include "journal/transaction.h"

/* The whole edit is one handle: what it asks for, and what it made dirty. */
struct commit_handle {
	uint32_t tid;		/* of its transaction */
	uint64_t requested;	/* blocks, at most */
};

/* Open the handle of an edit, in the transaction after the empty log @j,
 * with all that the log can hold. */
void commit_trace_start(struct commit_handle *h, const struct journal *j);

/* Close it: @dirtied blocks are changed. */
void commit_trace_stop(const struct commit_handle *h, const struct journal *j,
		       uint64_t dirtied);

/* Block @block of the log is looked up, to be written. */
void commit_trace_block(const struct journal *j, uint32_t block);

/* The commit begins, up to where the log is written. */
void commit_trace_begin(const struct journal *j, const struct transaction *t);

/* The commit block is durable. */
void commit_trace_end(const struct journal *j, const struct transaction *t);

/* @written blocks of @t are home, the others need not be; the log is empty
 * from block @next on. */
void commit_trace_checkpoint(const struct journal *j,
			     const struct transaction *t, size_t written);
void commit_trace_empty(const struct journal *j, const struct transaction *t,
			uint32_t next);

#endif
