/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One transaction as blocks of the log: descriptors and copies. */
#ifndef E4PACK_JOURNAL_TRANSACTION_H
#define E4PACK_JOURNAL_TRANSACTION_H

#include "journal/journal.h"

/* A block that is in use, and what it becomes. */
struct logged_block {
	uint64_t home;
	const uint8_t *data;	/* a whole block; not owned */
};

struct transaction {
	const struct logged_block *blocks;	/* ascending, each once */
	size_t n;
	uint32_t tid;
	uint32_t start;		/* log block it begins at */
};

/* The number of the transaction that comes next, @j being empty. */
static inline uint32_t transaction_number(const struct journal *j)
{
	return j->super.sequence + 1;
}

/* Log blocks that @n blocks take up, their descriptors and the commit
 * block among them. */
uint64_t transaction_log_blocks(const struct journal *j, uint64_t n);

/* The most blocks that the log holds at once. */
uint64_t transaction_most_blocks(const struct journal *j);

/* Check that @t fits and that each of its blocks may be logged.  Reports.
 * Return: 0; E4PACK_ET_NO_SPACE, both numbers told; E4PACK_ET_TOO_BIG for a
 * block number that the log cannot hold; E4PACK_ET_BUG for a list that is not
 * ascending, outside of the image or in the journal. */
errcode_t transaction_check(const struct transaction *t,
			    const struct journal *j);

/* Write descriptors and copies; @t was checked.  *@commit_at gets the log
 * block where the commit belongs.  Reports.
 * Return: 0, ENOMEM, or as the journal's io. */
errcode_t transaction_write(uint32_t *commit_at, const struct transaction *t,
			    const struct journal *j);

#endif
