// SPDX-License-Identifier: GPL-2.0-or-later
/* The message sink: formats, escapes, counts, and hands on one message. */
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

void diag_init(struct diag *d, diag_sink *sink, void *arg)
{
	memset(d, 0, sizeof(*d));
	d->sink = sink;
	d->arg = arg;
	pthread_mutex_init(&d->lock, NULL);
	initialize_e4pk_error_table();
}

void diag_release(struct diag *d)
{
	pthread_mutex_destroy(&d->lock);
}

char *diag_escape_bytes(const char *s, size_t len)
{
	char *out = malloc(4 * len + 1);
	char *p = out;
	size_t i;

	if (!out)
		return NULL;
	for (i = 0; i < len; i++) {
		unsigned char c = s[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			p += sprintf(p, "\\%03o", c);
		else
			*p++ = c;
	}
	*p = '\0';
	return out;
}

char *diag_escape(const char *s)
{
	return diag_escape_bytes(s, strlen(s));
}

static void tell(struct diag *d, enum diag_level level, const char *subject,
		 const char *text)
{
	char *subject_out = subject ? diag_escape(subject) : NULL;
	char *text_out = diag_escape(text);

	pthread_mutex_lock(&d->lock);
	if (level == DIAG_WARNING)
		d->warnings++;
	else if (level == DIAG_ERROR)
		d->errors++;
	if (d->sink)
		d->sink(d->arg, level, subject_out,
			text_out ? text_out : "out of memory");
	pthread_mutex_unlock(&d->lock);
	free(subject_out);
	free(text_out);
}

/* "what happened", with ": reason" for an errno; NULL without memory. */
static char *compose(errcode_t code, const char *fmt, va_list ap)
{
	char *what = NULL, *text = NULL;

	if (!fmt)
		return strdup(error_message(code));
	if (vasprintf(&what, fmt, ap) < 0)
		return NULL;
	if (code <= 0 || code >= 256)
		return what;
	if (asprintf(&text, "%s: %s", what, strerror((int)code)) < 0)
		text = NULL;
	free(what);
	return text;
}

errcode_t diag_error(struct diag *d, const char *subject, errcode_t code,
		     const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = compose(code, fmt, ap);
	va_end(ap);
	tell(d, DIAG_ERROR, subject, text ? text : error_message(code));
	free(text);
	return code;
}

errcode_t diag_warning(struct diag *d, const char *subject,
		       const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = compose(0, fmt, ap);
	va_end(ap);
	tell(d, d->strict ? DIAG_ERROR : DIAG_WARNING, subject,
	     text ? text : "out of memory");
	free(text);
	return d->strict ? E4PACK_ET_STRICT : 0;
}

void diag_note(struct diag *d, enum diag_level level, const char *subject,
	       const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = compose(0, fmt, ap);
	va_end(ap);
	tell(d, level, subject, text ? text : "out of memory");
	free(text);
}

errcode_t diag_nomem(struct diag *d)
{
	tell(d, DIAG_ERROR, NULL, "out of memory");
	return ENOMEM;
}
