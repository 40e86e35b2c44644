// SPDX-License-Identifier: GPL-2.0-or-later
/* Figures in two forms. */
#include "base/sheet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/number.h"

enum { INDENT = 2 };

static void fail(struct sheet *s)
{
	if (!s->out->err)
		s->out->err = ENOMEM;
}

void sheet_begin(struct sheet *s, struct emit *out, bool json, int width)
{
	memset(s, 0, sizeof(*s));
	s->out = out;
	s->json = json;
	s->width = width;
	s->depth = 1;
	if (json)
		s->open[0] = json_object();
}

void sheet_end(struct sheet *s)
{
	if (s->json)
		emit_json(s->out, s->open[0]);
	s->open[0] = NULL;
}

void sheet_json(struct sheet *s, const char *key, json_t *value)
{
	json_t *to = s->open[s->depth - 1];

	/* Also frees the value where there is nothing to put it into. */
	if (json_object_set_new(to, key, value))
		fail(s);
}

/* Put the key out as words, after the indent.  Return: columns taken. */
static int put_key(struct sheet *s, const char *key)
{
	const int indent = (int)(s->depth - 1) * INDENT;
	char *text = strdup(key), *p;

	if (!text) {
		fail(s);
		return 0;
	}
	for (p = strchr(text, '_'); p; p = strchr(p, '_'))
		*p = ' ';
	emit_text(s->out, "%*s%s:", indent, "", text);
	free(text);
	return indent + (int)strlen(key) + 1;
}

void sheet_key(struct sheet *s, const char *key)
{
	int left = s->width - put_key(s, key);

	emit_text(s->out, "%*s", left > 1 ? left : 1, "");
}

void sheet_open(struct sheet *s, const char *key)
{
	if (s->json) {
		sheet_json(s, key, json_object());
		s->open[s->depth] =
			json_object_get(s->open[s->depth - 1], key);
	} else {
		put_key(s, key);
		emit_text(s->out, "\n");
	}
	s->depth++;
}

void sheet_close(struct sheet *s)
{
	s->depth--;
	s->open[s->depth] = NULL;
}

void sheet_number(struct sheet *s, const char *key, uint64_t value)
{
	if (s->json) {
		sheet_json(s, key, json_integer(value > INT64_MAX ?
				INT64_MAX : (json_int_t)value));
		return;
	}
	sheet_key(s, key);
	emit_text(s->out, "%" PRIu64 "\n", value);
}

void sheet_signed(struct sheet *s, const char *key, int64_t value)
{
	if (s->json) {
		sheet_json(s, key, json_integer(value));
		return;
	}
	sheet_key(s, key);
	emit_text(s->out, "%" PRId64 "\n", value);
}

void sheet_bool(struct sheet *s, const char *key, bool value)
{
	if (s->json)
		sheet_json(s, key, json_boolean(value));
	else
		sheet_text(s, key, value ? "yes" : "no");
}

void sheet_text(struct sheet *s, const char *key, const char *text)
{
	if (s->json) {
		sheet_json(s, key, json_string(text));
		return;
	}
	sheet_key(s, key);
	emit_text(s->out, "%s\n", text);
}

void sheet_name(struct sheet *s, const char *key, const char *name,
		size_t len)
{
	char *safe;

	if (s->json) {
		if (emit_json_name(s->open[s->depth - 1], key, name, len))
			fail(s);
		return;
	}
	safe = diag_escape_bytes(name, len);
	if (safe)
		sheet_text(s, key, safe);
	else
		fail(s);
	free(safe);
}

void sheet_bytes(struct sheet *s, const char *key, uint64_t bytes)
{
	char human[NUMBER_HUMAN_LEN];

	if (s->json || bytes < 1024) {
		sheet_number(s, key, bytes);
		return;
	}
	sheet_key(s, key);
	emit_text(s->out, "%" PRIu64 " (%s)\n", bytes,
		  number_human(human, bytes));
}

static json_t *word_list(const char *words)
{
	json_t *list = json_array();
	size_t len;

	for (; *words; words += len) {
		words += *words == ' ';
		len = strcspn(words, " ");
		if (len && json_array_append_new(list,
						 json_stringn(words, len))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void sheet_words(struct sheet *s, const char *key, const char *words)
{
	if (s->json)
		sheet_json(s, key, word_list(words));
	else
		sheet_text(s, key, *words ? words : "none");
}

void sheet_time(struct sheet *s, const char *key, struct timestamp t,
		const char *zero)
{
	char date[TIMESTAMP_TEXT_LEN];

	if (s->json) {
		sheet_json(s, key, emit_json_time(t));
		return;
	}
	if (zero && t.sec == 0 && t.nsec == 0) {
		sheet_text(s, key, zero);
		return;
	}
	sheet_key(s, key);
	timestamp_text(date, t, true);
	if (t.nsec)
		emit_text(s->out, "%s.%09u UTC\n", date,
			  (unsigned int)t.nsec);
	else
		emit_text(s->out, "%s UTC\n", date);
}

void sheet_hex(struct sheet *s, const char *key, uint32_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "0x%08x", (unsigned int)value);
	sheet_text(s, key, text);
}
