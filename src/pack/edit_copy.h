/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edits of a copy, which takes the name of the image when it is whole: for
 * images without a journal, and for edits larger than it. */
#ifndef E4PACK_PACK_EDIT_COPY_H
#define E4PACK_PACK_EDIT_COPY_H

#include "base/progress.h"
#include "base/target.h"
#include "pack/edit_run.h"

/* Open @copy beside the image @path, which is open as @fd, and fill it with
 * all that the image has: shared where the file system can, else copied, with
 * its holes.  Reports.
 * Return: 0 with @copy to target_commit() or target_abort(). */
errcode_t edit_copy_open(struct target *copy, const char *path, int fd,
			 const struct e4pack_options *options,
			 struct diag *diag, struct progress *progress);

/* Write all changes of @e to the copy, which is e->fd.  Reports. */
errcode_t edit_copy_write(struct edit *e);

#endif
