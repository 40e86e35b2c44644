// SPDX-License-Identifier: GPL-2.0-or-later
/* The output side: text and JSON lines. */
#include "base/emit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HAND_OVER = 64 * 1024 };

void emit_init(struct emit *e, emit_sink *sink, void *arg)
{
	memset(e, 0, sizeof(*e));
	e->sink = sink;
	e->arg = arg;
}

static void hand_over(struct emit *e)
{
	if (!e->err && e->pending.len)
		e->err = e->sink(e->arg, (char *)e->pending.data,
				 e->pending.len);
	e->pending.len = 0;
}

errcode_t emit_flush(struct emit *e)
{
	hand_over(e);
	return e->err;
}

errcode_t emit_finish(struct emit *e)
{
	hand_over(e);
	buf_release(&e->pending);
	return e->err;
}

void emit_bytes(struct emit *e, const char *bytes, size_t len)
{
	errcode_t err = buf_add(&e->pending, bytes, len);

	if (err && !e->err)
		e->err = err;
	if (e->pending.len >= HAND_OVER)
		hand_over(e);
}

void emit_text(struct emit *e, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		if (!e->err)
			e->err = ENOMEM;
		return;
	}
	emit_bytes(e, text, (size_t)len);
	free(text);
}

void emit_json(struct emit *e, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!text) {
		if (!e->err)
			e->err = ENOMEM;
		return;
	}
	emit_bytes(e, text, strlen(text));
	emit_bytes(e, "\n", 1);
	free(text);
}

char *emit_base64(const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = malloc((len + 2) / 3 * 4 + 1), *p = out;
	const uint8_t *in = data;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)in[i] << 16 |
			     (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
			     (left > 2 ? in[i + 2] : 0);

		*p++ = digits[v >> 18];
		*p++ = digits[v >> 12 & 63];
		*p++ = left > 1 ? digits[v >> 6 & 63] : '=';
		*p++ = left > 2 ? digits[v & 63] : '=';
	}
	*p = '\0';
	return out;
}

char *emit_escape_high(const char *name, size_t len)
{
	char *out = malloc(4 * len + 1), *p = out;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < len; i++) {
		unsigned char c = name[i];

		if (c >= 0x80 || c == '\\' || !c)
			p += sprintf(p, "\\x%02x", c);
		else
			*p++ = c;
	}
	*p = '\0';
	return out;
}

errcode_t emit_json_name(json_t *obj, const char *key, const char *name,
			 size_t len)
{
	json_t *value = json_stringn(name, len);
	char *exact = NULL, *escaped = NULL, *exact_key = NULL;
	int failed;

	if (value)
		return json_object_set_new(obj, key, value) ? ENOMEM : 0;
	exact = emit_base64(name, len);
	escaped = emit_escape_high(name, len);
	failed = !exact || !escaped ||
		 asprintf(&exact_key, "%s_b64", key) < 0;
	if (!failed)
		failed = json_object_set_new(obj, key, json_string(escaped)) ||
			 json_object_set_new(obj, exact_key,
					     json_string(exact));
	free(exact_key);
	free(escaped);
	free(exact);
	return failed ? ENOMEM : 0;
}

json_t *emit_json_time(struct timestamp t)
{
	return json_sprintf("%" PRId64 ".%09u", t.sec, (unsigned int)t.nsec);
}
