/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decompression by libarchive's filters, one stream made into another. */
#ifndef E4PACK_SOURCE_ARCHIVE_FILTER_H
#define E4PACK_SOURCE_ARCHIVE_FILTER_H

#include "base/diag.h"
#include "source/stream.h"

struct archive_filter_kind;

/* Tell a compression by its first bytes.
 * Return: the kind, or NULL for data that is not compressed. */
const struct archive_filter_kind *archive_filter_find(const void *head,
						      size_t len);

/* Make a stream of what @in holds.  Takes over @in, on failure, too.  @name
 * is the subject of messages and must outlive the stream.  Reports.
 * Return: 0; E4PACK_ET_UNSUPPORTED where this libarchive cannot read @kind;
 * ENOMEM.  Reading reports E4PACK_ET_BAD_ARCHIVE for damaged data. */
errcode_t archive_filter_open(struct stream **ret, struct stream *in,
			      const struct archive_filter_kind *kind,
			      const char *name, struct diag *diag);

#endif
