// SPDX-License-Identifier: GPL-2.0-or-later
/* Globs and links at the end of paths, in an image that mke2fs made. */
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

#include "base/errors.h"
#include "report/glob.h"
#include "report/resolve.h"

enum { SKIP = 77 };

static char folder[] = "/tmp/report_glob.XXXXXX";

static const char script[] =
	"set -e; cd %s; PATH=$PATH:/sbin:/usr/sbin; mkdir -p t/d/e t/f t/.h; "
	"for n in a1 a2 b1 .x 'a[1]' 'st*r'; do : > t/d/$n; : > t/f/$n; "
	"done; : > t/d/e/z; ln -s d t/link; ln -s d/a1 t/file; "
	"ln -s nowhere t/dangling; ln -s two t/one; ln -s one t/two; "
	"mke2fs -q -F -t ext4 -d t image 4M >/dev/null 2>&1";

struct fixture {
	char image[64];
	struct diag diag;
	struct image *img;
};

struct glob_case {
	const char *pattern;
	bool follow;
	errcode_t err;
	const char *found;	/* "PATH " for each, '>' for a folder */
};

static const struct glob_case cases[] = {
	{ "d/a1", false, 0, "/d/a1 " },
	{ "/d/a?", false, 0, "/d/a1 /d/a2 " },
	{ "d/a[1]", false, 0, "/d/a1 /d/a[1] " },
	{ "d/a\\[1]", false, 0, "/d/a[1] " },
	{ "d/st\\*r", false, 0, "/d/st*r " },
	{ "d/*", false, 0, "/d/a1 /d/a2 /d/a[1] /d/b1 /d/e> /d/st*r " },
	{ "d/.*", false, 0, "/d/.x " },
	{ ".*", false, 0, "/.h> " },
	{ "?/b*", false, 0, "/d/b1 /f/b1 " },
	{ "*/b1", false, 0, "/d/b1 /f/b1 /link/b1 " },
	{ "//d//e/../a*2", false, 0, "/d/a2 " },
	{ "./[d]/./e/z", false, 0, "/d/e/z " },
	{ "[d]/e/../../f/b?", false, 0, "/f/b1 " },
	{ "../[d]", false, 0, "/d> " },
	{ "l*/", false, 0, "/d> /lost+found> " },
	{ "fil?", false, 0, "/file " },
	{ "fil?", true, 0, "/file " },
	{ "l*k", false, 0, "/link " },
	{ "l*k", true, 0, "/link> " },
	{ "dang*", true, 0, "/dangling " },
	{ "o?e", true, 0, "/one " },
	{ "dangling", true, ENOENT, "" },
	{ "one", true, ELOOP, "" },
	{ "two/*", false, ENOENT, "" },
	{ "file/*", false, ENOENT, "" },
	{ "d/q*", false, ENOENT, "" },
	{ "d/q", false, ENOENT, "" },
	{ "link", true, 0, "/d> " },
	{ "link", false, 0, "/link " },
	{ "file", true, 0, "/d/a1 " },
	{ "/*/", false, 0, "/d> /d> /f> /lost+found> " },
};

static errcode_t note(void *arg, const char *path, size_t len,
		      const struct inode_info *i)
{
	assert_int_equal(strlen(path), len);
	strcat(arg, path);
	strcat(arg, (i->mode & 0170000) == 0040000 ? "> " : " ");
	return 0;
}

static void expand(void **state)
{
	struct fixture *f = *state;
	char seen[512];
	size_t k;

	for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		const struct glob_case *c = &cases[k];
		errcode_t err;

		seen[0] = '\0';
		err = glob_path(f->img, c->pattern, c->follow, note, seen);
		if (err != c->err || strcmp(seen, c->found))
			fail_msg("%s: %ld, %s", c->pattern, (long)err, seen);
	}
}

static errcode_t stop(void *arg, const char *path, size_t len,
		      const struct inode_info *i)
{
	(void)path;
	(void)len;
	(void)i;
	return ++*(int *)arg == 2 ? E4PACK_ET_INTERRUPTED : 0;
}

static void visitor_ends_it(void **state)
{
	struct fixture *f = *state;
	int met = 0;

	assert_int_equal(glob_path(f->img, "d/*", false, stop, &met),
			 E4PACK_ET_INTERRUPTED);
	assert_int_equal(met, 2);
}

static void count_message(void *arg, enum diag_level level,
			  const char *subject, const char *text)
{
	(void)level;
	(void)subject;
	(void)text;
	++*(int *)arg;
}

/* A quiet look tells nothing of what is not there. */
static void quiet(void **state)
{
	static const char *const paths[] = { "q", "file/x", "one", "dangling" };
	struct fixture *f = *state;
	struct inode_info i;
	int told = 0;
	size_t k;

	f->diag.sink = count_message;
	f->diag.arg = &told;
	for (k = 0; k < sizeof(paths) / sizeof(paths[0]); k++) {
		assert_int_not_equal(resolve_path_flags(&i, NULL, f->img,
				paths[k], RESOLVE_FOLLOW | RESOLVE_QUIET), 0);
		assert_int_equal(told, 0);
	}
	assert_int_not_equal(resolve_path_flags(&i, NULL, f->img, "one",
						RESOLVE_FOLLOW), 0);
	assert_int_equal(told, 1);
	f->diag.sink = NULL;
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
	*state = &f;
	return image_open(&f.img, f.image, 0, &f.diag) ? -1 : 0;
}

static int release_image(void **state)
{
	struct fixture *f = *state;

	image_close(f->img);
	diag_release(&f->diag);
	remove_folder();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expand),
		cmocka_unit_test(visitor_ends_it),
		cmocka_unit_test(quiet),
	};

	return cmocka_run_group_tests(tests, make_image, release_image);
}
