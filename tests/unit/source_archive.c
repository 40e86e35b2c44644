// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Archives as sources: what is made of good and bad ones.  Each archive is
 * built by hand, byte by byte, and read twice: from a file, where content
 * stays in place, and from a pipe, where it is spooled.
 */
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

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "source/archive.h"

enum { BLOCK = 512, TARGET_TOO_LONG = 4096 };

/* What a reading of an archive gave. */
struct result {
	errcode_t err;
	unsigned int warnings;
	struct buf messages;	/* "SUBJECT: TEXT\n" each */
	struct buf list;	/* "PATH[=CONTENT][>TARGET][^LINK] " each */
};

static void collect(void *arg, enum diag_level level, const char *subject,
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

static void read_all(struct result *res, int fd, struct source_options *o)
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

static void result_release(struct result *res)
{
	buf_release(&res->messages);
	buf_release(&res->list);
}

static int as_file(const struct buf *b)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, b->data, b->len), (ssize_t)b->len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int as_pipe(const struct buf *b)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 1 << 20) >= (int)b->len);
	assert_int_equal(write(fds[1], b->data, b->len), (ssize_t)b->len);
	close(fds[1]);
	return fds[0];
}

static void octal(uint8_t *field, size_t len, uint64_t v)
{
	char text[32];

	snprintf(text, sizeof(text), "%0*llo", (int)len - 1,
		 (unsigned long long)v);
	memcpy(field, text, len - 1);
}

