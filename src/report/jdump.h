/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal of an image, block by block. */
#ifndef E4PACK_REPORT_JDUMP_H
#define E4PACK_REPORT_JDUMP_H

#include "journal/scan.h"
#include "report/owners.h"

/* Zero it, then fill in what is wanted. */
struct jdump_options {
	bool json;		/* one document a line */
	const struct progress *progress;	/* NULL: never stop */
};

/* Tell the superblock of the journal, what is in its log up to where it
 * ends, and what each block in it belongs to.  @img is as report_open() shows
 * it.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when something in the log is damaged; ENOMEM;
 * E4PACK_ET_INTERRUPTED (not told); or as journal_open(). */
errcode_t report_journal(struct image *img,
			 const struct jdump_options *options,
			 struct emit *out);

/* Inner, jdump_show.c: one thing each, in either form. */
struct jdump {
	struct image *img;
	const struct jdump_options *options;
	struct emit *out;
	struct journal journal;
	struct owners owners;
	struct log_end end;
	uint32_t tid;		/* whose heading was put out */
	bool headed;		/* one was */
	bool bad;		/* a checksum is */
};

void jdump_super(const struct jdump *d);
void jdump_event(struct jdump *d, const struct log_event *e);
void jdump_end(const struct jdump *d);

#endif
