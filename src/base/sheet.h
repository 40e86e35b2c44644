/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Named figures of one thing, as lines for people or as one JSON document:
 * whatever is in one form is in the other, under the same name.  A key is
 * written as in JSON ("block_size"); lines have spaces for its '_'.
 */
#ifndef E4PACK_BASE_SHEET_H
#define E4PACK_BASE_SHEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/emit.h"
#include "base/timestamp.h"

enum { SHEET_DEPTH = 4 };

struct sheet {
	struct emit *out;	/* also keeps the first failure */
	bool json;
	int width;		/* columns of the keys in lines */
	unsigned int depth;	/* objects that are open, the document too */
	json_t *open[SHEET_DEPTH];	/* owned by the one before it */
};

/* Begin a sheet; pair with sheet_end(), which puts the document out. */
void sheet_begin(struct sheet *s, struct emit *out, bool json, int width);
void sheet_end(struct sheet *s);

/* What follows up to sheet_close() belongs together, under @key. */
void sheet_open(struct sheet *s, const char *key);
void sheet_close(struct sheet *s);

void sheet_number(struct sheet *s, const char *key, uint64_t value);
void sheet_signed(struct sheet *s, const char *key, int64_t value);
void sheet_bool(struct sheet *s, const char *key, bool value);

/* Text of our own. */
void sheet_text(struct sheet *s, const char *key, const char *text);

/* @len bytes from outside, escaped as names are. */
void sheet_name(struct sheet *s, const char *key, const char *name,
		size_t len);

/* A count of bytes; lines have a human form beside it. */
void sheet_bytes(struct sheet *s, const char *key, uint64_t bytes);

/* Words with single spaces between them: a list in JSON. */
void sheet_words(struct sheet *s, const char *key, const char *words);

/* A time; lines have @zero (NULL: the date) where it is 0. */
void sheet_time(struct sheet *s, const char *key, struct timestamp t,
		const char *zero);

/* A number that is shown in hexadecimal, in JSON as a string. */
void sheet_hex(struct sheet *s, const char *key, uint32_t value);

/* For figures with forms of their own.  Lines: the key and its colon,
 * padded.  JSON: a value, taken over; NULL is kept as ENOMEM. */
void sheet_key(struct sheet *s, const char *key);
void sheet_json(struct sheet *s, const char *key, json_t *value);

#endif
