// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that runs out at the first, the second, each allocation of a script
 * and its data: told once, and with the sanitizers nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "source/script.h"
#include "source_scratch.h"

/* The linker puts these in place of the calls (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

static unsigned long countdown;	/* the allocation that fails; 0: none */

static int fails(void)
{
	if (!countdown || --countdown)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

/* Each command takes so much of the arena that the next has to ask. */
static void make_script(struct scratch *s)
{
	static const struct {
		const char *before, *after;
	} lines[] = {
		{ "write ", " 0 part:0:1:f\n" },
		{ "symlink ", " a\n" },
		{ "echo ", " b\n" },
		{ "setxattr a user.x =", "\n" },
		{ "tree ", " a\n" },
		{ "mv a a\nmv a a\nmv a a\nmv a a\nrm a\nrm a\nrm a\n# ",
		  "\n" },
	};
	char *word = malloc(90001);
	struct buf text = BUF_INIT;
	size_t i;

	assert_non_null(word);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* No path and no target may be that long. */
		memset(word, i < 2 ? '/' : 'x', 90000);
		word[89999] = 'x';
		word[i == 1 ? 4000 : 90000] = '\0';
		assert_int_equal(buf_add_str(&text, lines[i].before), 0);
		assert_int_equal(buf_add_str(&text, word), 0);
		assert_int_equal(buf_add_str(&text, lines[i].after), 0);
	}
	scratch_file(s, "script", buf_str(&text));
	buf_release(&text);
	free(word);
}

static void scripts(void **state)
{
	struct scratch *s = *state;
	struct script script;
	unsigned long nth;
	char path[200];
	errcode_t err;

	make_script(s);
	snprintf(path, sizeof(path), "%s/script", s->root);
	for (nth = 1;; nth++) {
		unsigned int told = s->diag.errors;

		script_init(&script);
		countdown = nth;
		err = script_read(&script, path, &s->diag);
		if (countdown)
			break;
		/* Without room to give back what is too much, it is kept. */
		if (err) {
			assert_int_equal(err, ENOMEM);
			assert_int_equal(s->diag.errors, told + 1);
		} else {
			assert_int_equal(script.n, 12);
		}
		script_release(&script);
	}
	countdown = 0;
	assert_int_equal(err, 0);
	assert_int_equal(script.n, 12);
	assert_true(nth > 20);
	script_release(&script);
}

static void open_each(struct scratch *s, const struct script_data *d,
		      struct entry *e)
{
	struct origin *o;
	unsigned long nth;
	uint64_t len;
	errcode_t err;

	for (nth = 1;; nth++) {
		unsigned int told = s->diag.errors;

		o = NULL;
		countdown = nth;
		err = script_open_data(d, &o, &len, e, &s->diag);
		if (countdown)
			break;
		assert_int_equal(err, ENOMEM);
		assert_int_equal(s->diag.errors, told + 1);
		assert_null(o);
	}
	countdown = 0;
	assert_int_equal(err, 0);
	assert_true(nth > 1);
	origin_put(o);
	if (e)
		entry_clear(e);
}

static void data(void **state)
{
	static const struct script_data cases[] = {
		{ .kind = SCRIPT_DATA_HOST, .name = "f" },
		{ .kind = SCRIPT_DATA_HOST, .name = "link" },
		{ .kind = SCRIPT_DATA_PART, .name = "f", .offset = 1,
		  .len = 2 },
		{ .kind = SCRIPT_DATA_TEXT, .text = "text", .len = 4 },
		{ .kind = SCRIPT_DATA_RANDOM, .len = 1 },
	};
	struct scratch *s = *state;
	struct entry e;
	size_t i;

	scratch_file(s, "f", "hello");
	assert_int_equal(symlinkat("f", s->fd, "link"), 0);
	assert_int_equal(fchdir(s->fd), 0);
	setxattr("f", "user.a", "1", 1, 0);
	entry_init(&e);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		open_each(s, &cases[i], NULL);
		open_each(s, &cases[i], &e);
	}
	assert_int_equal(chdir("/"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(scripts),
		TEST(data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
