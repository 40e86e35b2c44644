// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that runs out at the first, the second, each allocation: told as
 * such, and with the sanitizers nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "source/dir.h"
#include "source/filter.h"
#include "source/lexer.h"
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

/* A filtered scan that reads every file; counts the entries. */
static errcode_t scan(struct scratch *s, size_t *n)
{
	struct source *source;
	struct origin_reader r;
	struct entry e;
	bool end = false;
	errcode_t err = dir_source_open(&source, s->root, &s->options);

	*n = 0;
	if (!err)
		err = filter_open(&source, source, &s->options);
	if (err)
		return err;
	entry_init(&e);
	while (!(err = source_next(source, &e, &end)) && !end) {
		++*n;
		if (!e.origin)
			continue;
		err = e.origin->ops->open(e.origin, &r, &s->diag);
		if (!err)
			err = e.origin->ops->close(&r, &s->diag);
		if (err)
			break;
	}
	entry_release(&e);
	source_free(source);
	return err;
}

static void scans(void **state)
{
	static const char *const patterns[] = { "left-out" };
	static const struct owner_map map[] = { { 0, 1 } };
	struct scratch s;
	char path[160];
	unsigned long nth;
	errcode_t err;
	size_t n;
	int fd;

	(void)state;
	scratch_init(&s);
	scratch_mkdir(&s, "d");
	scratch_file(&s, "d/f", "text");
	scratch_file(&s, "left-out", "");
	assert_int_equal(symlinkat("target", s.fd, "l"), 0);
	strcpy(path, s.root);
	strcat(path, "/d/f");
	setxattr(path, "user.a", "1", 1, 0);
	setxattr(path, "user.b", "2", 1, 0);
	fd = openat(s.fd, "sparse", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(pwrite(fd, "x", 1, 1 << 20), 1);
	assert_int_equal(pwrite(fd, "x", 1, 3 << 20), 1);
	close(fd);
	s.options.exclude = patterns;
	s.options.n_exclude = 1;
	s.options.uid_map = s.options.gid_map = map;
	s.options.n_uid_map = s.options.n_gid_map = 1;
	for (nth = 1;; nth++) {
		unsigned int told = s.diag.errors;

		countdown = nth;
		err = scan(&s, &n);
		if (countdown)
			break;
		assert_int_equal(err, ENOMEM);
		assert_int_equal(s.diag.errors, told + 1);
	}
	countdown = 0;
	assert_int_equal(err, 0);
	assert_int_equal(n, 5);
	assert_true(nth > 30);
	scratch_release(&s);
}

static void lines(void **state)
{
	static const char line[] = "put 'a b' \"c\" d e f g h i j k l";
	unsigned long nth;
	struct lexer l;
	errcode_t err;

	(void)state;
	for (nth = 1;; nth++) {
		lexer_init(&l);
		countdown = nth;
		err = lexer_split(&l, line, sizeof(line) - 1);
		if (countdown)
			break;
		assert_int_equal(err, ENOMEM);
		assert_int_equal(l.n_words, 0);
		assert_string_equal(l.problem, "out of memory");
		lexer_release(&l);
	}
	countdown = 0;
	assert_int_equal(err, 0);
	assert_int_equal(l.n_words, 12);
	lexer_release(&l);
}

static void origins(void **state)
{
	(void)state;
	countdown = 1;
	assert_null(origin_memory("x", 1));
	countdown = 1;
	assert_null(origin_file(STDIN_FILENO, 0, "in"));
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	assert_null(origin_memory("", SIZE_MAX));
}

static void clean_paths(void **state)
{
	char *clean = NULL;
	bool changed;

	(void)state;
	countdown = 1;
	assert_int_equal(source_clean_path(&clean, "a", &changed), ENOMEM);
	assert_null(clean);
	/* Without memory to make it smaller, it stays as large as it is. */
	countdown = 2;
	assert_int_equal(source_clean_path(&clean, "a", &changed), 0);
	assert_string_equal(clean, "a");
	free(clean);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scans),
		cmocka_unit_test(lines),
		cmocka_unit_test(origins),
		cmocka_unit_test(clean_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
