/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that a command makes.  A regular target is written under a
 * temporary name beside it and renamed when it is whole; a block device or a
 * place inside a larger file (an offset) is written where it lies.
 *
 * Promise: until target_commit() succeeds the target name shows what it
 * showed before, and target_abort() leaves nothing behind.
 */
#ifndef E4PACK_BASE_TARGET_H
#define E4PACK_BASE_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <et/com_err.h>

#include "base/diag.h"

struct target_options {
	bool force;		/* an existing target may be replaced */
	bool sync;		/* fsync before and after the rename */
	bool at_offset;		/* write inside an existing file or device */
	uint64_t offset;	/* bytes from its beginning */
};

struct target {
	struct diag *diag;
	struct target_options options;
	char *path;		/* as the user gave it, for messages */
	char *temp;		/* temporary name inside the folder, or NULL */
	char *name;		/* final name inside the folder */
	int dirfd;		/* the folder, or -1 in place */
	int fd;			/* open for reading and writing */
	bool in_place;		/* no rename: a device or an offset */
	bool is_device;		/* a block device */
	bool discarded_zero;	/* unwritten parts are known to read as zero */
	uint64_t room;		/* bytes from the offset on, in place only */
	struct stat st;		/* of @fd, to find it inside a source */
	struct stat replaced;	/* of the file that the rename replaces */
	bool replaces;		/* there is one */
	bool renamed;		/* target_commit() got as far as that */
};

/* Check that @path may become the target, and open it.
 * Reports.  Return: 0, or an errno or E4PACK_ET_ code with @t untouched. */
errcode_t target_open(struct target *t, const char *path,
		      const struct target_options *options,
		      struct diag *diag);

/* Make everything written durable and show it under the final name.
 * Reports.  The target is released whatever the result; @renamed tells even
 * behind a failure whether the name shows what was written. */
errcode_t target_commit(struct target *t);

/* Remove what was written, as far as it lies in a temporary file, and
 * release the target; does nothing on a zeroed or released one. */
void target_abort(struct target *t);

/* Bytes free on the file system that holds the target, or UINT64_MAX. */
uint64_t target_free_bytes(const struct target *t);

#endif
