/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a log would write: found without writing anything, to be shown or to
 * be written home.
 */
#ifndef E4PACK_JOURNAL_REPLAY_H
#define E4PACK_JOURNAL_REPLAY_H

#include "image/overlay.h"
#include "journal/scan.h"

/* Zero it, or replay_release(). */
struct replay {
	struct log_end end;
	struct overlay overlay;	/* the blocks that would be written */
	uint64_t copies;	/* of committed transactions */
	uint64_t revoked;	/* of them, not written for a revoke */
	uint64_t bad;		/* of them, not written for their checksum */
	uint64_t bad_home;	/* of the first one in the log, ... */
	uint32_t bad_at;	/* ... its log block, 0: none; ... */
	uint32_t bad_order;	/* ... and its number among the copies */
};

void replay_release(struct replay *r);

/* Find what recovery would write; needs memory for one entry a copy.  Copies
 * with a wrong checksum are passed over and counted.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE for a log that recovery must refuse;
 * E4PACK_ET_UNSUPPORTED when fast commits wait in it; ENOMEM; or as
 * journal_read(). */
errcode_t replay_read(struct replay *r, const struct journal *j);

/* Write the blocks home, empty the log, and clear RECOVER, each durable
 * before the next.  The log may be empty.  With bad copies the others are
 * written and the log is left.  Reports.
 * Return: 0; E4PACK_ET_BAD_CSUM with bad copies; ENOMEM; or as the journal's
 * io, the log then being whole. */
errcode_t replay_write(const struct replay *r, struct journal *j);

#endif
