// SPDX-License-Identifier: GPL-2.0-or-later
/* Archives: attributes, compression, limits, and what happens meanwhile. */
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

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/endian.h"
#include "base/errors.h"
#include "source/archive.h"

static void some(struct buf *b)
{
	file(b, "./x//y", "hello");
	header(b, "l", '2', 0, "/to/there");
	header(b, "h", '1', 0, "./x//y");
	header(b, "d/", '5', 0, NULL);
	tail(b);
}

/* Open @b as a source whose messages go to @messages. */
static struct source *open_one(const struct buf *b, int fd,
			       struct source_options *o, struct diag *diag,
			       struct buf *messages)
{
	struct source *s = NULL;

	diag_init(diag, collect, messages);
	o->diag = diag;
	assert_int_equal(archive_source_open(&s, fd < 0 ? as_file(b) : fd,
					     "a.tar", o), 0);
	return s;
}

static const struct entry_xattr *find_xattr(const struct entry *e,
					    const char *name)
{
	size_t i;

	for (i = 0; i < e->n_xattrs; i++)
		if (!strcmp(e->xattrs[i].name, name))
			return &e->xattrs[i];
	return NULL;
}

static void attributes(void **state)
{
	static const uint8_t acl[] = {
		2, 0, 0, 0,
		1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 6, 0, 5, 0, 0, 0,
		2, 0, 4, 0, 0x39, 0x30, 0, 0,
		4, 0, 5, 0, 255, 255, 255, 255,
		16, 0, 6, 0, 255, 255, 255, 255,
		32, 0, 4, 0, 255, 255, 255, 255,
	};
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT, r = BUF_INIT, messages = BUF_INIT;
	const struct entry_xattr *x;
	struct source *s;
	struct diag diag;
	struct entry e;
	bool end;

	(void)state;
	record(&r, "mtime", "1234.000000001999", 17);
	record(&r, "atime", "5", 1);
	record(&r, "uid", "4294967294", 10);
	record(&r, "SCHILY.xattr.user.z", "\0\1\n=", 4);
	record(&r, "SCHILY.xattr.user.a", "first", 5);
	record(&r, "SCHILY.xattr.user.a", "second", 6);
	record(&r, "SCHILY.xattr.user.none", "", 0);
	record(&r, "RHT.security.selinux", "ctx", 4);
	record(&r, "SCHILY.acl.access", "user::rwx,user:12345:r--,"
	       "user:joe:rw-:5,group::r-x,mask::rw-,other::r--", 71);
	record(&r, "SCHILY.fflags", "schg", 4);
	extended(&b, &r);
	file(&b, "a", "1");
	pax_str(&b, "SCHILY.acl.access", "user::rw-,group::r--,other::r--");
	file(&b, "trivial", "1");
	tail(&b);

	s = open_one(&b, -1, &o, &diag, &messages);
	entry_init(&e);
	assert_int_equal(source_next(s, &e, &end), 0);
	assert_false(end);
	assert_int_equal(e.mode, 0100764);
	assert_int_equal(e.uid, 4294967294u);
	assert_int_equal(e.gid, 100);
	assert_true(e.has_time[ENTRY_MTIME] && e.has_time[ENTRY_ATIME]);
	assert_false(e.has_time[ENTRY_CTIME]);
	assert_int_equal(e.times[ENTRY_MTIME].sec, 1234);
	assert_int_equal(e.times[ENTRY_MTIME].nsec, 1);
	assert_int_equal(e.fs_flags, 0x10);
	assert_int_equal(e.n_xattrs, 5);
	x = find_xattr(&e, "user.z");
	assert_true(x && x->len == 4 && !memcmp(x->value, "\0\1\n=", 4));
	x = find_xattr(&e, "user.a");
	assert_true(x && x->len == 6 && !memcmp(x->value, "second", 6));
	x = find_xattr(&e, "user.none");
	assert_true(x && x->len == 0);
	x = find_xattr(&e, "security.selinux");
	assert_true(x && x->len == 4 && !memcmp(x->value, "ctx", 4));
	x = find_xattr(&e, "system.posix_acl_access");
	assert_true(x && x->len == sizeof(acl));
	assert_memory_equal(x->value, acl, sizeof(acl));
	assert_int_equal(source_next(s, &e, &end), 0);
	assert_int_equal(e.n_xattrs, 0);
	assert_int_equal(e.mode, 0100644);
	assert_int_equal(source_next(s, &e, &end), 0);
	assert_true(end);
	assert_null(e.path);
	assert_int_equal(messages.len, 0);
	entry_release(&e);
	source_free(s);
	diag_release(&diag);
	buf_release(&messages);
	buf_release(&b);
}

