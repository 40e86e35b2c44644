// SPDX-License-Identifier: GPL-2.0-or-later
/* Words of script lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "source/lexer.h"

enum { MAX_WORDS = 6 };

struct line_case {
	const char *line;
	const char *words[MAX_WORDS + 1];	/* NULL-ended */
};

static void words(void **state)
{
	static const struct line_case cases[] = {
		{ "", { NULL } },
		{ "\n", { NULL } },
		{ "\r\n", { NULL } },
		{ " \t \n", { NULL } },
		{ "# all comment", { NULL } },
		{ "  # 'open", { NULL } },
		{ "a", { "a" } },
		{ "a\n", { "a" } },
		{ "a\r\n", { "a" } },
		{ "a\r", { "a\r" } },
		{ "a\rb c\r\n", { "a\rb", "c" } },
		{ "a\r\r\n", { "a\r" } },
		{ "put  a\tb ", { "put", "a", "b" } },
		{ "a #b", { "a" } },
		{ "a#b", { "a#b" } },
		{ "a\\ #b", { "a #b" } },
		{ "''#b", { "#b" } },
		{ "\\#b", { "#b" } },
		{ "'#b'", { "#b" } },
		{ "\"\" '' a", { "", "", "a" } },
		{ "''", { "" } },
		{ "''''", { "" } },
		{ "'a b'c\"d e\"f", { "a bc" "d ef" } },
		{ "a'b'\\''c'", { "ab'c" } },
		{ "'a\\'", { "a\\" } },
		{ "'a\"b'", { "a\"b" } },
		{ "\"a'b\"", { "a'b" } },
		{ "\"\\$\\`\\\"\\\\\"", { "$`\"\\" } },
		{ "\"\\a\\'\\n\\ \"", { "\\a\\'\\n\\ " } },
		{ "\"a\\\nb\"", { "ab" } },
		{ "a\\\nb", { "ab" } },
		{ "a \\\n b", { "a", "b" } },
		{ "'a\\\nb'", { "a\\\nb" } },
		{ "\"a\nb\"", { "a\nb" } },
		{ "a\nb", { "a", "b" } },
		{ "\\a\\\\\\'\\\"\\ \\\t", { "a\\'\" \t" } },
		{ "$HOME `x` * ? ~ ;", { "$HOME", "`x`", "*", "?", "~",
					 ";" } },
		{ "a&&b|c>d<e(f)", { "a&&b|c>d<e(f)" } },
		{ "=TEXT -m 0644", { "=TEXT", "-m", "0644" } },
		{ "\xff\x01\xc3\xa4 \x7f", { "\xff\x01\xc3\xa4", "\x7f" } },
	};
	struct lexer l;
	size_t i, w;

	(void)state;
	lexer_init(&l);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct line_case *c = &cases[i];

		assert_int_equal(lexer_split(&l, c->line, strlen(c->line)), 0);
		for (w = 0; c->words[w]; w++) {
			assert_true(w < l.n_words);
			assert_string_equal(l.words[w], c->words[w]);
		}
		assert_int_equal(l.n_words, w);
		assert_null(l.problem);
	}
	lexer_release(&l);
}

static void malformed_lines(void **state)
{
	static const struct {
		const char *line;
		size_t len;
	} cases[] = {
		{ "'", 1 },
		{ "a 'b", 4 },
		{ "a 'b\n", 5 },
		{ "\"", 1 },
		{ "\"a\\\"", 4 },
		{ "\"a\\", 3 },
		{ "a \"b' c", 7 },
		{ "a\\", 2 },
		{ "a\\\n", 3 },
		{ "a\\\r\n", 4 },
		{ "a\0b", 3 },
		{ "\0", 1 },
		{ "# a\0", 4 },
	};
	struct lexer l;
	size_t i;

	(void)state;
	lexer_init(&l);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(lexer_split(&l, "x y", 3), 0);
		assert_int_equal(lexer_split(&l, cases[i].line, cases[i].len),
				 E4PACK_ET_BAD_ENTRY);
		assert_int_equal(l.n_words, 0);
		assert_non_null(l.problem);
	}
	/* An error does not stay. */
	assert_int_equal(lexer_split(&l, "x y", 3), 0);
	assert_int_equal(l.n_words, 2);
	assert_null(l.problem);
	lexer_release(&l);
}

static void long_lines(void **state)
{
	char *line = malloc(LEXER_LINE_MAX + 3);
	struct lexer l;

	(void)state;
	assert_non_null(line);
	memset(line, 'x', LEXER_LINE_MAX + 1);
	lexer_init(&l);
	assert_int_equal(lexer_split(&l, line, LEXER_LINE_MAX), 0);
	assert_int_equal(l.n_words, 1);
	assert_int_equal(strlen(l.words[0]), LEXER_LINE_MAX);
	assert_int_equal(lexer_split(&l, line, LEXER_LINE_MAX + 1),
			 E4PACK_ET_TOO_BIG);
	assert_int_equal(l.n_words, 0);
	memcpy(line + LEXER_LINE_MAX, "\r\n", 2);
	assert_int_equal(lexer_split(&l, line, LEXER_LINE_MAX + 2), 0);
	assert_int_equal(strlen(l.words[0]), LEXER_LINE_MAX);
	lexer_release(&l);
	free(line);
}

static void many_words(void **state)
{
	size_t i, n = LEXER_LINE_MAX / 2;
	char *line = malloc(2 * n);
	struct lexer l;

	(void)state;
	assert_non_null(line);
	for (i = 0; i < n; i++) {
		line[2 * i] = (char)('a' + i % 26);
		line[2 * i + 1] = ' ';
	}
	lexer_init(&l);
	assert_int_equal(lexer_split(&l, line, 2 * n), 0);
	assert_int_equal(l.n_words, n);
	for (i = 0; i < n; i++) {
		assert_int_equal(l.words[i][0], 'a' + (int)(i % 26));
		assert_int_equal(l.words[i][1], 0);
	}
	lexer_release(&l);
	free(line);
}

/* Whatever is quoted whole comes back as it was. */
static void every_byte_survives(void **state)
{
	char line[600];
	struct lexer l;
	int c;

	(void)state;
	lexer_init(&l);
	for (c = 1; c < 256; c++) {
		char want[2] = { (char)c, 0 };
		size_t len = 0;

		line[len++] = c == '\'' ? '"' : '\'';
		line[len++] = (char)c;
		line[len++] = line[0];
		assert_int_equal(lexer_split(&l, line, len), 0);
		assert_int_equal(l.n_words, 1);
		assert_string_equal(l.words[0], want);
		line[0] = '\\';
		line[2] = ' ';
		assert_int_equal(lexer_split(&l, line, 3), 0);
		assert_int_equal(l.n_words, c != '\n');
		if (l.n_words)
			assert_string_equal(l.words[0], want);
	}
	lexer_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(malformed_lines),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(many_words),
		cmocka_unit_test(every_byte_survives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
