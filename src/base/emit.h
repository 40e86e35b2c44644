/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results, as text or JSON, into a sink that the caller gives.  The first
 * failure of the sink is kept and later output dropped, so that callers may
 * check once at the end.
 */
#ifndef E4PACK_BASE_EMIT_H
#define E4PACK_BASE_EMIT_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/timestamp.h"

/* Takes @len bytes of output.  Return: 0 or an errno. */
typedef errcode_t emit_sink(void *arg, const char *text, size_t len);

struct emit {
	emit_sink *sink;
	void *arg;
	errcode_t err;		/* the first failure, 0 while all is well */
	struct buf pending;	/* gathered, not yet handed to the sink */
};

/* Make an emitter over @sink.  Pair with emit_finish(). */
void emit_init(struct emit *e, emit_sink *sink, void *arg);

/* Hand over what is gathered.  Return: 0, or the first failure of any call. */
errcode_t emit_flush(struct emit *e);

/* Hand over what is left and free the buffer.
 * Return: 0, or the first failure of any call. */
errcode_t emit_finish(struct emit *e);

/* Put out formatted text. */
void emit_text(struct emit *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Put out @len bytes as they are. */
void emit_bytes(struct emit *e, const char *bytes, size_t len);

/* Put out @json on one line and drop the reference to it; NULL stands for a
 * value that could not be made and is kept as ENOMEM. */
void emit_json(struct emit *e, json_t *json);

/* Put a name into @obj: "path", and "path_b64" beside it where the name's
 * bytes are not UTF-8 (then "path" has \xNN escapes).  @key is "path" or
 * another name of the same kind.  Return: 0 or ENOMEM. */
errcode_t emit_json_name(json_t *obj, const char *key, const char *name,
			 size_t len);

/* The two forms of a name that is not UTF-8: all its bytes in base64, and the
 * name with \xNN for every byte over ASCII, for '\' and for NUL.
 * Return: a string to free(), or NULL without memory. */
char *emit_base64(const void *data, size_t len);
char *emit_escape_high(const char *name, size_t len);

/* Return: a new JSON string "SEC.NNNNNNNNN", or NULL without memory. */
json_t *emit_json_time(struct timestamp t);

#endif