/* Attributes that are refused or left out. */
static void bad_attributes(void **state)
{
	static char name[300], value[70000];
	static const struct {
		const char *key;
		const char *value;
		size_t len;
		errcode_t err;
		unsigned int warnings;
	} rows[] = {
		{ name, "x", 1, E4PACK_ET_BAD_ENTRY, 0 },
		{ "SCHILY.xattr.user.big", value, 65537, E4PACK_ET_TOO_BIG,
		  0 },
		{ "SCHILY.xattr.user.fits", value, 65536, 0, 0 },
		{ "SCHILY.acl.access",
		  "user::rwx,user:5:r--,group::r-x,other::r--", 42,
		  E4PACK_ET_BAD_ENTRY, 0 },
		{ "SCHILY.acl.access",
		  "user::rwx,user:no_such:r--,group::r-x,mask::r--,other::r--",
		  58, 0, 1 },
		{ "SCHILY.acl.default", "user::rwx,group::r-x,other::r--",
		  31, E4PACK_ET_BAD_ENTRY, 0 },
		{ "SCHILY.acl.ace", "owner@:rwxpDdaARWcCos:fd-----:allow", 35,
		  0, 1 },
	};
	struct source_options o = { .diag = NULL };
	struct result res;
	size_t i;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	memcpy(name, "SCHILY.xattr.user.", 18);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = BUF_INIT;

		pax(&b, rows[i].key, rows[i].value, rows[i].len);
		file(&b, "a", "1");
		tail(&b);
		read_all(&res, as_file(&b), &o);
		if (res.err != rows[i].err ||
		    res.warnings != rows[i].warnings)
			fail_msg("%.30s: error %ld, %u warnings, \"%s\"",
				 rows[i].key, (long)res.err, res.warnings,
				 (char *)res.messages.data);
		result_release(&res);
		buf_release(&b);
	}
}

/* Headers that cross several blocks of the reader, with a bad path first. */
static void large_headers(void **state)
{
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT, r = BUF_INIT;
	char key[40], *value = calloc(1, 60000);
	struct result res;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		int j;

		file(&b, "before", "1");
		record(&r, "path", i ? "ok\0no" : "fine!", 5);
		for (j = 0; j < 12; j++) {
			snprintf(key, sizeof(key), "SCHILY.xattr.user.%d", j);
			record(&r, key, value, 60000);
		}
		extended(&b, &r);
		file(&b, "a", "content");
		tail(&b);
		read_all(&res, as_file(&b), &o);
		assert_int_equal(res.err, i ? E4PACK_ET_BAD_PATH : 0);
		assert_string_equal((char *)res.list.data, i ? "before=1 "
				    "fine!=content before=1 " :
				    "before=1 fine!=content ");
		result_release(&res);
	}
	free(value);
	buf_release(&b);
}

