// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields of comma-separated values, and what of a name is UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/csv.h"
#include "base/utf8.h"

static errcode_t gather(void *arg, const char *text, size_t len)
{
	return buf_add(arg, text, len);
}

static void put(const char *want, const char *name,
		void (*field)(struct emit *, const char *, size_t))
{
	struct buf got = BUF_INIT;
	struct emit e;

	emit_init(&e, gather, &got);
	field(&e, name, strlen(name));
	assert_int_equal(emit_finish(&e), 0);
	assert_non_null(buf_str(&got));
	assert_string_equal(buf_str(&got), want);
	buf_release(&got);
}

static void quotes(void **state)
{
	(void)state;
	put("", "", csv_field);
	put("/plain name;", "/plain name;", csv_field);
	put("\"a,b\"", "a,b", csv_field);
	put("\"\"\"\"", "\"", csv_field);
	put("\"say \"\"a\"\" \"\"b\"\"\"", "say \"a\" \"b\"", csv_field);
	put("\"a\nb\"", "a\nb", csv_field);
	put("\"a\rb\"", "a\rb", csv_field);
}

static void names(void **state)
{
	(void)state;
	put("/a\\b\xc3\xa4", "/a\\b\xc3\xa4", csv_name);
	put("", "/a\\b\xc3\xa4", csv_name_b64);
	put("/a\\x5cb\\xe4", "/a\\b\xe4", csv_name);
	put("L2FcYuQ=", "/a\\b\xe4", csv_name_b64);
	put("\"/,\\xff\"", "/,\xff", csv_name);
}

static void characters(void **state)
{
	static const struct {
		const char *s;
		size_t n;
		uint32_t c;
	} cases[] = {
		{ "a", 1, 'a' },
		{ "\x7f", 1, 0x7f },
		{ "\xc2\x80", 2, 0x80 },
		{ "\xdf\xbf", 2, 0x7ff },
		{ "\xe0\xa0\x80", 3, 0x800 },
		{ "\xed\x9f\xbf", 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 0xe000 },
		{ "\xef\xbf\xbf", 3, 0xffff },
		{ "\xf0\x90\x80\x80", 4, 0x10000 },
		{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
		{ "\x80", 0, 0 },		/* begins no character */
		{ "\xc1\xbf", 0, 0 },		/* over-long */
		{ "\xe0\x9f\xbf", 0, 0 },
		{ "\xf0\x8f\xbf\xbf", 0, 0 },
		{ "\xed\xa0\x80", 0, 0 },	/* a surrogate */
		{ "\xf4\x90\x80\x80", 0, 0 },	/* past the last */
		{ "\xf8\x88\x80\x80\x80", 0, 0 },
		{ "\xe2\x82", 0, 0 },		/* cut off */
		{ "\xe2\x82" "a", 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = strlen(cases[i].s);
		uint32_t c = 0;

		assert_int_equal(utf8_decode(cases[i].s, len, &c),
				 cases[i].n);
		assert_int_equal(c, cases[i].c);
		assert_int_equal(utf8_valid(cases[i].s, len),
				 cases[i].n == len);
	}
	assert_true(utf8_valid("", 0));
	assert_false(utf8_valid("a\xc3\xa4\xff", 4));
}

/* What is UTF-8 here is so for JSON, and the other way round. */
static void as_json(void **state)
{
	uint32_t i;

	(void)state;
	for (i = 1; i < 1u << 16; i++) {
		const char s[3] = { (char)(i >> 8), (char)i, (char)0xbf };
		const bool two = i >> 8;
		const char *from = two ? s : s + 1;
		size_t len = two ? 3 : 1;
		json_t *json = json_stringn(from, len);

		assert_int_equal(utf8_valid(from, len), json != NULL);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(names),
		cmocka_unit_test(characters),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
