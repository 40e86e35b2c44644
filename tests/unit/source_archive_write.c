// SPDX-License-Identifier: GPL-2.0-or-later
/* Tar streams that we write: what our own reader makes of them, and the
 * places where a field gives way to a record. */
#include "unit/archive_bytes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/errors.h"
#include "source/archive.h"
#include "source/archive_write.h"

static errcode_t gather(void *arg, const void *data, size_t len)
{
	return buf_add(arg, data, len);
}

static errcode_t refuse(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)data;
	return len ? ENOSPC : 0;
}

/* Open the stream of one member @m, whose data is zeros. */
static struct source *write_one(struct buf *out,
				const struct tar_member *m,
				struct source_options *o, struct diag *diag,
				struct buf *messages)
{
	struct tar_writer w = { .sink = gather, .arg = out };
	struct source *s = NULL;
	uint8_t zeros[BLOCK] = { 0 };
	size_t i;

	out->len = 0;
	assert_int_equal(tar_write_member(&w, m), 0);
	for (i = 0; i < m->n_runs; i++) {
		assert_true(m->runs[i].len <= sizeof(zeros));
		assert_int_equal(tar_write_data(&w, zeros, m->runs[i].len),
				 0);
	}
	assert_int_equal(tar_write_end(&w), 0);
	tar_writer_release(&w);
	assert_int_equal(out->len % 10240, 0);
	diag_init(diag, collect, messages);
	o->diag = diag;
	assert_int_equal(archive_source_open(&s, as_file(out), "a.tar", o),
			 0);
	return s;
}

struct reading {
	struct source_options options;
	struct diag diag;
	struct buf messages, bytes;
	struct source *source;
	struct entry entry;
};

/* Write @m and read its entry, without a word. */
static void read_back(struct reading *r, const struct tar_member *m)
{
	bool end;

	memset(r, 0, sizeof(*r));
	r->source = write_one(&r->bytes, m, &r->options, &r->diag,
			      &r->messages);
	assert_int_equal(source_next(r->source, &r->entry, &end), 0);
	assert_false(end);
	assert_int_equal(r->messages.len, 0);
	assert_string_equal(r->entry.path, m->path);
	assert_int_equal(r->entry.mode, m->mode);
	assert_int_equal(r->entry.size, m->size);
}

static void done(struct reading *r)
{
	bool end;

	assert_int_equal(source_next(r->source, &r->entry, &end), 0);
	assert_true(end);
	entry_clear(&r->entry);
	source_free(r->source);
	diag_release(&r->diag);
	buf_release(&r->messages);
	buf_release(&r->bytes);
}

/* A path of @len bytes with a slash after each @step. */
static void fill_path(char *path, size_t len, size_t step)
{
	size_t i;

	for (i = 0; i < len; i++)
		path[i] = (i + 1) % step || i + 1 == len ? 'a' + i % 26 : '/';
	path[len] = '\0';
}

static void paths(void **state)
{
	char path[600], target[600];
	struct tar_member m;
	struct reading r;
	size_t len, step;

	(void)state;
	for (step = 50; step <= 250; step += 100) {
		for (len = 1; len < sizeof(path); len++) {
			memset(&m, 0, sizeof(m));
			fill_path(path, len, step);
			fill_path(target, len, step);
			m.path = path;
			m.mode = S_IFLNK | 0777;
			m.target = target;
			read_back(&r, &m);
			assert_string_equal(r.entry.target, target);
			done(&r);
		}
	}
}

static void names_of_bytes(void **state)
{
	static const char *const parts[] = {
		"\xff\xfe", "\xc3\xa4", "a\xcc\x88", "\n", "%41=", "\x7f",
	};
	char path[200];
	struct tar_member m = { .path = path, .mode = S_IFDIR | 0755 };
	struct reading r;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (n = 1; n <= 150; n += 149) {
			memset(path, 'x', n);
			strcpy(path + n, parts[i]);
			read_back(&r, &m);
			done(&r);
		}
	}
}

static const struct timestamp times[] = {
	{ 0, 0 }, { 0, 1 }, { 0, 999999999 }, { -1, 0 }, { -1, 1 },
	{ -1, 999999999 }, { -2, 500000000 }, { -2147483648, 100 },
	{ 8589934591, 0 }, { 8589934592, 0 }, { 15032385535, 999999999 },
	{ 1600000000, 120000000 },
};

