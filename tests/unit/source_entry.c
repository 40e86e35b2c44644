// SPDX-License-Identifier: GPL-2.0-or-later
/* Entries: their data stretches and attributes, and names made clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "source/entry.h"
#include "source/source.h"

struct stretch_case {
	uint64_t offset, len, origin_offset;
	errcode_t err;
	size_t n;	/* stretches afterwards */
};

static void data_is_joined_or_refused(void **state)
{
	static const struct stretch_case cases[] = {
		{ 0, 0, 0, 0, 0 },
		{ 10, 5, 100, 0, 1 },
		{ 15, 5, 105, 0, 1 },
		{ 20, 5, 200, 0, 2 },	/* continues the file only */
		{ 26, 1, 206, 0, 3 },	/* a hole of one byte */
		{ 26, 1, 300, E4PACK_ET_BAD_ENTRY, 3 },
		{ 5, 1, 0, E4PACK_ET_BAD_ENTRY, 3 },
		{ 26, 0, 0, E4PACK_ET_BAD_ENTRY, 3 },
		{ INT64_MAX, 1, 0, E4PACK_ET_BAD_ENTRY, 3 },
		{ 100, UINT64_MAX, 0, E4PACK_ET_BAD_ENTRY, 3 },
		{ UINT64_MAX, 2, 0, E4PACK_ET_BAD_ENTRY, 3 },
		{ 100, 1, INT64_MAX, E4PACK_ET_BAD_ENTRY, 3 },
		{ INT64_MAX - 1, 1, INT64_MAX - 1, 0, 4 },
		{ INT64_MAX, 0, INT64_MAX, 0, 4 },
	};
	struct entry e;
	size_t i;

	(void)state;
	entry_init(&e);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(entry_add_data(&e, cases[i].offset,
						cases[i].len,
						cases[i].origin_offset),
				 cases[i].err);
		assert_int_equal(e.n_data, cases[i].n);
	}
	assert_int_equal(e.data[0].offset, 10);
	assert_int_equal(e.data[0].len, 10);
	assert_int_equal(e.data[1].origin_offset, 200);
	entry_release(&e);
}

static void many_stretches(void **state)
{
	struct entry e;
	uint64_t i;

	(void)state;
	entry_init(&e);
	for (i = 0; i < 100000; i++)
		assert_int_equal(entry_add_data(&e, 2 * i, 1, 2 * i), 0);
	assert_int_equal(e.n_data, 100000);
	for (i = 0; i < 100000; i++)
		assert_int_equal(e.data[i].offset, 2 * i);
	entry_clear(&e);
	assert_null(e.data);
	assert_int_equal(e.n_data, 0);
}

static void xattrs_are_sorted(void **state)
{
	static const char *const names[] = { "user.m", "user.a", "user.z",
					     "system.x", "user.m", "user.b" };
	static const char *const want[] = { "system.x", "user.a", "user.b",
					    "user.m", "user.z" };
	struct entry e;
	size_t i;

	(void)state;
	entry_init(&e);
	for (i = 0; i < 6; i++)
		assert_int_equal(entry_add_xattr(&e, names[i], &i, sizeof(i)),
				 0);
	assert_int_equal(e.n_xattrs, 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(e.xattrs[i].name, want[i]);
	i = 4;
	assert_int_equal(e.xattrs[3].len, sizeof(i));
	assert_memory_equal(e.xattrs[3].value, &i, sizeof(i));
	assert_int_equal(entry_add_xattr(&e, "user.m", NULL, 0), 0);
	assert_int_equal(e.xattrs[3].len, 0);
	assert_null(e.xattrs[3].value);
	entry_release(&e);
}

static void many_xattrs(void **state)
{
	struct entry e;
	char name[32];
	int i;

	(void)state;
	entry_init(&e);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "user.%03d", (i * 7) % 1000);
		assert_int_equal(entry_add_xattr(&e, name, "v", 1), 0);
	}
	assert_int_equal(e.n_xattrs, 1000);
	for (i = 1; i < 1000; i++)
		assert_true(strcmp(e.xattrs[i - 1].name,
				   e.xattrs[i].name) < 0);
	entry_release(&e);
}

