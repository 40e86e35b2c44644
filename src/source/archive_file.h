/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host file or pipe that an archive is in.  A regular file serves twice:
 * as the stream that is scanned, and as the origin of what lies plainly in it.
 */
#ifndef E4PACK_SOURCE_ARCHIVE_FILE_H
#define E4PACK_SOURCE_ARCHIVE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "source/origin.h"
#include "source/source.h"
#include "source/stream.h"

enum { ARCHIVE_FILE_HEAD = 16 };	/* bytes that tell a compression */

struct archive_file {
	struct origin origin;
	int fd;
	char *name;		/* subject of messages */
	struct stat st;		/* as it was when opened */
	bool regular;		/* pread() works and the size is known */
	uint64_t start;		/* where the archive begins in it */
	uint8_t head[ARCHIVE_FILE_HEAD];	/* its first bytes */
	size_t head_len;
};

/* Take over @fd and read the first bytes; it is closed on failure, too.
 * Reports.  Return: 0 with one reference in *@ret (origin_put() on its
 * origin), or a code. */
errcode_t archive_file_open(struct archive_file **ret, int fd,
			    const char *name,
			    const struct source_options *options);

/* Check that a regular file is still as it was when opened.
 * Reports.  Return: 0, E4PACK_ET_CHANGED or an errno. */
errcode_t archive_file_check(const struct archive_file *f, struct diag *diag);

/* Make a stream of the file's bytes from the archive's first on; holds a
 * reference.  Several would disturb each other on a pipe.
 * Return: the stream, or NULL without memory. */
struct stream *archive_file_stream(struct archive_file *f,
				   const struct source_options *options);

#endif