static void times_kept(void **state)
{
	struct tar_member m = { .path = "f", .mode = S_IFIFO | 0600 };
	const size_t n = sizeof(times) / sizeof(times[0]);
	struct reading r;
	size_t i;

	(void)state;
	for (i = 0; i < n; i++) {
		m.mtime = times[i];
		m.atime = times[(i + 1) % n];
		m.ctime = times[(i + 2) % n];
		read_back(&r, &m);
		assert_int_equal(r.entry.times[ENTRY_MTIME].sec, m.mtime.sec);
		assert_int_equal(r.entry.times[ENTRY_MTIME].nsec,
				 m.mtime.nsec);
		assert_int_equal(r.entry.times[ENTRY_ATIME].sec, m.atime.sec);
		assert_int_equal(r.entry.times[ENTRY_ATIME].nsec,
				 m.atime.nsec);
		assert_int_equal(r.entry.times[ENTRY_CTIME].sec, m.ctime.sec);
		assert_int_equal(r.entry.times[ENTRY_CTIME].nsec,
				 m.ctime.nsec);
		done(&r);
	}
}

static void numbers(void **state)
{
	static const uint32_t ids[] = {
		0, 2097151, 2097152, 65536, 4294967294,
	};
	struct tar_member m = { .path = "d", .mode = S_IFCHR | 07777,
				.major = 4095, .minor = 1048575 };
	struct reading r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		m.uid = ids[i];
		m.gid = ids[(i + 1) % 5];
		read_back(&r, &m);
		assert_int_equal(r.entry.uid, m.uid);
		assert_int_equal(r.entry.gid, m.gid);
		assert_int_equal(r.entry.dev_major, 4095);
		assert_int_equal(r.entry.dev_minor, 1048575);
		done(&r);
	}
}

/* Values around the lengths where that of a record gets a digit. */
static void xattrs(void **state)
{
	static uint8_t value[65536];
	struct tar_xattr x[2] = {
		{ "user.a", value, 0 }, { "user.b=%", value, 0 },
	};
	struct tar_member m = { .path = "f", .mode = S_IFREG | 0600,
				.xattrs = x, .n_xattrs = 2 };
	struct reading r;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7 + i / 256);
	for (len = 0; len <= sizeof(value); len += len < 1100 ? 1 : 16109) {
		x[0].len = len;
		x[1].len = len / 3;
		read_back(&r, &m);
		assert_int_equal(r.entry.n_xattrs, 2);
		for (i = 0; i < 2; i++) {
			assert_string_equal(r.entry.xattrs[i].name, x[i].name);
			assert_int_equal(r.entry.xattrs[i].len, x[i].len);
			if (x[i].len)
				assert_memory_equal(r.entry.xattrs[i].value,
						    value, x[i].len);
		}
		done(&r);
	}
}

static const struct tar_run runs[] = {
	{ 0, 1 }, { 100, 300 }, { 4096, 512 }, { 1ull << 40, 7 },
};

static void holes(void **state)
{
	struct tar_member m = { .path = "f", .mode = S_IFREG | 0600 };
	struct reading r;
	size_t first, n, i;

	(void)state;
	for (first = 0; first < 4; first++) {
		for (n = 0; first + n <= 4; n++) {
			m.runs = runs + first;
			m.n_runs = n;
			m.size = n ? m.runs[n - 1].offset + m.runs[n - 1].len :
				     5000;
			m.size += first;
			read_back(&r, &m);
			assert_int_equal(r.entry.n_data, n);
			for (i = 0; i < n; i++) {
				assert_int_equal(r.entry.data[i].offset,
						 m.runs[i].offset);
				assert_int_equal(r.entry.data[i].len,
						 m.runs[i].len);
			}
			done(&r);
		}
	}
}

static void failures(void **state)
{
	struct tar_writer w = { .sink = refuse };
	struct tar_member m = { .path = "f", .mode = S_IFREG | 0600 };

	(void)state;
	assert_int_equal(tar_write_member(&w, &m), 0);
	assert_int_equal(tar_write_end(&w), ENOSPC);
	tar_writer_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(names_of_bytes),
		cmocka_unit_test(times_kept),
		cmocka_unit_test(numbers),
		cmocka_unit_test(xattrs),
		cmocka_unit_test(holes),
		cmocka_unit_test(failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
