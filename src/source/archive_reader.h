/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libarchive over a stream of our own, so that each byte's place is known and
 * what lies between and after archives is seen.  Only src/source/archive*.c
 * may include this file, because of libarchive.
 */
#ifndef E4PACK_SOURCE_ARCHIVE_READER_H
#define E4PACK_SOURCE_ARCHIVE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/progress.h"
#include "source/archive_lib.h"
#include "source/stream.h"

struct archive_reader {
	struct stream *stream;
	const char *name;	/* subject of messages */
	struct diag *diag;
	struct progress *progress;	/* or NULL */
	struct archive *a;	/* of the archive being read, or NULL */
	struct archive_entry *entry;	/* filled by @a */
	uint64_t base;		/* stream position where @a began */
	uint8_t *window;	/* the last bytes of the stream that are held */
	size_t held;		/* their number */
	size_t fresh;		/* of them @a has not been given, at the end */
	uint64_t end;		/* stream position after the last of them */
	size_t block;		/* bytes to read next */
	bool in_entry;		/* its data was not passed over yet */
	bool in_header;		/* @headers is being gathered */
	uint64_t header_pos;	/* where the present entry's headers began */
	struct buf headers;	/* the part of them that left the window */
	errcode_t err;		/* a failure inside a callback, reported */
	uint64_t archives;	/* begun so far */
	uint64_t entries;	/* given so far */
};

/* Start on @stream, which the reader takes over, on failure, too.  @name,
 * @diag and @progress must outlive the reader.  Reports. */
errcode_t archive_reader_init(struct archive_reader *r, struct stream *stream,
			      const char *name, struct diag *diag,
			      struct progress *progress);
void archive_reader_release(struct archive_reader *r);

/* Go to the next entry; what was not read of the last one is passed over.
 * *@ret belongs to the reader and is valid until the next call; *@end when
 * the stream has no further entry.  Reports.
 * Return: 0, E4PACK_ET_BAD_ARCHIVE, or what the stream returns. */
errcode_t archive_reader_next(struct archive_reader *r,
			      struct archive_entry **ret, bool *end);

/* Whether the present entry is of a cpio archive, not of a tar. */
bool archive_reader_is_cpio(const struct archive_reader *r);

/* The raw bytes of the present entry's headers, *@len of them, valid until
 * data is read.  Return: the bytes, or NULL without memory. */
const uint8_t *archive_reader_headers(struct archive_reader *r, size_t *len);

/* The stream position that libarchive has come to: after an entry's headers
 * that of its data. */
uint64_t archive_reader_tell(const struct archive_reader *r);

/* The next stretch of the entry's data: *@len bytes at *@data, which belong
 * at *@offset in the file; *@end when there is no more.  Reports. */
errcode_t archive_reader_data(struct archive_reader *r, const void **data,
			      size_t *len, uint64_t *offset, bool *end);

/* Pass over what is left of the entry's data and its padding.  Reports. */
errcode_t archive_reader_skip(struct archive_reader *r);

/* Whether @data, given by archive_reader_data(), is nothing but the stream's
 * bytes at @pos, still in the window. */
bool archive_reader_is_at(const struct archive_reader *r, const void *data,
			  size_t len, uint64_t pos);

#endif
