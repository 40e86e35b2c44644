// SPDX-License-Identifier: GPL-2.0-or-later
/* The bytes that script commands bring: host files, parts of them, text,
 * zeros, random numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/script.h"
#include "source_scratch.h"

/* Read [@offset, @offset + @len) of @o, checked at its end. */
static errcode_t read_at(struct scratch *s, struct origin *o, void *out,
			 size_t len, uint64_t offset)
{
	struct origin_reader r;
	errcode_t err = o->ops->open(o, &r, &s->diag);

	if (err)
		return err;
	err = o->ops->read(&r, out, len, offset, &s->diag);
	if (err) {
		o->ops->close(&r, NULL);
		return err;
	}
	return o->ops->close(&r, &s->diag);
}

static struct script_data host(const char *name)
{
	return (struct script_data){ .kind = SCRIPT_DATA_HOST, .name = name };
}

static struct script_data part(const char *name, uint64_t offset,
			       uint64_t len)
{
	return (struct script_data){ .kind = SCRIPT_DATA_PART, .name = name,
				     .offset = offset, .len = len };
}

/* The first numbers of SplitMix64 as published with it for the seed
 * 1234567, and as its definition gives for 0. */
static void random_numbers(void **state)
{
	static const struct {
		uint64_t seed, numbers[4];
	} cases[] = {
		{ 1234567, { UINT64_C(6457827717110365317),
			     UINT64_C(3203168211198807973),
			     UINT64_C(9817491932198370423),
			     UINT64_C(4593380528125082431) } },
		{ 0, { UINT64_C(0xe220a8397b1dcdaf),
		       UINT64_C(0x6e789e6aa1b965f4),
		       UINT64_C(0x06c45d188009454f),
		       UINT64_C(0xf88bb8a8724c81ec) } },
	};
	struct scratch *s = *state;
	struct script_data d = { .kind = SCRIPT_DATA_RANDOM, .len = 32 };
	uint8_t bytes[32];
	struct origin *o;
	uint64_t len;
	size_t i, b;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d.seed = cases[i].seed;
		assert_int_equal(script_open_data(&d, &o, &len, NULL,
						  &s->diag), 0);
		assert_int_equal(len, 32);
		assert_int_equal(read_at(s, o, bytes, 32, 0), 0);
		for (b = 0; b < 32; b++)
			assert_int_equal(bytes[b], cases[i].numbers[b / 8] >>
					 (8 * (b % 8)) & 0xff);
		origin_put(o);
	}
}

