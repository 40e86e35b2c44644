/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of archives: building them byte by byte, and reading them. */
#ifndef E4PACK_TESTS_ARCHIVE_BYTES_H
#define E4PACK_TESTS_ARCHIVE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "source/source.h"

enum { BLOCK = 512 };

/* What a reading of an archive gave. */
struct result {
	errcode_t err;
	unsigned int warnings;
	struct buf messages;	/* "SUBJECT: TEXT\n" each */
	struct buf list;	/* "PATH[=CONTENT][>TARGET][^LINK] " each */
};

/* An archive and what reading it is to give. */
struct archive_case {
	const char *name;
	void (*build)(struct buf *b);
	const char *list;	/* NULL: not compared */
	errcode_t err;
	unsigned int warnings;
	const char *message;	/* part of it; NULL: none at all */
};

/* Read each case's archive from a file, where content stays in place, and
 * from a pipe, where it is spooled. */
void run_cases(const struct archive_case *cases, size_t n);

/* A message sink that appends to the struct buf @arg. */
void collect(void *arg, enum diag_level level, const char *subject,
	     const char *text);

/* Read the archive at @fd to its end. */
void read_all(struct result *res, int fd, struct source_options *o);
void result_release(struct result *res);

/* The bytes of @b as a file, and as what a closed pipe still holds. */
int as_file(const struct buf *b);
int as_pipe(const struct buf *b);

/* Set an octal field, and the checksum after a header was changed. */
void octal(uint8_t *field, size_t len, uint64_t v);
void seal(uint8_t *h);

/* Append a header; what is returned may be changed, then sealed again. */
uint8_t *header(struct buf *b, const char *name, char type, uint64_t size,
		const char *link);

/* Append data and its padding; a whole file; the end. */
void body(struct buf *b, const void *data, size_t len);
void file(struct buf *b, const char *name, const char *text);
void tail(struct buf *b);

/* Append the pax record KEY=VALUE to @r; a pax header of @r, which is
 * emptied; a pax header with one record. */
void record(struct buf *r, const char *key, const void *value, size_t len);
void extended(struct buf *b, struct buf *r);
void pax(struct buf *b, const char *key, const void *value, size_t len);
void pax_str(struct buf *b, const char *key, const char *value);

#endif
