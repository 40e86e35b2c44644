/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A walk over a log as recovery makes it: from the first transaction that is
 * expected up to where the log ends, each block told to a visitor.
 */
#ifndef E4PACK_JOURNAL_SCAN_H
#define E4PACK_JOURNAL_SCAN_H

#include "journal/journal.h"

enum log_check { LOG_UNCHECKED, LOG_GOOD, LOG_BAD };

/* What is met, in the order of the log. */
enum log_kind {
	LOG_DESCRIPTOR,		/* told before its copies */
	LOG_DATA,		/* the copy of a block, with its tag */
	LOG_REVOKE,		/* told before its records */
	LOG_REVOKED,		/* one record: @home was freed */
	LOG_COMMIT,
};

struct log_event {
	enum log_kind kind;
	enum log_check check;	/* its checksum */
	uint32_t at;		/* log block */
	uint32_t tid;		/* transaction */
	uint32_t count;		/* LOG_DESCRIPTOR, LOG_REVOKE: of what follows */
	uint32_t flags;		/* LOG_DATA: JBD_TAG_* */
	uint64_t home;		/* LOG_DATA, LOG_REVOKED: block of the image */
	uint64_t sec;		/* LOG_COMMIT: when, since 1970 */
	uint32_t nsec;
};

/* A code other than 0 ends the walk. */
typedef errcode_t log_visit(void *arg, const struct log_event *e);

struct log_visitor {
	log_visit *visit;
	void *arg;
	bool check_data;	/* read each copy to check it */
};

/* Why the log ends where it ends. */
enum log_stop {
	LOG_STOP_EMPTY,		/* nothing is in it */
	LOG_STOP_NO_MAGIC,	/* a block that is no control block */
	LOG_STOP_TID,		/* one of another transaction */
	LOG_STOP_TYPE,		/* one of an unknown type */
	LOG_STOP_COMMIT,	/* the commit has a wrong checksum */
	LOG_STOP_STALE,		/* so has what is from an earlier round */
	LOG_STOP_ROUND,		/* all of the log was seen */
	LOG_STOP_DAMAGED,	/* committed, but a control block has a wrong
				 * checksum: recovery must not go on */
};

struct log_end {
	enum log_stop why;
	uint32_t at;		/* log block that ended it */
	uint32_t found_tid;	/* LOG_STOP_TID: whose it is */
	uint32_t first_tid;	/* transactions from this one on, ... */
	uint32_t end_tid;	/* ... this one excluded, are committed */
	uint32_t used;		/* log blocks they take up */
	uint32_t revokes;	/* records met */
};

/* Walk the log.  @v may be NULL: only the end is wanted.  What was told of
 * transactions from end_tid on was never committed.  Reports.
 * Return: 0 with *@end, however the log ends; ENOMEM; what the visitor
 * returned; or as journal_read(). */
errcode_t log_walk(struct log_end *end, const struct journal *j,
		   const struct log_visitor *v);

#endif
