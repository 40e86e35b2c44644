/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The message sink of one session: every room tells a failure, a warning or
 * a note here, once, with its subject; only cmd/ knows where it is printed.
 *
 * The rule of the house: the function that knows the subject reports and
 * returns the code; every caller above only passes the code on.  A header
 * says "Reports." where a function does so.
 */
#ifndef E4PACK_BASE_DIAG_H
#define E4PACK_BASE_DIAG_H

#include <pthread.h>
#include <stdbool.h>

#include <et/com_err.h>

enum diag_level {
	DIAG_VERBOSE,	/* shown with -v only */
	DIAG_NOTE,	/* worth knowing, nothing is wrong */
	DIAG_WARNING,	/* the result is not exactly what was given */
	DIAG_ERROR,	/* the command fails */
};

/* Takes one message.  @subject (may be NULL) and @text are already free of
 * control bytes and valid only during the call. */
typedef void diag_sink(void *arg, enum diag_level level, const char *subject,
		       const char *text);

struct diag {
	diag_sink *sink;	/* NULL: messages are dropped */
	void *arg;		/* first argument of @sink */
	bool strict;		/* a warning is an error */
	unsigned int warnings;	/* told so far */
	unsigned int errors;	/* told so far */
	pthread_mutex_t lock;	/* workers tell failures, too */
};

/* Fill @d; @sink may be NULL.  Pair with diag_release(). */
void diag_init(struct diag *d, diag_sink *sink, void *arg);
void diag_release(struct diag *d);

/* Tell that @subject failed: @fmt says what happened, or NULL for the text
 * of @code.  An errno in @code is appended as ": text" when @fmt is given.
 * Return: @code. */
errcode_t diag_error(struct diag *d, const char *subject, errcode_t code,
		     const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Tell what is not exactly as given.
 * Return: 0, or E4PACK_ET_STRICT where the session makes warnings errors. */
errcode_t diag_warning(struct diag *d, const char *subject,
		       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Tell something of @level DIAG_NOTE or DIAG_VERBOSE. */
void diag_note(struct diag *d, enum diag_level level, const char *subject,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Tell that memory ran out.  Return: ENOMEM. */
errcode_t diag_nomem(struct diag *d);

/* Write @s to a new string in which control bytes and backslashes are
 * \ooo escapes, so that a name cannot drive the terminal.
 * Return: the string (free()), or NULL without memory. */
char *diag_escape(const char *s);

/* The same for @len bytes, NUL among them. */
char *diag_escape_bytes(const char *s, size_t len);

#endif
