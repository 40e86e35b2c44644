/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One change of an existing image as one transaction: all of it or nothing,
 * whenever the program is killed.
 */
#ifndef E4PACK_JOURNAL_COMMIT_H
#define E4PACK_JOURNAL_COMMIT_H

#include "base/timestamp.h"
#include "image/super_state.h"
#include "journal/transaction.h"

/* How far a commit came. */
enum commit_state {
	COMMIT_OLD,		/* the image is as it was */
	COMMIT_UNKNOWN,		/* exactly the old or the new state: the
				 * commit block was written, but perhaps not
				 * to the disk */
	COMMIT_PENDING,		/* the new state, once the log is replayed */
	COMMIT_DONE,		/* the new state, the log is empty */
};

/* Zero it, then fill in. */
struct commit {
	const struct logged_block *blocks;	/* ascending by home; not the
						 * superblock's block */
	size_t n;
	const uint8_t *super;	/* SUPER_BYTES: the primary superblock as it
				 * becomes, without RECOVER */
	struct timestamp time;	/* now; made no older than the superblock */
	uint32_t start;		/* log block to begin at; 0: the first one */
	bool journal_only;	/* leave the change in the log */
	enum commit_state state;	/* out */
};

/* Log blocks that a commit of @n blocks takes up; @j as it will be once its
 * features are chosen, see commit_prepare(). */
uint64_t commit_log_blocks(const struct journal *j, uint64_t n);

/* Choose the features of the log, which is empty, for the file system of
 * @super.  Nothing is written yet. */
void commit_prepare(struct journal *j, const uint8_t super[SUPER_BYTES]);

/* Carry out the commit @c: what is new, in blocks that are free in the old
 * image, is written already, not yet synced.  The log is empty and RECOVER
 * clear.  On failure c->state says what the image is.  Reports.
 * Return: 0; E4PACK_ET_SEQUENCE when the log is not empty; as
 * transaction_check(); ENOMEM; or as the journal's io. */
errcode_t commit_run(struct commit *c, struct journal *j);

#endif
