/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inflation of gzip data, one stream made into another. */
#ifndef E4PACK_SOURCE_GZIP_H
#define E4PACK_SOURCE_GZIP_H

#include <stdbool.h>

#include "base/diag.h"
#include "source/stream.h"

/* Whether @len bytes at @head begin gzip data. */
bool gzip_is(const void *head, size_t len);

/* Make a stream of what the gzip members in @in hold, one after another.
 * Each member's length and CRC are checked.  Takes over @in, on failure,
 * too.  @name is the subject of messages and must outlive the stream.
 *
 * Reading reports E4PACK_ET_BAD_ARCHIVE for data that is damaged or ends
 * early; bytes after the last member that are not gzip are warned of, unless
 * all are zero.  Return: the stream, or NULL without memory. */
struct stream *gzip_stream(struct stream *in, const char *name,
			   struct diag *diag);

#endif
