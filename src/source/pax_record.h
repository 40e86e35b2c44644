/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records of a pax header: "LEN KEY=VALUE\n", LEN counting all of it. */
#ifndef E4PACK_SOURCE_PAX_RECORD_H
#define E4PACK_SOURCE_PAX_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/buf.h"
#include "base/timestamp.h"

/* Zero it; buf_release() the text. */
struct pax_records {
	struct buf text;
	bool raw;		/* a name among them is not ASCII */
};

/* Forget the records and keep the memory. */
void pax_clear(struct pax_records *r);

/* Add a record.  Each returns 0 or ENOMEM. */
errcode_t pax_add(struct pax_records *r, const char *key, const void *value,
		  size_t len);
errcode_t pax_add_text(struct pax_records *r, const char *key,
		       const char *value);
errcode_t pax_add_number(struct pax_records *r, const char *key, uint64_t n);
errcode_t pax_add_time(struct pax_records *r, const char *key,
		       struct timestamp t);

/* Add one whose value is a name of any bytes. */
errcode_t pax_add_name(struct pax_records *r, const char *key,
		       const char *name);

/* Add the extended attribute @name. */
errcode_t pax_add_xattr(struct pax_records *r, const char *name,
			const void *value, size_t len);

/* Say in front of all records that names are bytes, where one of them is not
 * ASCII: libarchive would normalise what is UTF-8. */
errcode_t pax_mark_raw(struct pax_records *r);

#endif
