// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that runs out at the first, the second, each allocation of info, ls,
 * stat and cat: told as such, and with the sanitizers nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/cat.h"
#include "report/info.h"
#include "report/ls.h"
#include "report/stat.h"

enum { SKIP = 77 };

/* The linker puts these in place of the calls (--wrap); jansson has them
 * set. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static unsigned long countdown;	/* the allocation that fails; 0: none */

static int fails(void)
{
	return countdown && !--countdown;
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

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : __real_strndup(s, n);
}

static char folder[] = "/tmp/report_nomem.XXXXXX";

static const char script[] =
	"set -e; cd %s; PATH=$PATH:/sbin:/usr/sbin; mkdir -p t/d/e t/x; "
	": > t/d/f; seq 1 9999 > t/n; ln -s d/f t/link; ln -s ../n t/d/far; "
	"printf '\\377' > \"t/$(printf '\\377')\"; "
	"setfattr -n user.a -v text t/n 2>/dev/null || :; "
	"mke2fs -q -F -t ext4 -d t image 4M >/dev/null 2>&1";

struct fixture {
	char image[64];
	struct diag diag;
};

/* A report of the image, into @out. */
typedef errcode_t report(struct image *img, struct emit *out, bool json);

static const char *const paths[] = { "link", "\377", "/", "n", "d/.." };
static const char *const globs[] = { "*/*", "link", "/d" };
static const char *const files[] = { "link", "d/far" };

static errcode_t info(struct image *img, struct emit *out, bool json)
{
	const struct info_options o = { .json = json, .groups = true };

	return report_info(img, &o, out);
}

static errcode_t ls(struct image *img, struct emit *out, bool json)
{
	const struct ls_options o = {
		.paths = globs, .n_paths = 3, .json = json,
		.attributes = true, .recursive = true, .follow = true,
	};

	return report_ls(img, &o, out);
}

static errcode_t stat_paths(struct image *img, struct emit *out, bool json)
{
	const struct stat_options o = {
		.paths = paths, .n_paths = 5, .json = json, .follow = true,
	};

	return report_stat(img, &o, out);
}

static errcode_t cat(struct image *img, struct emit *out, bool json)
{
	const struct cat_options o = {
		.paths = files, .n_paths = 2, .follow = true,
	};

	(void)json;
	return report_cat(img, &o, out);
}

static errcode_t count(void *arg, const char *text, size_t len)
{
	(void)text;
	*(size_t *)arg += len;
	return 0;
}

/* Run with the @n-th allocation failing.  Return: whether it was reached. */
static bool reaches(const struct fixture *f, report *r, bool json,
		    unsigned long n)
{
	struct diag diag = f->diag;
	struct image *img = NULL;
	struct emit out;
	size_t bytes = 0;
	errcode_t err;
	bool reached;

	assert_int_equal(image_open(&img, f->image, 0, &diag), 0);
	emit_init(&out, count, &bytes);
	countdown = n;
	err = r(img, &out, json);
	if (!err)
		err = emit_finish(&out);
	else
		emit_finish(&out);
	reached = countdown == 0;
	countdown = 0;
	image_close(img);
	/* A JSON string that cannot be made is taken for one that is not
	 * UTF-8, and then put out in its other form. */
	if (err != (reached ? ENOMEM : 0) && !(json && err == 0))
		fail_msg("allocation %lu (%d): %ld", n, json, (long)err);
	assert_true(err || bytes > 0);
	return reached;
}

static void each_allocation(void **state)
{
	static report *const reports[] = { info, ls, stat_paths, cat };
	unsigned long n;
	size_t i;

	for (i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		for (n = 1; reaches(*state, reports[i], false, n); n++)
			;
		assert_true(n > 1);
		for (n = 1; reaches(*state, reports[i], true, n); n++)
			;
		assert_true(n > 1);
	}
}

static void remove_folder(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		exit(99);
}

static int make_image(void **state)
{
	static struct fixture f;
	char command[sizeof(script) + sizeof(folder)];

	if (!mkdtemp(folder))
		return -1;
	snprintf(command, sizeof(command), script, folder);
	if (system(command)) {
		remove_folder();
		exit(SKIP);
	}
	snprintf(f.image, sizeof(f.image), "%s/image", folder);
	diag_init(&f.diag, NULL, NULL);
	json_set_alloc_funcs(__wrap_malloc, free);
	*state = &f;
	return 0;
}

static int release_image(void **state)
{
	struct fixture *f = *state;

	diag_release(&f->diag);
	remove_folder();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation),
	};

	return cmocka_run_group_tests(tests, make_image, release_image);
}
