/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gathers blocks that follow each other in the log into large writes. */
#ifndef E4PACK_JOURNAL_LOG_WRITER_H
#define E4PACK_JOURNAL_LOG_WRITER_H

#include "journal/journal.h"

struct log_writer {
	const struct journal *journal;
	uint8_t *pending;	/* blocks that wait */
	uint32_t n, cap;	/* blocks of it, and its room */
	uint64_t position;	/* of the first one, bytes of the image */
	uint32_t next;		/* log block that is written next */
};

/* Begin at log block @start.  Pair with log_writer_release().  Reports.
 * Return: 0 or ENOMEM. */
errcode_t log_writer_init(struct log_writer *w, const struct journal *j,
			  uint32_t start);
void log_writer_release(struct log_writer *w);

/* Append one block.  Reports.  Return: as the journal's io. */
errcode_t log_writer_add(struct log_writer *w, const uint8_t *block);

/* Write what waits.  Reports.  Return: as the journal's io. */
errcode_t log_writer_flush(struct log_writer *w);

#endif
