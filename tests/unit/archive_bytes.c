// SPDX-License-Identifier: GPL-2.0-or-later
/* Building and reading archives for tests. */
#include "unit/archive_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "source/archive.h"

void collect(void *arg, enum diag_level level, const char *subject,
		    const char *text)
{
	struct buf *b = arg;

	(void)level;
	buf_add_str(b, subject ? subject : "-");
	buf_add_str(b, ": ");
	buf_add_str(b, text);
	buf_add_str(b, "\n");
}

/* Append a regular file's bytes to @out, '.' for each byte of a hole. */
static errcode_t content(const struct entry *e, struct buf *out,
			 struct diag *diag)
{
	struct origin_reader r;
	char bytes[4096], *all;
	errcode_t err;
	size_t i, j;

	err = e->origin->ops->open(e->origin, &r, diag);
	if (err)
		return err;
	assert_true(e->size < 100000);
	all = malloc(e->size);
	memset(all, '.', e->size);
	for (i = 0; !err && i < e->n_data; i++)
		for (j = 0; !err && j < e->data[i].len; j++) {
			err = e->origin->ops->read(&r, bytes, 1,
					e->data[i].origin_offset + j, diag);
			all[e->data[i].offset + j] = bytes[0];
		}
	buf_add(out, all, e->size);
	free(all);
	if (err)
		return err;
	return e->origin->ops->close(&r, diag);
}

static errcode_t show(const struct entry *e, struct buf *out,
		      struct diag *diag)
{
	errcode_t err = 0;

	buf_add_str(out, e->path);
	if (S_ISDIR(e->mode))
		buf_add_str(out, "/");
	if (e->target) {
		buf_add_str(out, ">");
		buf_add_str(out, e->target);
	}
	if (e->hardlink) {
		buf_add_str(out, "^");
		buf_add_str(out, e->hardlink);
	}
	if (e->origin && e->size < 2000) {
		buf_add_str(out, "=");
		err = content(e, out, diag);
	}
	buf_add_str(out, " ");
	return err;
}

void read_all(struct result *res, int fd, struct source_options *o)
{
	struct progress progress = { .stop = NULL };
	struct diag diag;
	struct source *s;
	struct entry e;
	bool end = false;

	memset(res, 0, sizeof(*res));
	diag_init(&diag, collect, &res->messages);
	o->diag = &diag;
	if (!o->progress)
		o->progress = &progress;
	entry_init(&e);
	res->err = archive_source_open(&s, fd, "a.tar", o);
	if (!res->err) {
		while (!res->err && !end) {
			res->err = source_next(s, &e, &end);
			if (!res->err && !end)
				res->err = show(&e, &res->list, &diag);
		}
		source_free(s);
	}
	entry_release(&e);
	res->warnings = diag.warnings;
	if (o->progress == &progress)
		o->progress = NULL;
	o->diag = NULL;
	diag_release(&diag);
	assert_non_null(buf_str(&res->messages));
	assert_non_null(buf_str(&res->list));
}

void result_release(struct result *res)
{
	buf_release(&res->messages);
	buf_release(&res->list);
}

int as_file(const struct buf *b)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

int as_pipe(const struct buf *b)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= (int)b->len);
	assert_int_equal(write(fds[1], b->data, b->len), (ssize_t)b->len);
	close(fds[1]);
	return fds[0];
}

void octal(uint8_t *field, size_t len, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)len - 1,
		 (unsigned long long)v);
	memcpy(field, text, len - 1);
}

void seal(uint8_t *h)
{
	unsigned int sum = 0;
	int i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += h[i];
	octal(h + 148, 7, sum);
	h[154] = 0;
}

uint8_t *header(struct buf *b, const char *name, char type,
		       uint64_t size, const char *link)
{
	uint8_t *h;

	assert_int_equal(buf_add_zero(b, BLOCK), 0);
	h = b->data + b->len - BLOCK;
	strncpy((char *)h, name, 100);
	octal(h + 100, 8, type == '5' ? 0755 : 0644);
	octal(h + 108, 8, 1000);
	octal(h + 116, 8, 100);
	octal(h + 124, 12, size);
	octal(h + 136, 12, 1500000000);
	h[156] = type;
	if (link)
		strncpy((char *)h + 157, link, 100);
	memcpy(h + 257, "ustar\0" "00", 8);
	seal(h);
	return h;
}

void body(struct buf *b, const void *data, size_t len)
{
	assert_int_equal(buf_add(b, data, len), 0);
	assert_int_equal(buf_add_zero(b, -len % BLOCK), 0);
}

void file(struct buf *b, const char *name, const char *text)
{
	header(b, name, '0', strlen(text), NULL);
	body(b, text, strlen(text));
}

void tail(struct buf *b)
{
	assert_int_equal(buf_add_zero(b, 2 * BLOCK), 0);
}

void record(struct buf *r, const char *key, const void *value,
		   size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char digits[24];

	while (rest + (size_t)snprintf(digits, sizeof(digits), "%zu", total) !=
	       total)
		total++;
	buf_add_str(r, digits);
	buf_add_str(r, " ");
	buf_add_str(r, key);
	buf_add_str(r, "=");
	buf_add(r, value, len);
	buf_add_str(r, "\n");
}

void extended(struct buf *b, struct buf *r)
{
	header(b, "pax", 'x', r->len, NULL);
	body(b, r->data, r->len);
	buf_release(r);
}

void pax(struct buf *b, const char *key, const void *value, size_t len)
{
	struct buf r = BUF_INIT;

	record(&r, key, value, len);
	extended(b, &r);
}

void pax_str(struct buf *b, const char *key, const char *value)
{
	pax(b, key, value, strlen(value));
}

static int check(const struct archive_case *c, const struct result *res,
		  const char *way)
{
	const char *text = (const char *)res->messages.data;
	const char *list = (const char *)res->list.data;

	if (res->err == c->err && res->warnings == c->warnings &&
	    (!c->list || !strcmp(list, c->list)) &&
	    (c->message ? *text && strstr(text, c->message) : !*text))
		return 0;
	print_error("%s, %s: error %ld, %u warnings, list \"%s\", "
		    "messages \"%s\"\n", c->name, way, (long)res->err,
		    res->warnings, list, text);
	return 1;
}

void run_cases(const struct archive_case *cases, size_t n)
{
	struct source_options o = { .diag = NULL };
	struct result res;
	int failed = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		struct buf b = BUF_INIT;

		cases[i].build(&b);
		read_all(&res, as_file(&b), &o);
		failed += check(&cases[i], &res, "file");
		result_release(&res);
		read_all(&res, as_pipe(&b), &o);
		failed += check(&cases[i], &res, "pipe");
		result_release(&res);
		buf_release(&b);
	}
	assert_int_equal(failed, 0);
}
