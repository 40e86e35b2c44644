/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of one line of a script, quoted as in the POSIX shell, with no
 * expansions: $ ` * ? ~ ; & | < > ( ) are bytes like any other.
 *
 *	'...'	every byte stands for itself
 *	"..."	a backslash before $ ` " \ takes their meaning away, before a
 *		newline takes both away, and is a byte of its own elsewhere
 *	\c	outside quotes: c stands for itself; a newline goes away
 *	#	where a word could begin: the rest of the line is a comment
 *
 * Blanks (space, tab, a newline inside the text) part words; pieces without
 * a blank between them are one word, and '' or "" is an empty one.
 */
#ifndef E4PACK_SOURCE_LEXER_H
#define E4PACK_SOURCE_LEXER_H

#include <stddef.h>

#include <et/com_err.h>

#include "base/buf.h"

enum { LEXER_LINE_MAX = 1024 * 1024 };	/* bytes without the line end */

struct lexer {
	char **words;		/* NUL-ended; valid until the next split */
	size_t n_words;
	const char *problem;	/* after an error: what is wrong */
	size_t words_cap;
	struct buf bytes;	/* the words, one after another */
};

/* Make a lexer without words; allocates nothing. */
void lexer_init(struct lexer *l);
void lexer_release(struct lexer *l);

/* Replace the words by those of @line, given with its LF or CR LF if it has
 * one.  Words are bytes of any value but NUL.  Does not report: only the
 * caller knows the line's number.
 * Return: 0; E4PACK_ET_BAD_ENTRY for an open quote, a backslash at the end
 * or a NUL byte; E4PACK_ET_TOO_BIG over LEXER_LINE_MAX; ENOMEM.  On an error
 * there are no words. */
errcode_t lexer_split(struct lexer *l, const char *line, size_t len);

#endif