/* A file changed after it was scanned is noticed when it is read. */
static void changed(void **state)
{
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT, messages = BUF_INIT;
	struct origin_reader r;
	struct source *s;
	struct diag diag;
	struct entry e;
	char byte;
	bool end;
	int fd, other;

	(void)state;
	file(&b, "a", "1");
	tail(&b);
	fd = as_file(&b);
	other = dup(fd);
	s = open_one(&b, fd, &o, &diag, &messages);
	entry_init(&e);
	assert_int_equal(source_next(s, &e, &end), 0);
	assert_int_equal(e.n_data, 1);
	assert_int_equal(e.data[0].origin_offset, BLOCK);
	assert_int_equal(e.origin->ops->open(e.origin, &r, &diag), 0);
	assert_int_equal(e.origin->ops->read(&r, &byte, 1, BLOCK, &diag), 0);
	assert_int_equal(byte, '1');
	assert_int_equal(e.origin->ops->close(&r, &diag), 0);
	assert_int_equal(ftruncate(other, 700), 0);
	assert_int_equal(e.origin->ops->close(&r, NULL), 0);
	assert_int_equal(e.origin->ops->close(&r, &diag), E4PACK_ET_CHANGED);
	assert_int_equal(e.origin->ops->read(&r, &byte, 1, 701, &diag),
			 E4PACK_ET_CHANGED);
	assert_int_equal(diag.errors, 2);
	source_free(s);
	entry_release(&e);
	close(other);
	diag_release(&diag);
	buf_release(&messages);
	buf_release(&b);
}

static void target_is_source(void **state)
{
	struct source_options o = { .has_target = true };
	struct buf b = BUF_INIT;
	struct result res;
	struct stat st;
	int fd;

	(void)state;
	file(&b, "a", "1");
	fd = as_file(&b);
	assert_int_equal(fstat(fd, &st), 0);
	o.target_dev = st.st_dev;
	o.target_ino = st.st_ino;
	read_all(&res, fd, &o);
	assert_int_equal(res.err, E4PACK_ET_USAGE);
	result_release(&res);
	buf_release(&b);
}

static void stopped(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct progress progress = { .stop = &stop };
	struct source_options o = { .progress = &progress };
	struct buf b = BUF_INIT;
	struct result res;
	int fds[2];

	(void)state;
	some(&b);
	read_all(&res, as_file(&b), &o);
	assert_int_equal(res.err, E4PACK_ET_INTERRUPTED);
	assert_int_equal(res.list.len, 0);
	result_release(&res);
	/* A pipe that no one writes to does not hold it up. */
	assert_int_equal(pipe(fds), 0);
	read_all(&res, fds[0], &o);
	assert_int_equal(res.err, E4PACK_ET_INTERRUPTED);
	result_release(&res);
	close(fds[1]);
	buf_release(&b);
}

static void strict(void **state)
{
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT, messages = BUF_INIT;
	struct source *s;
	struct diag diag;
	struct entry e;
	bool end;

	(void)state;
	file(&b, "/a", "1");
	s = open_one(&b, -1, &o, &diag, &messages);
	diag.strict = true;
	entry_init(&e);
	assert_int_equal(source_next(s, &e, &end), E4PACK_ET_STRICT);
	assert_null(e.path);
	source_free(s);
	diag_release(&diag);
	buf_release(&messages);
	buf_release(&b);
}

static void spool_limit(void **state)
{
	struct source_options o = { .spool_limit = 5 };
	struct buf b = BUF_INIT;
	struct result res;

	(void)state;
	file(&b, "a", "12345");
	file(&b, "b", "6");
	tail(&b);
	read_all(&res, as_pipe(&b), &o);
	assert_int_equal(res.err, E4PACK_ET_TOO_BIG);
	assert_string_equal((char *)res.list.data, "a=12345 ");
	assert_string_equal((char *)res.messages.data,
			    "a.tar: needs more than 5 B to spool\n");
	result_release(&res);
	/* In place nothing is spooled. */
	read_all(&res, as_file(&b), &o);
	assert_int_equal(res.err, 0);
	result_release(&res);
	buf_release(&b);
}

/* Standard input may stand in the middle of a file. */
static void from_the_middle(void **state)
{
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT;
	struct result res;
	int fd;

	(void)state;
	buf_add_str(&b, "before");
	some(&b);
	fd = as_file(&b);
	assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
	read_all(&res, fd, &o);
	assert_int_equal(res.err, 0);
	assert_string_equal((char *)res.list.data,
			    "x/y=hello l>/to/there h^x/y d/ ");
	result_release(&res);
	buf_release(&b);
}

