// SPDX-License-Identifier: GPL-2.0-or-later
/* Comma-separated values. */
#include "base/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static bool needs_quotes(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (strchr(",\"\r\n", text[i]))
			return true;
	return false;
}

void csv_field(struct emit *e, const char *text, size_t len)
{
	size_t i, from = 0;

	if (!needs_quotes(text, len)) {
		emit_bytes(e, text, len);
		return;
	}
	emit_bytes(e, "\"", 1);
	for (i = 0; i < len; i++) {
		if (text[i] != '"')
			continue;
		/* Up to the quote, which the next part begins with again. */
		emit_bytes(e, text + from, i + 1 - from);
		from = i;
	}
	emit_bytes(e, text + from, len - from);
	emit_bytes(e, "\"", 1);
}

/* Put out @text as a field and free it; NULL is kept as ENOMEM. */
static void own_field(struct emit *e, char *text)
{
	if (text)
		csv_field(e, text, strlen(text));
	else if (!e->err)
		e->err = ENOMEM;
	free(text);
}

void csv_name(struct emit *e, const char *name, size_t len)
{
	if (utf8_valid(name, len))
		csv_field(e, name, len);
	else
		own_field(e, emit_escape_high(name, len));
}

void csv_name_b64(struct emit *e, const char *name, size_t len)
{
	if (!utf8_valid(name, len))
		own_field(e, emit_base64(name, len));
}