static void seal(uint8_t *h)
{
	unsigned int sum = 0;
	int i;

	memset(h + 148, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += h[i];
	octal(h + 148, 7, sum);
	h[154] = 0;
}

/* Append a header; it may be changed through the result, then sealed. */
static uint8_t *header(struct buf *b, const char *name, char type,
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

static void body(struct buf *b, const void *data, size_t len)
{
	assert_int_equal(buf_add(b, data, len), 0);
	assert_int_equal(buf_add_zero(b, -len % BLOCK), 0);
}

static void file(struct buf *b, const char *name, const char *text)
{
	header(b, name, '0', strlen(text), NULL);
	body(b, text, strlen(text));
}

static void tail(struct buf *b)
{
	assert_int_equal(buf_add_zero(b, 2 * BLOCK), 0);
}

/* Append the pax record KEY=VALUE to @r. */
static void record(struct buf *r, const char *key, const void *value,
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

/* Append a pax header of @r, and empty that. */
static void extended(struct buf *b, struct buf *r)
{
	header(b, "pax", 'x', r->len, NULL);
	body(b, r->data, r->len);
	buf_release(r);
}

static void pax(struct buf *b, const char *key, const void *value, size_t len)
{
	struct buf r = BUF_INIT;

	record(&r, key, value, len);
	extended(b, &r);
}

static void pax_str(struct buf *b, const char *key, const char *value)
{
	pax(b, key, value, strlen(value));
}

static void newc(struct buf *b, const char *name, uint32_t ino, uint32_t mode,
		 uint32_t nlink, const char *text)
{
	char head[128];

	snprintf(head, sizeof(head), "070701%08X%08X%08X%08X%08X%08X%08zX"
		 "%08X%08X%08X%08X%08zX%08X", ino, mode, 0, 0, nlink, 5,
		 strlen(text), 8, 1, 0, 0, strlen(name) + 1, 0);
	buf_add(b, head, 110);
	buf_add(b, name, strlen(name) + 1);
	buf_add_zero(b, -b->len % 4);
	buf_add_str(b, text);
	buf_add_zero(b, -b->len % 4);
}

static void newc_tail(struct buf *b)
{
	newc(b, "TRAILER!!!", 0, 0, 1, "");
}

/* The archives, in the order of the table below. */

static void plain(struct buf *b)
{
	header(b, "./", '5', 0, NULL);
	file(b, "./x//y", "hello");
	header(b, "l", '2', 0, "/to/there");
	header(b, "h", '1', 0, "./x//y");
	header(b, "d/", '5', 0, NULL);
	tail(b);
}

static void absolute(struct buf *b)
{
	file(b, "/a", "1");
	file(b, "//b", "2");
	header(b, "c", '1', 0, "/a");
	tail(b);
}

static void dotdot(struct buf *b)
{
	file(b, "a/../../x", "1");
	tail(b);
}

static void link_dotdot(struct buf *b)
{
	header(b, "a", '1', 0, "../x");
	tail(b);
}

static void link_with_data(struct buf *b)
{
	file(b, "a", "1");
	pax_str(b, "size", "3");
	header(b, "b", '1', 3, "a");
	body(b, "abc", 3);
	tail(b);
}

static void empty_target(struct buf *b)
{
	header(b, "a", '2', 0, "");
	tail(b);
}

static void long_target(struct buf *b)
{
	char target[TARGET_TOO_LONG];

	memset(target, 't', sizeof(target));
	pax(b, "linkpath", target, sizeof(target));
	header(b, "a", '2', 0, "x");
	tail(b);
}

static void long_path(struct buf *b)
{
	char *path = malloc(70000);
	size_t i;

	for (i = 0; i < 70000; i++)
		path[i] = i % 100 ? 'p' : '/';
	pax(b, "path", path, 70000);
	free(path);
	file(b, "a", "1");
	tail(b);
}

static void nul_path(struct buf *b)
{
	pax(b, "path", "good\0bad", 8);
	file(b, "a", "1");
	tail(b);
}

static void nul_link(struct buf *b)
{
	pax(b, "linkpath", "good\0bad", 8);
	header(b, "a", '2', 0, "x");
	tail(b);
}

static void raw_names(struct buf *b)
{
	pax(b, "path", "latin\xe9", 6);
	file(b, "a", "1");
	pax_str(b, "path", "cafe\xcc\x81");
	file(b, "a", "2");
	pax_str(b, "path", "caf\xc3\xa9");
	file(b, "a", "3");
	pax_str(b, "path", "new\nline");
	file(b, "a", "4");
	tail(b);
}

static void big_owner(struct buf *b)
{
	pax_str(b, "uid", "1099511627776");
	file(b, "a", "1");
	tail(b);
}

static void owner_minus_one(struct buf *b)
{
	pax_str(b, "gid", "4294967295");
	file(b, "a", "1");
	tail(b);
}

static void big_device(struct buf *b)
{
	uint8_t *h = header(b, "a", '3', 0, NULL);

	octal(h + 329, 8, 4096);
	seal(h);
	tail(b);
}

static void volume(struct buf *b)
{
	header(b, "label", 'V', 0, NULL);
	file(b, "a", "1");
	tail(b);
}

static void dump_list(struct buf *b)
{
	header(b, "d/", 'D', 4, NULL);
	body(b, "Ya\0", 4);
	header(b, "e/", 'D', 1, NULL);
	body(b, "", 1);
	tail(b);
}

static void continued(struct buf *b)
{
	header(b, "a", 'M', 3, NULL);
	body(b, "abc", 3);
	tail(b);
}

static void unknown_type(struct buf *b)
{
	header(b, "a", 'Q', 3, NULL);
	body(b, "abc", 3);
	tail(b);
}

static void bad_sum(struct buf *b)
{
	file(b, "a", "1");
	header(b, "b", '0', 0, NULL)[0] ^= 1;
	tail(b);
}

static void bad_first_sum(struct buf *b)
{
	header(b, "b", '0', 0, NULL)[0] ^= 1;
	tail(b);
}

static void lone_zero(struct buf *b)
{
	file(b, "a", "1");
	buf_add_zero(b, BLOCK);
	file(b, "b", "2");
	tail(b);
}

static void two_archives(struct buf *b)
{
	file(b, "a", "1");
	tail(b);
	buf_add_zero(b, 17 * BLOCK);
	file(b, "b", "2");
	tail(b);
}

static void garbage_after(struct buf *b)
{
	file(b, "a", "1");
	tail(b);
	buf_add_str(b, "some bytes");
}

static void no_tail(struct buf *b)
{
	file(b, "a", "1");
}

static void cut_in_data(struct buf *b)
{
	header(b, "a", '0', 5000, NULL);
	buf_add_zero(b, 1000);
}

static void cut_in_header(struct buf *b)
{
	file(b, "a", "1");
	header(b, "b", '0', 0, NULL);
	b->len -= 100;
}

static void cut_in_big_data(struct buf *b)
{
	header(b, "a", '0', 900000, NULL);
	buf_add_zero(b, 500000);
}

static void no_bytes(struct buf *b)
{
	(void)b;
}

static void zero_blocks(struct buf *b)
{
	tail(b);
}

static void negative_size(struct buf *b)
{
	uint8_t *h = header(b, "a", '0', 0, NULL);

	memset(h + 124, 0xff, 12);
	seal(h);
	tail(b);
}

static void huge_size(struct buf *b)
{
	uint8_t *h = header(b, "a", '0', 0, NULL);

	memset(h + 124, 0, 12);
	h[124] = 0x80;
	memset(h + 127, 0x7f, 9);
	seal(h);
	tail(b);
}

static void old_names(struct buf *b)
{
	uint8_t *h = header(b, "", '0', 0, NULL);

	memset(h, 'n', 100);
	memset(h + 345, 'p', 155);
	seal(h);
	h = header(b, "v7", 0, 2, NULL);
	memset(h + 257, 0, 8);
	seal(h);
	body(b, "v7", 2);
	tail(b);
}

/* A file in GNU's format 0.1, with another behind it. */
static void sparse(struct buf *b, const char *map, const char *size,
		   const char *data)
{
	struct buf r = BUF_INIT;

	record(&r, "GNU.sparse.size", size, strlen(size));
	record(&r, "GNU.sparse.map", map, strlen(map));
	extended(b, &r);
	file(b, "s", data);
	file(b, "t", "after");
	tail(b);
}

static void sparse_good(struct buf *b)
{
	sparse(b, "3,2,7,1,12,0", "12", "abc");
}

static void sparse_hole(struct buf *b)
{
	sparse(b, "4,0", "4", "");
}

static void sparse_overlap(struct buf *b)
{
	sparse(b, "3,2,4,1", "12", "abc");
}

static void sparse_unsorted(struct buf *b)
{
	sparse(b, "7,2,3,1", "12", "abc");
}

static void sparse_over_size(struct buf *b)
{
	sparse(b, "3,2,11,2", "12", "abcd");
}

static void sparse_overflow(struct buf *b)
{
	sparse(b, "9223372036854775807,2", "12", "ab");
}

static void sparse_short_map(struct buf *b)
{
	sparse(b, "3,1", "12", "abc");
}

static void sparse_long_map(struct buf *b)
{
	sparse(b, "3,5", "12", "abc");
}

static void other_format(struct buf *b)
{
	buf_add_str(b, "PK\003\004");
	buf_add_zero(b, 2000);
}

static void no_format(struct buf *b)
{
	buf_add_str(b, "just some text\n");
}

static void cpio(struct buf *b)
{
	newc(b, ".", 1, 040755, 2, "");
	newc(b, "./a", 2, 0100644, 1, "one");
	newc(b, "l", 3, 0120777, 1, "to");
	newc(b, "p/q", 4, 0100644, 2, "");
	newc(b, "r", 4, 0100644, 2, "both");
	newc_tail(b);
}

static void cpio_folders(struct buf *b)
{
	newc(b, "a", 0, 040755, 2, "");
	newc(b, "b", 0, 040755, 2, "");
	newc_tail(b);
}

static void cpio_twice(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
	newc_tail(b);
	buf_add_zero(b, -b->len % 512);
	newc(b, "b", 2, 0100644, 1, "two");
	newc_tail(b);
}

static void cpio_garbage(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
	newc_tail(b);
	buf_add_str(b, "zzz");
}

static void cpio_no_trailer(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
}

static void cpio_no_name(struct buf *b)
{
	newc(b, "", 2, 0100644, 1, "one");
	newc_tail(b);
}

static void cpio_huge_name(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
	memcpy(b->data + 94, "FFFFFFFF", 8);
	newc_tail(b);
}

static void cpio_huge_file(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
	memcpy(b->data + 54, "FFFFFFFF", 8);
	newc_tail(b);
}

static void cpio_damaged(struct buf *b)
{
	newc(b, "a", 2, 0100644, 1, "one");
	buf_add_str(b, "zzzz");
	newc(b, "b", 3, 0100644, 1, "two");
	newc_tail(b);
}

static const struct archive_case {
	const char *name;
	void (*build)(struct buf *b);
	const char *list;
	errcode_t err;
	unsigned int warnings;
	const char *message;	/* NULL: none at all */
} cases[] = {
	{ "plain", plain, "/ x/y=hello l>/to/there h^x/y d/ ", 0, 0, NULL },
	{ "absolute", absolute, "a=1 b=2 c^a ", 0, 1,
	  "a.tar: leading \"/\" is removed from names\n" },
	{ "..", dotdot, "", E4PACK_ET_BAD_PATH, 0,
	  "a.tar: a/../../x: its name has a \"..\" in it\n" },
	{ ".. in a link", link_dotdot, "", E4PACK_ET_BAD_PATH, 0,
	  "a.tar: a: its link's target has a \"..\" in it\n" },
	{ "link with data", link_with_data, "a=1 ", E4PACK_ET_BAD_ENTRY, 0,
	  "a.tar: b: a hard link with data of its own\n" },
	{ "empty target", empty_target, "", E4PACK_ET_BAD_ENTRY, 0,
	  "target is empty" },
	{ "long target", long_target, "", E4PACK_ET_BAD_ENTRY, 0,
	  "target is too long" },
	{ "long path", long_path, "", E4PACK_ET_BAD_PATH, 0,
	  "its name is too long" },
	{ "NUL in a path", nul_path, "", E4PACK_ET_BAD_PATH, 0, "NUL byte" },
	{ "NUL in a target", nul_link, "", E4PACK_ET_BAD_PATH, 0,
	  "NUL byte" },
	{ "raw names", raw_names,
	  "latin\xe9=1 cafe\xcc\x81=2 caf\xc3\xa9=3 new\nline=4 ", 0, 0,
	  NULL },
	{ "big owner", big_owner, "", E4PACK_ET_BAD_ENTRY, 0,
	  "a: its owner 1099511627776:100 is out of range" },
	{ "owner -1", owner_minus_one, "", E4PACK_ET_BAD_ENTRY, 0,
	  "out of range" },
	{ "big device", big_device, "", E4PACK_ET_BAD_ENTRY, 0,
	  "device number" },
	{ "volume label", volume, "a=1 ", 0, 1,
	  "the volume label is ignored" },
	{ "dump list", dump_list, "d/ e/ ", 0, 1, "incremental dump" },
	{ "continued", continued, "", E4PACK_ET_BAD_ENTRY, 0,
	  "several volumes" },
	{ "unknown type", unknown_type, "a=abc ", 0, 0, NULL },
	{ "bad sum", bad_sum, "a=1 ", E4PACK_ET_BAD_ARCHIVE, 0,
	  "a.tar: Damaged tar archive" },
	{ "bad first sum", bad_first_sum, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "tar with a wrong header checksum" },
	{ "lone zero block", lone_zero, "a=1 b=2 ", 0, 0, NULL },
	{ "two archives", two_archives, "a=1 b=2 ", 0, 0, NULL },
	{ "garbage after", garbage_after, "a=1 ", 0, 1,
	  "a.tar: 10 bytes after the end of the archive are ignored\n" },
	{ "no tail", no_tail, "a=1 ", 0, 1, "no end mark" },
	{ "cut in data", cut_in_data, "", E4PACK_ET_BAD_ARCHIVE, 0, "" },
	{ "cut in big data", cut_in_big_data, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "cut in header", cut_in_header, "a=1 ", E4PACK_ET_BAD_ARCHIVE, 0,
	  "Truncated" },
	{ "no bytes", no_bytes, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "a.tar: is empty, not an archive\n" },
	{ "zero blocks", zero_blocks, "", 0, 1, "is an empty archive" },
	{ "negative size", negative_size, "", E4PACK_ET_BAD_ARCHIVE, 0, "" },
	{ "huge size", huge_size, "", E4PACK_ET_BAD_ARCHIVE, 0, "" },
	{ "old names", old_names, NULL, 0, 0, NULL },
	{ "sparse", sparse_good, "s=...ab..c.... t=after ", 0, 0, NULL },
	{ "sparse, a hole", sparse_hole, "s=.... t=after ", 0, 0, NULL },
	{ "sparse, overlap", sparse_overlap, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, unsorted", sparse_unsorted, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, over size", sparse_over_size, "", E4PACK_ET_BAD_ARCHIVE,
	  0, "" },
	{ "sparse, overflow", sparse_overflow, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "sparse, short map", sparse_short_map, NULL, E4PACK_ET_BAD_ARCHIVE,
	  0, "" },
	{ "sparse, long map", sparse_long_map, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "zip", other_format, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "unsupported archive format (zip)" },
	{ "text", no_format, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "unsupported archive format: only tar and cpio are read" },
	{ "cpio", cpio, "/ a=one l>to p/q r^p/q=both ", 0, 0, NULL },
	{ "cpio, folders of one inode", cpio_folders, "a/ b/ ", 0, 0, NULL },
	{ "cpio twice", cpio_twice, "a=one b=two ", 0, 0, NULL },
	{ "cpio, garbage", cpio_garbage, "a=one ", 0, 1,
	  "3 bytes after the end of the archive are ignored" },
	{ "cpio, no trailer", cpio_no_trailer, "a=one ",
	  E4PACK_ET_BAD_ARCHIVE, 0, "" },
	{ "cpio, no name", cpio_no_name, "", E4PACK_ET_BAD_PATH, 0,
	  "its name is empty" },
	{ "cpio, huge name", cpio_huge_name, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "cpio, huge file", cpio_huge_file, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
	{ "cpio, damaged", cpio_damaged, "a=one ", E4PACK_ET_BAD_ARCHIVE, 0,
	  "" },
};

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

static void good_and_bad(void **state)
{
	struct source_options o = { .diag = NULL };
	struct result res;
	int failed = 0;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
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
	plain(&b);
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
	absolute(&b);
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
	plain(&b);
	fd = as_file(&b);
	assert_int_equal(lseek(fd, 6, SEEK_SET), 6);
	read_all(&res, fd, &o);
	assert_int_equal(res.err, 0);
	assert_string_equal((char *)res.list.data,
			    "/ x/y=hello l>/to/there h^x/y d/ ");
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
	plain(&b);
	b.len -= 2 * BLOCK;
	garbage_after(&b);
	for (i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct buf z = BUF_INIT;

		compress(&z, &b, filters[i]);
		read_all(&res, as_file(&z), &o);
		assert_int_equal(res.err, 0);
		assert_string_equal((char *)res.list.data, "/ x/y=hello "
				    "l>/to/there h^x/y d/ a=1 ");
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
		cmocka_unit_test(good_and_bad),
		cmocka_unit_test(attributes),
		cmocka_unit_test(bad_attributes),
		cmocka_unit_test(large_headers),
		cmocka_unit_test(changed),
		cmocka_unit_test(target_is_source),
		cmocka_unit_test(stopped),
		cmocka_unit_test(strict),
		cmocka_unit_test(spool_limit),
		cmocka_unit_test(from_the_middle),
		cmocka_unit_test(compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
