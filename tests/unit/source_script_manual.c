// SPDX-License-Identifier: GPL-2.0-or-later
/* The manual of scripts and their parser say the same: each verb has its
 * item with the syntax that messages give, and an example that is right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/script.h"
#include "source_scratch.h"

static FILE *open_manual(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/man/e4pack-script.5",
		 srcdir ? srcdir : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	return f;
}

/* The next line, without its end.  Return: false after the last. */
static bool next_line(FILE *f, char line[256])
{
	if (!fgets(line, 256, f))
		return false;
	assert_non_null(strchr(line, '\n'));
	*strchr(line, '\n') = '\0';
	return true;
}

/* What is left of a verb's item when its macros have done their work. */
static void syntax_of_item(const char *item, char out[256])
{
	char words[256], *word, *save = NULL;
	bool blank = false, dash = false;

	strcpy(words, item);
	*out = '\0';
	for (word = strtok_r(words, " ", &save); word;
	     word = strtok_r(NULL, " ", &save)) {
		if (!strcmp(word, "Cm") || !strcmp(word, "Ar"))
			continue;
		if (!strcmp(word, "Fl")) {
			dash = true;
			continue;
		}
		if (!strcmp(word, "Oc")) {
			strcat(out, "]");
			continue;
		}
		strcat(out, blank ? " " : "");
		blank = strcmp(word, "Oo");
		strcat(out, dash ? "-" : "");
		strcat(out, blank ? word : "[");
		dash = false;
	}
}

static void every_verb_has_its_item(void **state)
{
	bool seen[SCRIPT_VERBS] = { false };
	char line[256], syntax[256];
	FILE *f = open_manual();
	int v;

	(void)state;
	while (next_line(f, line)) {
		if (strncmp(line, ".It Cm ", 7))
			continue;
		syntax_of_item(line + 4, syntax);
		for (v = 0; strcmp(syntax, script_syntax(v)); v++)
			/* An item that is no verb's. */
			if (v == SCRIPT_VERBS - 1)
				fail_msg("%s", syntax);
		assert_false(seen[v]);
		seen[v] = true;
	}
	fclose(f);
	for (v = 0; v < SCRIPT_VERBS; v++)
		if (!seen[v])
			fail_msg("%s", script_syntax(v));
}

/* Read the example that begins after the line just read into the script. */
static void read_example(struct scratch *s, FILE *f, struct script *script)
{
	char line[256], path[200];
	struct buf text = BUF_INIT;

	assert_true(next_line(f, line));
	assert_memory_equal(line, ".Bd -literal", 12);
	while (next_line(f, line) && strcmp(line, ".Ed")) {
		assert_null(strchr(line, '\\'));
		assert_null(strchr(".'", line[0]));
		assert_int_equal(buf_add_str(&text, line), 0);
		assert_int_equal(buf_add(&text, "\n", 1), 0);
	}
	assert_string_equal(line, ".Ed");
	scratch_file(s, "example", buf_str(&text));
	buf_release(&text);
	snprintf(path, sizeof(path), "%s/example", s->root);
	script_init(script);
	if (script_read(script, path, &s->diag))
		fail_msg("%s", s->message);
}

static void every_verb_has_an_example(void **state)
{
	static const char mark[] = ".\\\" example ";
	bool seen[SCRIPT_VERBS] = { false };
	struct scratch *s = *state;
	struct script script;
	FILE *f = open_manual();
	char line[256];
	size_t i;
	int v;

	while (next_line(f, line)) {
		if (strncmp(line, mark, sizeof(mark) - 1))
			continue;
		read_example(s, f, &script);
		for (v = 0; strcmp(line + sizeof(mark) - 1,
				   script_verb_name(v)); v++)
			assert_true(v < SCRIPT_VERBS - 1);
		/* It shows the verb it is for. */
		for (i = 0; i < script.n; i++)
			if ((int)script.commands[i].verb == v)
				seen[v] = true;
		script_release(&script);
	}
	fclose(f);
	for (v = 0; v < SCRIPT_VERBS; v++)
		if (!seen[v])
			fail_msg("%s has no example", script_verb_name(v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verb_has_its_item),
		TEST(every_verb_has_an_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
