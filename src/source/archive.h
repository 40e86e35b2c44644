/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Archives as sources: tar and cpio, plain or compressed. */
#ifndef E4PACK_SOURCE_ARCHIVE_H
#define E4PACK_SOURCE_ARCHIVE_H

#include "source/source.h"

/* Read the archive at @fd, which may be a file or a pipe, and which is taken
 * over, on failure, too.  @name is the subject of messages, copied; @options
 * must outlive the source.
 *
 * Content of a plain archive in a regular file is referenced where it lies,
 * and reading it reports E4PACK_ET_CHANGED once the file is another; that of
 * any other archive is spooled.  A hard link of a cpio archive may have data:
 * it is the content of all its names.
 *
 * Reports.  Return: 0 with *@ret to source_free(), E4PACK_ET_UNSUPPORTED for
 * a compression that cannot be read, E4PACK_ET_USAGE when it is the image
 * that is being made, or an errno; what the archive holds is found out by
 * source_next(). */
errcode_t archive_source_open(struct source **ret, int fd, const char *name,
			      const struct source_options *options);

#endif
