// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the lines of a trace go: a buffer in front of a file.  The first
 * failed write ends the writing, is told once, and is what trace_close()
 * returns.
 */
#include "base/trace.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fileio.h"
#include "base/trace_events.h"

enum {
	BUFFER_LEN = 64 * 1024,
	LINE_MAX_LEN = 2048,	/* of every line, flags and names included */
	MICROSECONDS = 1000000,
	NAME_MAX_LEN = 64,
};

struct trace {
	int fd;
	enum trace_format format;
	uint64_t clock;		/* lines told */
	errcode_t err;		/* the first failure, 0 while all is well */
	struct diag *diag;
	char *path;
	size_t len;		/* bytes in @buffer */
	char buffer[BUFFER_LEN];
};

errcode_t trace_open(struct trace **ret, const char *path,
		     enum trace_format format, struct diag *diag)
{
	struct trace *t = calloc(1, sizeof(*t));
	errcode_t err;

	if (!t)
		return diag_nomem(diag);
	t->format = format;
	t->diag = diag;
	t->path = strdup(path);
	if (!t->path) {
		free(t);
		return diag_nomem(diag);
	}
	t->fd = TEMP_FAILURE_RETRY(open(path, O_WRONLY | O_CREAT | O_TRUNC |
					O_CLOEXEC | O_NOCTTY, 0666));
	err = t->fd < 0 ? errno : io_above_stdio(&t->fd);
	if (err) {
		diag_error(diag, path, err, "cannot be opened for the trace");
		free(t->path);
		free(t);
		return err;
	}
	*ret = t;
	return 0;
}

static void fail(struct trace *t, errcode_t err)
{
	if (!err || t->err)
		return;
	t->err = diag_error(t->diag, t->path, err,
			    "the trace cannot be written");
}

static void write_out(struct trace *t)
{
	if (!t->err)
		fail(t, io_write(t->fd, t->buffer, t->len));
	t->len = 0;
}

errcode_t trace_close(struct trace *t)
{
	errcode_t err;

	if (!t)
		return 0;
	write_out(t);
	fail(t, io_close(t->fd));
	err = t->err;
	free(t->path);
	free(t);
	return err;
}

static void put(struct trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct trace *t, const char *fmt, ...)
{
	size_t room = sizeof(t->buffer) - t->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buffer + t->len, room, fmt, ap);
	va_end(ap);
	assert(n >= 0 && (size_t)n < room);
	t->len += (size_t)n;
}

/* Names of the bits, and what has no name as a number. */
static void put_flags(struct trace *t, const struct trace_flag_set *set,
		      uint64_t value)
{
	const struct trace_flag *f;
	const char *separator = "";

	if (!value && t->format == TRACE_LOGICAL)
		put(t, "-");
	for (f = set->flags; f->bit; f++) {
		if (!(value & f->bit))
			continue;
		put(t, "%s%s", separator, f->name);
		separator = set->separator;
		value &= ~(uint64_t)f->bit;
	}
	if (value)
		put(t, "%s0x%" PRIx64, separator, value);
}

/* Only which function it is stays the same from build to build. */
static void put_function(struct trace *t, uint64_t value)
{
	put(t, "%.*s%s", NAME_MAX_LEN, (const char *)(uintptr_t)value,
	    t->format == TRACE_KERNEL ? "+0x0/0x0" : "");
}

static void put_criteria(struct trace *t, uint64_t value)
{
	const char *name = trace_criteria(value);

	if (name)
		put(t, "%s", name);
	else
		put(t, "0x%" PRIx64, value);
}

static void put_value(struct trace *t, char conversion, uint64_t value)
{
	switch (conversion) {
	case 'u':
		put(t, "%" PRIu64, value);
		break;
	case 'd':
		put(t, "%" PRId64, (int64_t)value);
		break;
	case 'x':
		put(t, "%" PRIx64, value);
		break;
	case 'o':
		put(t, "%" PRIo64, value);
		break;
	case 'S':
		put_function(t, value);
		break;
	case 'C':
		put_criteria(t, value);
		break;
	default:
		put_flags(t, trace_flag_set(conversion), value);
	}
}

/* Put the fields, with the quirks or without.  Return: values used. */
static size_t put_fields(struct trace *t, const char *c,
			 const uint64_t *values, size_t n)
{
	bool kernel = t->format == TRACE_KERNEL;
	size_t used = 0;

	for (; *c; c++) {
		if (*c == '%') {
			c++;
			assert(used < n);
			put_value(t, *c, values[used++]);
		} else if (*c == '!') {
			c++;
			if (kernel)
				t->buffer[t->len++] = *c;
		} else if (*c != '~') {
			t->buffer[t->len++] = *c;
		} else if (!kernel) {
			t->buffer[t->len++] = ' ';
		}
	}
	return used;
}

void trace_tell(struct trace *t, enum trace_event event,
		const uint64_t *values, size_t n)
{
	const struct trace_form *form = &trace_forms[event];
	size_t used;

	if (sizeof(t->buffer) - t->len < LINE_MAX_LEN)
		write_out(t);
	t->clock++;
	if (t->format == TRACE_KERNEL)
		put(t, "%16s-%-7d [%03d] %s %5" PRIu64 ".%06" PRIu64 ": "
		    "%s: dev %d,%d ", "e4pack", 1, 0, ".....",
		    t->clock / MICROSECONDS, t->clock % MICROSECONDS,
		    form->name, 0, 0);
	else
		put(t, "%" PRIu64 " %s: ", t->clock, form->name);
	used = put_fields(t, form->fields, values, n);
	assert(used == n);
	(void)used;
	while (t->format == TRACE_LOGICAL && t->buffer[t->len - 1] == ' ')
		t->len--;
	t->buffer[t->len++] = '\n';
}
