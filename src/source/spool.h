/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unlinked temporary file that keeps the content of a stream, which can
 * be read only once.  It is the origin of what was put into it.
 */
#ifndef E4PACK_SOURCE_SPOOL_H
#define E4PACK_SOURCE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "source/origin.h"
#include "source/source.h"

struct spool;

/* Make an empty spool in options->spool_dir, else in $TMPDIR, else in /tmp.
 * @name, the source's, is the subject of messages, copied.  Reports.
 * Return: 0 with one reference in *@ret, dropped through spool_origin(). */
errcode_t spool_open(struct spool **ret, const char *name,
		     const struct source_options *options);

/* The spool as an origin; no reference is taken. */
struct origin *spool_origin(struct spool *s);

/* Check that @len more bytes would be within the limit, before they are
 * read.  Reports.  Return: 0 or E4PACK_ET_TOO_BIG. */
errcode_t spool_room(struct spool *s, uint64_t len);

/* Append @len bytes; *@offset is where they are in the origin.  They can be
 * read at once.  One thread at a time appends.  Reports.
 * Return: 0, E4PACK_ET_TOO_BIG over options->spool_limit, or an errno. */
errcode_t spool_add(struct spool *s, const void *data, size_t len,
		    uint64_t *offset);

#endif