/* Compress @in with libarchive's filter. */
static void compress(struct buf *out, const struct buf *in,
		     int (*filter)(struct archive *a))
{
	struct archive *a = archive_write_new();
	struct archive_entry *ae = archive_entry_new();
	size_t used = 0, cap = in->len + 65536;

	assert_int_equal(buf_reserve(out, cap), 0);
	assert_int_equal(filter(a), ARCHIVE_OK);
	archive_write_set_format_raw(a);
	archive_write_set_bytes_per_block(a, 1);
	assert_int_equal(archive_write_open_memory(a, out->data, cap, &used),
			 ARCHIVE_OK);
	archive_entry_set_filetype(ae, AE_IFREG);
	archive_entry_set_pathname(ae, "raw");
	assert_int_equal(archive_write_header(a, ae), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, in->data, in->len),
			 (la_ssize_t)in->len);
	archive_entry_free(ae);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	out->len = used;
}

static const struct {
	const char *text;
	int64_t sec;
	uint32_t nsec;
} early_times[] = {
	{ "-1", -1, 0 },
	{ "-1.0", -1, 0 },
	{ "-0.5", -1, 500000000 },
	{ "-1.5", -2, 500000000 },
	{ "-1.000000001", -2, 999999999 },
	{ "-2147483648.25", -2147483649, 750000000 },
	{ "-3.0000000009", -3, 0 },
	{ "-3.9999999999", -4, 1 },
	{ "3.5", 3, 500000000 },
};

/* libarchive alone would read -1.5 as -0.5. */
static void before_1970(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(early_times) / sizeof(early_times[0]); i++) {
		struct source_options o = { .diag = NULL };
		struct buf b = BUF_INIT, messages = BUF_INIT, r = BUF_INIT;
		struct source *s;
		struct diag diag;
		struct entry e;
		bool end;

		record(&r, "mtime", early_times[i].text,
		       strlen(early_times[i].text));
		record(&r, "ctime", early_times[i].text,
		       strlen(early_times[i].text));
		extended(&b, &r);
		file(&b, "f", "");
		tail(&b);
		s = open_one(&b, -1, &o, &diag, &messages);
		entry_init(&e);
		assert_int_equal(source_next(s, &e, &end), 0);
		assert_int_equal(e.times[ENTRY_MTIME].sec, early_times[i].sec);
		assert_int_equal(e.times[ENTRY_MTIME].nsec,
				 early_times[i].nsec);
		assert_int_equal(e.times[ENTRY_CTIME].sec, early_times[i].sec);
		entry_release(&e);
		source_free(s);
		diag_release(&diag);
		buf_release(&b);
		buf_release(&messages);
	}
}

static void compressed(void **state)
{
	static int (*const filters[])(struct archive *a) = {
		archive_write_add_filter_gzip, archive_write_add_filter_xz,
		archive_write_add_filter_zstd, archive_write_add_filter_bzip2,
		archive_write_add_filter_lz4,
	};
	struct source_options o = { .diag = NULL };
	struct buf b = BUF_INIT;
	struct result res;
	size_t i;

	(void)state;
	some(&b);
	buf_add_str(&b, "some bytes");
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct buf z = BUF_INIT;

		compress(&z, &b, filters[i]);
		read_all(&res, as_file(&z), &o);
		assert_int_equal(res.err, 0);
		assert_string_equal((char *)res.list.data, "x/y=hello "
				    "l>/to/there h^x/y d/ ");
		assert_string_equal((char *)res.messages.data, "a.tar: 10 "
			"bytes after the end of the archive are ignored\n");
		result_release(&res);
		z.len -= 5;
		read_all(&res, as_pipe(&z), &o);
		if (res.err != E4PACK_ET_BAD_ARCHIVE)
			fail_msg("truncated, filter %zu: %ld", i,
				 (long)res.err);
		result_release(&res);
		buf_release(&z);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(attributes),
		cmocka_unit_test(bad_attributes),
		cmocka_unit_test(large_headers),
		cmocka_unit_test(changed),
		cmocka_unit_test(target_is_source),
		cmocka_unit_test(stopped),
		cmocka_unit_test(strict),
		cmocka_unit_test(spool_limit),
		cmocka_unit_test(from_the_middle),
		cmocka_unit_test(before_1970),
		cmocka_unit_test(compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