/* Any piece is what it is in the whole, also at the far end. */
static void random_anywhere(void **state)
{
	enum { SIZE = 100 };
	struct scratch *s = *state;
	struct script_data d = { .kind = SCRIPT_DATA_RANDOM, .seed = 7,
				 .len = SIZE };
	uint8_t whole[SIZE], piece[SIZE], far[SIZE];
	uint64_t at, n, len;
	struct origin *o;

	assert_int_equal(script_open_data(&d, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(read_at(s, o, whole, SIZE, 0), 0);
	for (at = 0; at <= SIZE; at++) {
		for (n = 0; n <= SIZE - at; n++) {
			memset(piece, 0, SIZE);
			assert_int_equal(read_at(s, o, piece, n, at), 0);
			assert_memory_equal(piece, whole + at, n);
		}
	}
	assert_int_equal(read_at(s, o, piece, 1, SIZE), E4PACK_ET_CHANGED);
	assert_int_equal(read_at(s, o, piece, SIZE, 1), E4PACK_ET_CHANGED);
	origin_put(o);
	d.len = INT64_MAX;
	assert_int_equal(script_open_data(&d, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(len, INT64_MAX);
	assert_int_equal(read_at(s, o, far, SIZE, INT64_MAX - SIZE), 0);
	assert_int_equal(read_at(s, o, piece, 1, INT64_MAX - 1), 0);
	assert_int_equal(piece[0], far[SIZE - 1]);
	/* The length is no part of the numbers. */
	assert_int_equal(read_at(s, o, piece, SIZE, 0), 0);
	assert_memory_equal(piece, whole, SIZE);
	origin_put(o);
}

static void text_and_zeros(void **state)
{
	struct scratch *s = *state;
	struct script_data text = { .kind = SCRIPT_DATA_TEXT, .text = "hello",
				    .len = 5 };
	struct script_data none = { .kind = SCRIPT_DATA_TEXT, .text = "" };
	struct script_data zero = { .kind = SCRIPT_DATA_ZERO, .len = 1 << 20 };
	struct script_data nothing = { .kind = SCRIPT_DATA_RANDOM };
	struct origin *o = NULL;
	uint8_t bytes[5];
	uint64_t len;

	assert_int_equal(script_open_data(&text, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(len, 5);
	assert_int_equal(read_at(s, o, bytes, 5, 0), 0);
	assert_memory_equal(bytes, "hello", 5);
	origin_put(o);
	assert_int_equal(script_open_data(&zero, &o, &len, NULL, &s->diag), 0);
	assert_null(o);
	assert_int_equal(len, 1 << 20);
	o = (void *)state;
	assert_int_equal(script_open_data(&none, &o, &len, NULL, &s->diag), 0);
	assert_null(o);
	assert_int_equal(len, 0);
	o = (void *)state;
	assert_int_equal(script_open_data(&nothing, &o, &len, NULL,
					  &s->diag), 0);
	assert_null(o);
	assert_int_equal(len, 0);
}

/* Names are taken from the working directory, and absolute ones from "/". */
static void host_names(void **state)
{
	static const char *const names[] = { "f", "./f", "d/g", "d/../f",
					     "link", "d/link", "dlink/g" };
	struct scratch *s = *state;
	struct script_data d;
	struct origin *o;
	char path[200], text[8];
	uint64_t len;
	size_t i;

	scratch_file(s, "f", "hello");
	scratch_mkdir(s, "d");
	scratch_file(s, "d/g", "hello");
	assert_int_equal(symlinkat("f", s->fd, "link"), 0);
	assert_int_equal(symlinkat("../link", s->fd, "d/link"), 0);
	assert_int_equal(symlinkat("d", s->fd, "dlink"), 0);
	assert_int_equal(fchdir(s->fd), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		d = host(names[i]);
		assert_int_equal(script_open_data(&d, &o, &len, NULL,
						  &s->diag), 0);
		assert_int_equal(len, 5);
		assert_int_equal(read_at(s, o, text, 5, 0), 0);
		assert_memory_equal(text, "hello", 5);
		origin_put(o);
		snprintf(path, sizeof(path), "%s/%s", s->root, names[i]);
		d = host(path);
		assert_int_equal(script_open_data(&d, &o, &len, NULL,
						  &s->diag), 0);
		assert_int_equal(read_at(s, o, text, 5, 0), 0);
		assert_memory_equal(text, "hello", 5);
		origin_put(o);
	}
	assert_int_equal(chdir("/"), 0);
}

static void no_host_files(void **state)
{
	static const struct {
		const char *name;
		errcode_t err;
		const char *text;
	} cases[] = {
		{ "none", ENOENT,
		  "none: cannot be read: No such file or directory" },
		{ "d/none", ENOENT,
		  "d/none: cannot be read: No such file or directory" },
		{ "f/none", ENOTDIR,
		  "f/none: cannot be read: Not a directory" },
		{ "f/", ENOTDIR, "f/: cannot be read: Not a directory" },
		{ "dangling", ENOENT,
		  "dangling: cannot be read: No such file or directory" },
		{ "loop", ELOOP, "loop: cannot be read: Too many levels of "
		  "symbolic links" },
		{ "d", E4PACK_ET_UNSUPPORTED, "d: is no regular file" },
		{ "dlink", E4PACK_ET_UNSUPPORTED, "dlink: is no regular file" },
		{ "pipe", E4PACK_ET_UNSUPPORTED, "pipe: is no regular file" },
		{ "/dev/zero", E4PACK_ET_UNSUPPORTED,
		  "/dev/zero: is no regular file" },
	};
	struct scratch *s = *state;
	struct origin *o = NULL;
	struct script_data d;
	struct entry e;
	uint64_t len;
	size_t i;

	scratch_file(s, "f", "hello");
	scratch_mkdir(s, "d");
	assert_int_equal(symlinkat("nothing", s->fd, "dangling"), 0);
	assert_int_equal(symlinkat("loop", s->fd, "loop"), 0);
	assert_int_equal(symlinkat("d", s->fd, "dlink"), 0);
	assert_int_equal(mkfifoat(s->fd, "pipe", 0600), 0);
	assert_int_equal(fchdir(s->fd), 0);
	entry_init(&e);
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int told = s->diag.errors;

		d = host(cases[i / 2].name);
		assert_int_equal(script_open_data(&d, &o, &len,
						  i % 2 ? &e : NULL,
						  &s->diag), cases[i / 2].err);
		assert_string_equal(s->message, cases[i / 2].text);
		assert_int_equal(s->diag.errors, told + 1);
		assert_null(o);
	}
	assert_int_equal(chdir("/"), 0);
}

static int check_unreadable(struct scratch *s)
{
	struct script_data d = host("f");
	struct origin *o;
	uint64_t len;

	CHECK(fchdir(s->fd) == 0);
	CHECK(script_open_data(&d, &o, &len, NULL, &s->diag) == EACCES);
	CHECK(!strcmp(s->message, "f: cannot be read: Permission denied"));
	return 0;
}

static void unreadable_file(void **state)
{
	struct scratch *s = *state;
	int line;

	scratch_file(s, "f", "hello");
	assert_int_equal(fchmodat(s->fd, "f", 0, 0), 0);
	line = scratch_in_child(check_unreadable, s, true);
	if (line == SCRATCH_SKIP)
		skip();
	assert_int_equal(line, 0);
}

static void parts(void **state)
{
	static const struct {
		uint64_t offset, len;
		const char *want;	/* NULL: not in the file */
	} cases[] = {
		{ 0, 10, "0123456789" },
		{ 0, 1, "0" },
		{ 3, 4, "3456" },
		{ 9, 1, "9" },
		{ 10, 0, "" },
		{ 0, 0, "" },
		{ 0, 11, NULL },
		{ 9, 2, NULL },
		{ 10, 1, NULL },
		{ 11, 0, NULL },
		{ INT64_MAX - 1, 1, NULL },
	};
	struct scratch *s = *state;
	struct script_data d;
	struct origin *o;
	char text[16];
	uint64_t len;
	size_t i, at;

	scratch_file(s, "f", "0123456789");
	assert_int_equal(fchdir(s->fd), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		d = part("f", cases[i].offset, cases[i].len);
		o = NULL;
		if (!cases[i].want) {
			assert_int_equal(script_open_data(&d, &o, &len, NULL,
							  &s->diag),
					 E4PACK_ET_SHORT);
			assert_string_equal(s->message, "f: has 10 bytes: "
					    "the part is not in it");
			assert_null(o);
			continue;
		}
		assert_int_equal(script_open_data(&d, &o, &len, NULL,
						  &s->diag), 0);
		assert_int_equal(len, cases[i].len);
		assert_true(!o == !len);
		for (at = 0; at < len; at++) {
			assert_int_equal(read_at(s, o, text, len - at, at), 0);
			assert_memory_equal(text, cases[i].want + at,
					    len - at);
		}
		if (o)
			assert_int_equal(read_at(s, o, text, 1, len),
					 E4PACK_ET_CHANGED);
		origin_put(o);
	}
	assert_int_equal(chdir("/"), 0);
}

/* Whoever copies inside the kernel goes by descriptor and base. */
static void base_of_a_part(void **state)
{
	struct scratch *s = *state;
	struct script_data d = part("f", 3, 4);
	struct origin_reader r;
	struct origin *o;
	char text[4];
	uint64_t len;

	scratch_file(s, "f", "0123456789");
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(script_open_data(&d, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
	assert_ptr_equal(r.origin, o);
	assert_true(r.fd >= 0);
	assert_int_equal(pread(r.fd, text, 4, (off_t)r.base), 4);
	assert_memory_equal(text, "3456", 4);
	assert_int_equal(o->ops->close(&r, &s->diag), 0);
	assert_int_equal(r.fd, -1);
	origin_put(o);
	assert_int_equal(chdir("/"), 0);
}

/* The clock that ctime is taken from has coarse steps. */
static void settle(void)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };

	nanosleep(&pause, NULL);
}

static void changed_files(void **state)
{
	struct scratch *s = *state;
	struct script_data cases[] = { host("f"), host("link"),
				       part("f", 1, 2) };
	struct origin_reader r;
	struct origin *o;
	char text[8];
	uint64_t len;
	size_t i;

	assert_int_equal(symlinkat("f", s->fd, "link"), 0);
	assert_int_equal(fchdir(s->fd), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_file(s, "f", "hello");
		settle();
		assert_int_equal(script_open_data(&cases[i], &o, &len, NULL,
						  &s->diag), 0);
		assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
		scratch_file(s, "f", "HELLO");
		assert_int_equal(o->ops->close(&r, &s->diag),
				 E4PACK_ET_CHANGED);
		assert_int_equal(read_at(s, o, text, len, 0),
				 E4PACK_ET_CHANGED);
		assert_non_null(strstr(s->message,
				       "f: changed while it was read"));
		/* A message has the name as it was given. */
		assert_true((s->message[0] == 'f') == (i != 1));
		assert_int_equal(unlinkat(s->fd, "f", 0), 0);
		assert_int_equal(read_at(s, o, text, len, 0),
				 E4PACK_ET_CHANGED);
		assert_non_null(strstr(s->message,
				       "f: vanished while it was read"));
		origin_put(o);
	}
	assert_int_equal(chdir("/"), 0);
}

static void attributes(void **state)
{
	const struct timespec times[2] = { { 5, 6 }, { 1000000000, 7 } };
	struct scratch *s = *state;
	struct script_data d = host("f");
	struct origin *o;
	struct entry e;
	uint64_t len;
	int has_xattr;

	scratch_file(s, "f", "hello");
	assert_int_equal(linkat(s->fd, "f", s->fd, "g", 0), 0);
	assert_int_equal(fchdir(s->fd), 0);
	assert_int_equal(chmod("f", 04751), 0);
	has_xattr = !setxattr("f", "user.x", "value", 5, 0);
	assert_int_equal(utimensat(s->fd, "f", times, 0), 0);
	entry_init(&e);
	assert_int_equal(script_open_data(&d, &o, &len, &e, &s->diag), 0);
	assert_int_equal(e.mode, S_IFREG | 04751);
	assert_int_equal(e.uid, geteuid());
	assert_int_equal(e.times[ENTRY_MTIME].sec, 1000000000);
	assert_int_equal(e.times[ENTRY_MTIME].nsec, 7);
	assert_true(e.has_time[ENTRY_MTIME]);
	if (has_xattr) {
		assert_int_equal(e.n_xattrs, 1);
		assert_string_equal(e.xattrs[0].name, "user.x");
		assert_int_equal(e.xattrs[0].len, 5);
		assert_memory_equal(e.xattrs[0].value, "value", 5);
	}
	/* Another name of it is not this command's. */
	assert_false(e.has_identity);
	assert_null(e.path);
	assert_null(e.hardlink);
	assert_int_equal(e.size, 5);
	assert_int_equal(e.n_data, 1);
	assert_ptr_equal(e.origin, o);
	entry_clear(&e);
	origin_put(o);
	/* The file's own, not the link's. */
	assert_int_equal(symlinkat("f", s->fd, "link"), 0);
	d = host("link");
	assert_int_equal(script_open_data(&d, &o, &len, &e, &s->diag), 0);
	assert_int_equal(e.mode, S_IFREG | 04751);
	assert_int_equal(e.n_xattrs, has_xattr);
	entry_clear(&e);
	origin_put(o);
	d = part("f", 1, 2);
	assert_int_equal(script_open_data(&d, &o, &len, &e, &s->diag), 0);
	assert_int_equal(len, 2);
	assert_int_equal(e.mode, S_IFREG | 04751);
	assert_int_equal(e.size, 0);
	assert_int_equal(e.n_data, 0);
	assert_null(e.origin);
	entry_clear(&e);
	origin_put(o);
	d = part("f", 1, 5);
	assert_int_equal(script_open_data(&d, &o, &len, &e, &s->diag),
			 E4PACK_ET_SHORT);
	assert_int_equal(e.mode, 0);
	assert_int_equal(chdir("/"), 0);
}

/* With attributes holes are told; without, they are zeros like others. */
static void holes(void **state)
{
	struct scratch *s = *state;
	struct script_data d = host("f");
	struct origin *o;
	struct entry e;
	uint8_t text[3];
	uint64_t len;
	int fd;

	assert_int_equal(fchdir(s->fd), 0);
	fd = open("f", O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	entry_init(&e);
	assert_int_equal(script_open_data(&d, &o, &len, &e, &s->diag), 0);
	assert_int_equal(len, 1 << 20);
	assert_int_equal(e.size, 1 << 20);
	assert_true(!o == !e.n_data);
	entry_clear(&e);
	origin_put(o);
	assert_int_equal(pwrite(fd, "abc", 3, 1 << 19), 3);
	close(fd);
	assert_int_equal(script_open_data(&d, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(len, 1 << 20);
	assert_int_equal(read_at(s, o, text, 3, 1 << 19), 0);
	assert_memory_equal(text, "abc", 3);
	assert_int_equal(read_at(s, o, text, 3, 1), 0);
	assert_memory_equal(text, "\0\0", 3);
	origin_put(o);
	d = part("f", (1 << 19) + 1, 3);
	assert_int_equal(script_open_data(&d, &o, &len, NULL, &s->diag), 0);
	assert_int_equal(read_at(s, o, text, 3, 0), 0);
	assert_memory_equal(text, "bc", 3);
	origin_put(o);
	assert_int_equal(chdir("/"), 0);
}

/* Between the script and flush no file is held open. */
static void no_descriptors_held(void **state)
{
	enum { FILES = 500 };
	struct scratch *s = *state;
	struct script_data d = host("f");
	struct origin *o[FILES];
	int before;
	size_t i;
	uint64_t len;

	scratch_file(s, "f", "hello");
	assert_int_equal(fchdir(s->fd), 0);
	before = scratch_open_files();
	for (i = 0; i < FILES; i++)
		assert_int_equal(script_open_data(&d, &o[i], &len, NULL,
						  &s->diag), 0);
	assert_int_equal(scratch_open_files(), before);
	for (i = 0; i < FILES; i++)
		origin_put(o[i]);
	assert_int_equal(chdir("/"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_numbers),
		TEST(random_anywhere),
		TEST(text_and_zeros),
		TEST(host_names),
		TEST(no_host_files),
		TEST(unreadable_file),
		TEST(parts),
		TEST(base_of_a_part),
		TEST(changed_files),
		TEST(attributes),
		TEST(holes),
		TEST(no_descriptors_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
