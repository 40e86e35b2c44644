/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the blocks of a log in order, several at once. */
#ifndef E4PACK_JOURNAL_LOG_READER_H
#define E4PACK_JOURNAL_LOG_READER_H

#include "journal/journal.h"

struct log_reader {
	const struct journal *journal;
	uint8_t *window;	/* blocks that were read */
	uint32_t cap;		/* blocks it has room for */
	uint32_t first, n;	/* log blocks in it */
};

/* Pair with log_reader_release().  Reports.  Return: 0 or ENOMEM. */
errcode_t log_reader_init(struct log_reader *r, const struct journal *j);
void log_reader_release(struct log_reader *r);

/* Look at log block @block, which is under super.last.  *@ret is valid until
 * the next call.  Reports.  Return: as journal_read(). */
errcode_t log_reader_get(struct log_reader *r, const uint8_t **ret,
			 uint32_t block);

#endif
