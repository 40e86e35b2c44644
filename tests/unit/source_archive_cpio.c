// SPDX-License-Identifier: GPL-2.0-or-later
/* cpio archives, good and bad. */
#include "unit/archive_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/errors.h"

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

static const struct archive_case cases[] = {
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
