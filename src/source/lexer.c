// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Words of a line: one pass, one byte at a time.
 *
 * The words are laid one after another into one buffer, each with its NUL,
 * and counted; only when all are there are they pointed to.
 */
#include "source/lexer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

void lexer_init(struct lexer *l)
{
	memset(l, 0, sizeof(*l));
}

void lexer_release(struct lexer *l)
{
	free(l->words);
	buf_release(&l->bytes);
	lexer_init(l);
}

/* What is left of the line. */
struct rest {
	const char *p, *end;
};

static errcode_t malformed(struct lexer *l, const char *problem)
{
	l->problem = problem;
	return E4PACK_ET_BAD_ENTRY;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static errcode_t single_quoted(struct lexer *l, struct rest *in)
{
	const char *close = memchr(in->p, '\'', in->end - in->p);
	errcode_t err;

	if (!close)
		return malformed(l, "a ' is not closed");
	err = buf_add(&l->bytes, in->p, close - in->p);
	in->p = close + 1;
	return err;
}

/* After a backslash between double quotes. */
static errcode_t double_escape(struct lexer *l, struct rest *in)
{
	static const char special[] = { '$', '`', '"', '\\' };
	errcode_t err = 0;

	/* At the end the quote is open, which the caller tells. */
	if (in->p == in->end)
		return 0;
	if (*in->p == '\n') {
		in->p++;
		return 0;
	}
	if (!memchr(special, *in->p, sizeof(special)))
		err = buf_add(&l->bytes, "\\", 1);
	if (!err)
		err = buf_add(&l->bytes, in->p++, 1);
	return err;
}

static errcode_t double_quoted(struct lexer *l, struct rest *in)
{
	errcode_t err = 0;

	while (!err && in->p < in->end) {
		char c = *in->p++;

		if (c == '"')
			return 0;
		if (c == '\\')
			err = double_escape(l, in);
		else
			err = buf_add(&l->bytes, &c, 1);
	}
	return err ? err : malformed(l, "a \" is not closed");
}

/* At the end of the line a shell would go on with the next one.  Here that is
 * the next command, so it is an error and not silently nothing. */
static errcode_t escaped(struct lexer *l, struct rest *in)
{
	char c;

	if (in->p == in->end)
		return malformed(l, "a backslash ends the line");
	c = *in->p++;
	return c == '\n' ? 0 : buf_add(&l->bytes, &c, 1);
}

/* A word is begun by anything that gives it a byte, and by quotes even when
 * nothing is in them; a backslash and a newline alone are no word. */
static errcode_t read_word(struct lexer *l, struct rest *in, bool *found)
{
	size_t before = l->bytes.len;
	errcode_t err = 0;

	*found = false;
	while (!err && in->p < in->end && !is_blank(*in->p)) {
		char c = *in->p++;

		if (c == '\'' || c == '"')
			*found = true;
		if (c == '\'')
			err = single_quoted(l, in);
		else if (c == '"')
			err = double_quoted(l, in);
		else if (c == '\\')
			err = escaped(l, in);
		else
			err = buf_add(&l->bytes, &c, 1);
	}
	if (l->bytes.len > before)
		*found = true;
	return err;
}

static errcode_t read_words(struct lexer *l, struct rest *in)
{
	errcode_t err = 0;
	bool found;

	while (!err) {
		while (in->p < in->end && is_blank(*in->p))
			in->p++;
		if (in->p == in->end || *in->p == '#')
			break;
		err = read_word(l, in, &found);
		if (!err && found) {
			err = buf_add_zero(&l->bytes, 1);
			l->n_words++;
		}
	}
	return err;
}

/* The bytes moved while they grew: find the words when they are all there. */
static errcode_t point_to_words(struct lexer *l)
{
	char *p = (char *)l->bytes.data;
	size_t i;
	errcode_t err = array_reserve(&l->words, &l->words_cap, l->n_words,
				      sizeof(*l->words));

	for (i = 0; !err && i < l->n_words; i++) {
		l->words[i] = p;
		p += strlen(p) + 1;
	}
	return err;
}

errcode_t lexer_split(struct lexer *l, const char *line, size_t len)
{
	struct rest in;
	errcode_t err;

	l->n_words = 0;
	l->problem = NULL;
	l->bytes.len = 0;
	/* A CR that no LF follows is a byte of the last word. */
	if (len && line[len - 1] == '\n') {
		len--;
		if (len && line[len - 1] == '\r')
			len--;
	}
	if (len > LEXER_LINE_MAX) {
		l->problem = "the line is over 1 MiB long";
		return E4PACK_ET_TOO_BIG;
	}
	if (len && memchr(line, '\0', len))
		return malformed(l, "a NUL byte is in the line");
	in = (struct rest){ line, line + len };
	err = read_words(l, &in);
	if (!err)
		err = point_to_words(l);
	if (err)
		l->n_words = 0;
	if (err == ENOMEM)
		l->problem = "out of memory";
	return err;
}
