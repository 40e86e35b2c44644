/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of comma-separated values, quoted as RFC 4180 says.  The commas and
 * the ends of lines are the caller's. */
#ifndef E4PACK_BASE_CSV_H
#define E4PACK_BASE_CSV_H

#include "base/emit.h"

/* Put out a field, in quotes where it needs them. */
void csv_field(struct emit *e, const char *text, size_t len);

/* Put out a name as JSON shows it: \xNN escapes where it is not UTF-8. */
void csv_name(struct emit *e, const char *name, size_t len);

/* Put out the base64 of a name that is not UTF-8, of another nothing. */
void csv_name_b64(struct emit *e, const char *name, size_t len);

#endif
