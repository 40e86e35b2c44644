// SPDX-License-Identifier: GPL-2.0-or-later
/* Figures in both forms, modes and dates in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file_row.h"
#include "base/file_type.h"
#include "base/sheet.h"

static errcode_t keep(void *arg, const char *text, size_t len)
{
	strncat(arg, text, len);
	return 0;
}

static void fill(struct sheet *s)
{
	const struct timestamp time = { 1600000000, 5 }, zero = { 0, 0 };

	sheet_number(s, "a_number", UINT64_MAX);
	sheet_signed(s, "below", -5);
	sheet_bytes(s, "bytes", 1536);
	sheet_bool(s, "yes", true);
	sheet_words(s, "words", "one two");
	sheet_words(s, "none", "");
	sheet_open(s, "part");
	sheet_name(s, "name", "a\n\xff", 3);
	sheet_time(s, "time", time, "never");
	sheet_close(s);
	sheet_time(s, "zero", zero, "never");
	sheet_hex(s, "hex", 255);
}

static void show(char *out, bool json)
{
	struct emit e;
	struct sheet s;

	out[0] = '\0';
	emit_init(&e, keep, out);
	sheet_begin(&s, &e, json, 12);
	fill(&s);
	sheet_end(&s);
	assert_int_equal(emit_finish(&e), 0);
}

static void both_forms(void **state)
{
	char out[1024];

	(void)state;
	show(out, false);
	assert_string_equal(out,
		"a number:   18446744073709551615\n"
		"below:      -5\n"
		"bytes:      1536 (1.5 KiB)\n"
		"yes:        yes\n"
		"words:      one two\n"
		"none:       none\n"
		"part:\n"
		"  name:     a\\012\xff\n"
		"  time:     2020-09-13 12:26:40.000000005 UTC\n"
		"zero:       never\n"
		"hex:        0x000000ff\n");
	show(out, true);
	assert_string_equal(out, "{\"a_number\":9223372036854775807,"
		"\"below\":-5,"
		"\"bytes\":1536,\"yes\":true,\"words\":[\"one\",\"two\"],"
		"\"none\":[],\"part\":{\"name\":\"a\\n\\\\xff\","
		"\"name_b64\":\"YQr/\",\"time\":\"1600000000.000000005\"},"
		"\"zero\":\"0.000000000\",\"hex\":\"0x000000ff\"}\n");
}

static errcode_t refuse(void *arg, const char *text, size_t len)
{
	(void)arg;
	(void)text;
	(void)len;
	return ENOSPC;
}

static void failure_is_kept(void **state)
{
	struct emit e;
	struct sheet s;

	(void)state;
	emit_init(&e, refuse, NULL);
	sheet_begin(&s, &e, true, 0);
	fill(&s);
	sheet_end(&s);
	assert_int_equal(emit_finish(&e), ENOSPC);
}

struct mode_case {
	uint32_t mode;
	const char *text, *type;
};

static const struct mode_case modes[] = {
	{ 0100644, "-rw-r--r--", "file" },
	{ 0041777, "drwxrwxrwt", "directory" },
	{ 0041776, "drwxrwxrwT", "directory" },
	{ 0104755, "-rwsr-xr-x", "file" },
	{ 0102644, "-rw-r-Sr--", "file" },
	{ 0120777, "lrwxrwxrwx", "symlink" },
	{ 0020600, "crw-------", "char" },
	{ 0060000, "b---------", "block" },
	{ 0010001, "p--------x", "fifo" },
	{ 0140200, "s-w-------", "socket" },
	{ 0000644, "?rw-r--r--", "unknown" },
	{ 0170000, "?---------", "unknown" },
};

static void modes_in_words(void **state)
{
	char out[FILE_MODE_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_string_equal(file_mode_text(out, modes[i].mode),
				    modes[i].text);
		assert_string_equal(file_type_name(modes[i].mode),
				    modes[i].type);
	}
}

static void dates(void **state)
{
	static const struct {
		int64_t sec;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01 00:00:00" },
		{ -1, "1969-12-31 23:59:59" },
		{ INT64_C(15032385535), "2446-05-10 22:38:55" },
		{ INT64_MAX, "9223372036854775807" },
	};
	char out[TIMESTAMP_TEXT_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct timestamp t = { cases[i].sec, 0 };

		assert_string_equal(timestamp_text(out, t, true),
				    cases[i].text);
	}
}

static void rows(void **state)
{
	const struct file_row row = {
		.path = "/l", .path_len = 2, .ino = 12, .mode = 0120777,
		.uid = 1, .gid = 2, .links = 3, .size = 4,
		.mtime = { -1, 9 }, .target = "to", .target_len = 2,
	};
	json_t *doc = file_row_json(&row);
	char *text;

	(void)state;
	assert_non_null(doc);
	text = json_dumps(doc, JSON_COMPACT);
	assert_string_equal(text, "{\"path\":\"/l\",\"inode\":12,"
		"\"type\":\"symlink\",\"mode\":\"0777\",\"uid\":1,"
		"\"gid\":2,\"nlink\":3,\"size\":4,"
		"\"mtime\":\"-1.000000009\",\"target\":\"to\"}");
	free(text);
	json_decref(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms),
		cmocka_unit_test(failure_is_kept),
		cmocka_unit_test(modes_in_words),
		cmocka_unit_test(dates),
		cmocka_unit_test(rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
