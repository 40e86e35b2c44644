// SPDX-License-Identifier: GPL-2.0-or-later
/* The message sink: formats, escapes, counts, and hands on one message. */
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

/* Have com_err know the texts of our codes.  What compile_et makes for that
 * looks at com_err's list without its lock. */
static void add_texts(void)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static bool added;

	pthread_mutex_lock(&lock);
	if (!added)
		added = !add_error_table(&et_e4pk_error_table);
	pthread_mutex_unlock(&lock);
}

void diag_init(struct diag *d, diag_sink *sink, void *arg)
{
	memset(d, 0, sizeof(*d));
	d->sink = sink;
	d->arg = arg;
	pthread_mutex_init(&d->lock, NULL);
	add_texts();
}

void diag_release(struct diag *d)
{
	pthread_mutex_destroy(&d->lock);
}

/* Memory for the message that it has run out. */
enum { SHORT_TEXT = 512, ESCAPE_LEN = 4 };

/* Escape @s into @room bytes, as much as they hold. */
static void escape(char *out, size_t room, const char *s, size_t len)
{
	char *end = out + room - ESCAPE_LEN;
	size_t i;

	for (i = 0; i < len && out < end; i++) {
		unsigned char c = s[i];

		if (c < 0x20 || c == 0x7f || c == '\\')
			out += sprintf(out, "\\%03o", c);
		else
			*out++ = c;
	}
	*out = '\0';
}

char *diag_escape_bytes(const char *s, size_t len)
{
	size_t room = ESCAPE_LEN * len + ESCAPE_LEN + 1;
	char *out = malloc(room);

	if (out)
		escape(out, room, s, len);
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
	char short_subject[SHORT_TEXT] = "", short_text[SHORT_TEXT] = "";

	if (subject && !subject_out)
		escape(short_subject, SHORT_TEXT, subject, strlen(subject));
	if (!text_out)
		escape(short_text, SHORT_TEXT, text, strlen(text));
	pthread_mutex_lock(&d->lock);
	if (level == DIAG_WARNING)
		d->warnings++;
	else if (level == DIAG_ERROR)
		d->errors++;
	if (d->sink)
		d->sink(d->arg, level, subject && !subject_out ?
			short_subject : subject_out,
			text_out ? text_out : short_text);
	pthread_mutex_unlock(&d->lock);
	free(subject_out);
	free(text_out);
}

/* Tell "what happened", with ": reason" for an errno; without memory as much
 * as fits a small buffer. */
__attribute__((format(printf, 5, 0)))
static void report(struct diag *d, enum diag_level level, const char *subject,
		   errcode_t code, const char *fmt, va_list ap)
{
	const bool is_errno = code > 0 && code < 256;
	const char *colon = is_errno ? ": " : "";
	const char *reason = is_errno ? strerror((int)code) : "";
	char *what = NULL, *text = NULL;
	char fixed[SHORT_TEXT];
	va_list again;
	int len;

	if (!fmt) {
		tell(d, level, subject, error_message(code));
		return;
	}
	va_copy(again, ap);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	if (!what || asprintf(&text, "%s%s%s", what, colon, reason) < 0)
		text = NULL;
	if (!text) {
		len = vsnprintf(fixed, sizeof(fixed), fmt, again);
		if (len >= 0 && len < SHORT_TEXT)
			snprintf(fixed + len, sizeof(fixed) - (size_t)len,
				 "%s%s", colon, reason);
	}
	va_end(again);
	tell(d, level, subject, text ? text : fixed);
	free(what);
	free(text);
}

errcode_t diag_error(struct diag *d, const char *subject, errcode_t code,
		     const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(d, DIAG_ERROR, subject, code, fmt, ap);
	va_end(ap);
	return code;
}

errcode_t diag_warning(struct diag *d, const char *subject,
		       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(d, d->strict ? DIAG_ERROR : DIAG_WARNING, subject, 0, fmt, ap);
	va_end(ap);
	return d->strict ? E4PACK_ET_STRICT : 0;
}

void diag_note(struct diag *d, enum diag_level level, const char *subject,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(d, level, subject, 0, fmt, ap);
	va_end(ap);
}

errcode_t diag_nomem(struct diag *d)
{
	tell(d, DIAG_ERROR, NULL, "out of memory");
	return ENOMEM;
}
