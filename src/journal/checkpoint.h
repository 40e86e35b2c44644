/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows a commit: the blocks go home, and the log becomes empty.
 * See commit.c for the order, and for what is made durable when. */
#ifndef E4PACK_JOURNAL_CHECKPOINT_H
#define E4PACK_JOURNAL_CHECKPOINT_H

#include "image/super_state.h"
#include "journal/transaction.h"

/* Write @n blocks home, not yet durable.  Reports.  Return: 0, ENOMEM, or as the journal's
 * io. */
errcode_t checkpoint_blocks(const struct logged_block *blocks, size_t n,
			    const struct journal *j);

/* Empty the log, its next transaction being @sequence; durable when it
 * returns.  Reports. */
errcode_t checkpoint_empty(struct journal *j, uint32_t sequence);

/* Write the primary superblock as @super, with or without RECOVER; not yet
 * durable.  Reports. */
errcode_t checkpoint_super(const struct journal *j,
			   const uint8_t super[SUPER_BYTES], bool recover);

#endif
