// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers from outside: every form that is taken, every one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errors.h"
#include "base/number.h"

struct size_case {
	const char *text;
	errcode_t err;
	uint64_t value;
};

static void sizes(void **state)
{
	const struct size_case cases[] = {
		{ "1", 0, 1 },
		{ "4096", 0, 4096 },
		{ "1K", 0, 1024 },
		{ "1k", 0, 1024 },
		{ "3M", 0, 3 << 20 },
		{ "2G", 0, UINT64_C(2) << 30 },
		{ "8388607T", 0, UINT64_C(8388607) << 40 },
		{ "8388608T", E4PACK_ET_OVERFLOW, 0 },
		{ "0", E4PACK_ET_BAD_NUMBER, 0 },
		{ "-1", E4PACK_ET_BAD_NUMBER, 0 },
		{ "+1", E4PACK_ET_BAD_NUMBER, 0 },
		{ "", E4PACK_ET_BAD_NUMBER, 0 },
		{ " 1", E4PACK_ET_BAD_NUMBER, 0 },
		{ "1 ", E4PACK_ET_BAD_NUMBER, 0 },
		{ "1.5G", E4PACK_ET_BAD_NUMBER, 0 },
		{ "9E", E4PACK_ET_BAD_NUMBER, 0 },
		{ "1KB", E4PACK_ET_BAD_NUMBER, 0 },
		{ "0x10", E4PACK_ET_BAD_NUMBER, 0 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "9223372036854775808", E4PACK_ET_OVERFLOW, 0 },
		{ "99999999999999999999999", E4PACK_ET_OVERFLOW, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t v = 0;

		assert_int_equal(number_parse_size(cases[i].text, &v),
				 cases[i].err);
		assert_int_equal(v, cases[i].value);
	}
}

static void signed_numbers(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(number_parse_signed("-9223372036854775808", INT64_MIN,
					     INT64_MAX, &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(number_parse_signed("-9223372036854775809", INT64_MIN,
					     INT64_MAX, &v),
			 E4PACK_ET_OVERFLOW);
	assert_int_equal(number_parse_signed("-", INT64_MIN, INT64_MAX, &v),
			 E4PACK_ET_BAD_NUMBER);
	assert_int_equal(number_parse_signed("5", 6, 9, &v),
			 E4PACK_ET_OVERFLOW);
}

static void modes(void **state)
{
	uint32_t v;

	(void)state;
	assert_int_equal(number_parse_mode("7777", &v), 0);
	assert_int_equal(v, 07777);
	assert_int_equal(number_parse_mode("10000", &v), E4PACK_ET_OVERFLOW);
	assert_int_equal(number_parse_mode("8", &v), E4PACK_ET_BAD_NUMBER);
}

static void human(void **state)
{
	char out[NUMBER_HUMAN_LEN];

	(void)state;
	assert_string_equal(number_human(out, 0), "0 B");
	assert_string_equal(number_human(out, 1023), "1023 B");
	assert_string_equal(number_human(out, 1024), "1.0 KiB");
	assert_string_equal(number_human(out, 50593792), "48.2 MiB");
	assert_string_equal(number_human(out, UINT64_MAX), "15.9 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),
		cmocka_unit_test(signed_numbers),
		cmocka_unit_test(modes),
		cmocka_unit_test(human),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
