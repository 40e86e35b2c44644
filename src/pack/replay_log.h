/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recovery of an existing image: what a mount would do with its journal. */
#ifndef E4PACK_PACK_REPLAY_LOG_H
#define E4PACK_PACK_REPLAY_LOG_H

#include "base/diag.h"
#include "base/emit.h"
#include "journal/journal.h"

/* Zero it, then fill in. */
struct replay_log_options {
	uint64_t offset;	/* where the image begins in its file, bytes */
	bool json;
};

/* Replay the journal of the image @path, and tell what was done.  An image
 * that needs no recovery is left as it is, which is told as well.  Reports.
 * Return: 0; as image_hold(), image_open(), replay_read() and
 * replay_write(); E4PACK_ET_BAD_IMAGE for a log that is not empty while no
 * recovery is needed. */
errcode_t replay_log(const char *path, const struct replay_log_options *o,
		     struct emit *out, struct diag *diag);

/* Check that the log of an image that needs no recovery is empty: readers
 * disagree on one that waits unannounced.  Reports.
 * Return: 0 or E4PACK_ET_BAD_IMAGE. */
errcode_t replay_check_idle(const struct journal *j);

#endif
