/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are made and open, and wait for their data, which is read in the
 * order in which it lies in the image. */
#ifndef E4PACK_REPORT_EXTRACT_BATCH_H
#define E4PACK_REPORT_EXTRACT_BATCH_H

#include <stdbool.h>

#include "report/extract_data.h"

struct waiting_file;

/* Zero it, then extract_batch_init(). */
struct extract_batch {
	struct extract_state *state;
	struct extract_copier copier;
	struct waiting_file *files;
	size_t n, most;
};

/* Make an empty batch.  Reports.  Return: 0 or ENOMEM. */
errcode_t extract_batch_init(struct extract_batch *b,
			     struct extract_state *s);

/* Give the new and empty file @fd, which is @o, its content and attributes:
 * later, or now if it is to have more names.  @fd is the batch's from now on,
 * whatever is returned.  @inherits as in struct attr_spot.  @flags: those of
 * chattr(1), too.  A file that turns out to be damaged is told, removed again
 * and passed over.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE where @o itself is damaged; ENOMEM; an
 * errno; E4PACK_ET_INTERRUPTED. */
errcode_t extract_batch_add(struct extract_batch *b,
			    const struct extract_object *o, int fd,
			    bool inherits, bool flags);

/* Finish all files that wait.  Return: as extract_batch_add(), without
 * damage. */
errcode_t extract_batch_flush(struct extract_batch *b);

/* Remove what still waits, and free. */
void extract_batch_release(struct extract_batch *b);

#endif