static void clear_puts_the_origin(void **state)
{
	struct origin *o = origin_memory("x", 1);
	struct entry e;

	(void)state;
	assert_non_null(o);
	entry_init(&e);
	e.origin = origin_get(o);
	assert_int_equal(o->refs, 2);
	entry_clear(&e);
	assert_int_equal(o->refs, 1);
	assert_null(e.origin);
	entry_release(&e);
	origin_put(o);
	origin_put(NULL);
}

struct path_case {
	const char *raw, *clean;	/* @clean NULL: refused */
	bool changed;
};

static void paths(void **state)
{
	static const struct path_case cases[] = {
		{ "", "", false },
		{ "/", "", true },
		{ ".", "", false },
		{ "./", "", false },
		{ "./.", "", false },
		{ "/./", "", true },
		{ "a", "a", false },
		{ "a/", "a", false },
		{ "a//b///c//", "a/b/c", false },
		{ "/a", "a", true },
		{ "///a/b", "a/b", true },
		{ "./a/./b/.", "a/b", false },
		{ ".//./a", "a", false },
		{ "..a/b..", "..a/b..", false },
		{ "...", "...", false },
		{ ".a", ".a", false },
		{ "a\nb/\xff", "a\nb/\xff", false },
		{ "..", NULL, false },
		{ "../x", NULL, false },
		{ "a/../b", NULL, false },
		{ "a/..", NULL, false },
		{ "/..", NULL, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *clean = NULL;
		bool changed = false;
		errcode_t err = source_clean_path(&clean, cases[i].raw,
						  &changed);

		if (!cases[i].clean) {
			assert_int_equal(err, E4PACK_ET_BAD_PATH);
			assert_null(clean);
			continue;
		}
		assert_int_equal(err, 0);
		assert_string_equal(clean, cases[i].clean);
		assert_int_equal(changed, cases[i].changed);
		free(clean);
	}
}

/* A path of @len bytes in components of @part bytes. */
static char *make_path(size_t len, size_t part)
{
	char *path = malloc(len + 1);
	size_t i;

	assert_non_null(path);
	for (i = 0; i < len; i++)
		path[i] = i % (part + 1) == part ? '/' : 'n';
	path[len] = '\0';
	return path;
}

static void long_paths(void **state)
{
	static const struct {
		size_t len, part;
		errcode_t err;
	} cases[] = {
		{ 255, 255, 0 },
		{ 256, 256, E4PACK_ET_BAD_PATH },
		{ 4095, 255, 0 },
		{ 4097, 255, E4PACK_ET_BAD_PATH },
		{ 4095, 1, 0 },
		{ 4097, 1, E4PACK_ET_BAD_PATH },
		{ 1 << 20, 100, E4PACK_ET_BAD_PATH },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *raw = make_path(cases[i].len, cases[i].part);
		char *clean = NULL;
		bool changed;

		assert_int_equal(source_clean_path(&clean, raw, &changed),
				 cases[i].err);
		if (clean) {
			/* A slash at the very end goes away. */
			if (raw[cases[i].len - 1] == '/')
				raw[cases[i].len - 1] = '\0';
			assert_string_equal(clean, raw);
		}
		free(clean);
		free(raw);
	}
}

static void dots_do_not_count(void **state)
{
	char *raw = make_path(20001, 1), *clean = NULL;
	bool changed;
	size_t i;

	(void)state;
	for (i = 0; i < 20000; i += 2)
		raw[i] = '.';
	assert_int_equal(source_clean_path(&clean, raw, &changed), 0);
	assert_string_equal(clean, "n");
	free(clean);
	free(raw);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_is_joined_or_refused),
		cmocka_unit_test(many_stretches),
		cmocka_unit_test(xattrs_are_sorted),
		cmocka_unit_test(many_xattrs),
		cmocka_unit_test(clear_puts_the_origin),
		cmocka_unit_test(paths),
		cmocka_unit_test(long_paths),
		cmocka_unit_test(dots_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
