// SPDX-License-Identifier: GPL-2.0-or-later
/* Tar archives, good and bad, and what is no archive at all. */
#include "unit/archive_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errors.h"

enum { TARGET_TOO_LONG = 4096 };

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

static void other_format(struct buf *b)
{
	buf_add_str(b, "PK\003\004");
	buf_add_zero(b, 2000);
}

static void no_format(struct buf *b)
{
	buf_add_str(b, "just some text\n");
}

static const struct archive_case cases[] = {
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
	  "its device is out of range" },
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
	{ "zip", other_format, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "unsupported archive format (zip)" },
	{ "text", no_format, "", E4PACK_ET_BAD_ARCHIVE, 0,
	  "unsupported archive format: only tar and cpio are read" },
};

static void good_and_bad(void **state)
{
	(void)state;
	run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_and_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
