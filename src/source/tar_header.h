/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What libarchive does not tell of a header: told from its raw bytes.
 */
#ifndef E4PACK_SOURCE_TAR_HEADER_H
#define E4PACK_SOURCE_TAR_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/entry.h"

enum { TAR_BLOCK = 512 };

enum raw_format {
	RAW_FORMAT_NONE,	/* neither */
	RAW_FORMAT_TAR,
	RAW_FORMAT_CPIO,
};

struct tar_facts {
	char type;		/* typeflag of the last header */
	bool volume;		/* a volume label is among them */
	bool nul;		/* a pax path has a NUL in it */
	/* Pax times before 1970 with a fraction, whose sign libarchive takes
	 * for that of the seconds alone. */
	struct timestamp times[ENTRY_TIMES];
	bool has_time[ENTRY_TIMES];
};

/* Tell what kind of archive begins in @len bytes at @p, 512 where there are
 * so many. */
enum raw_format raw_format_of(const uint8_t *p, size_t len);

/* Name the format of @len bytes at @p that are neither tar nor cpio.
 * Return: a name, or NULL for bytes that nothing is known of. */
const char *foreign_format_name(const uint8_t *p, size_t len);

/* Look through one entry's headers, extension headers first. */
void tar_facts_read(struct tar_facts *facts, const uint8_t *p, size_t len);

#endif
