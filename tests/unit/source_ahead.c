// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking at names ahead of the walk: whoever looks, the answers are those of
 * the kernel, each to its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "source/dir_ahead.h"
#include "source_scratch.h"

enum { FILES = 1000, ODD = 7, MISSING = 11 };

/* A folder with names of which some are not there and some have attributes,
 * and sizes that tell them apart. */
struct row {
	int fd;
	char path[256];
	char *names[FILES];
};

static void make_row(struct scratch *s, struct row *r, const char *folder)
{
	char path[300];
	int i, fd;

	scratch_mkdir(s, folder);
	snprintf(r->path, sizeof(r->path), "%s/%s", s->root, folder);
	r->fd = open(r->path, O_RDONLY | O_DIRECTORY);
	assert_true(r->fd >= 0);
	for (i = 0; i < FILES; i++) {
		assert_true(asprintf(&r->names[i], "f%d", i) > 0);
		if (i % MISSING == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", r->path, r->names[i]);
		fd = open(path, O_WRONLY | O_CREAT, 0644);
		assert_true(fd >= 0);
		assert_int_equal(ftruncate(fd, i), 0);
		if (i % ODD == 0 && fsetxattr(fd, "user.odd", "1", 1, 0))
			assert_int_equal(errno, EOPNOTSUPP);
		close(fd);
	}
}

static void free_row(struct row *r)
{
	int i;

	for (i = 0; i < FILES; i++)
		free(r->names[i]);
	close(r->fd);
}

static void begin(struct dir_ahead *a, struct dir_lookers *l, struct row *r,
		  size_t next)
{
	assert_int_equal(dir_ahead_begin(a, l, r->fd, r->path,
					 (const char *const *)r->names,
					 FILES, next), 0);
}

static void check_look(const struct row *r, const struct dir_look *look,
		       int i)
{
	char path[300];

	if (i % MISSING == 0) {
		assert_int_equal(look->err, ENOENT);
		return;
	}
	assert_int_equal(look->err, 0);
	assert_int_equal(look->st.stx_size, i);
	snprintf(path, sizeof(path), "%s/%s", r->path, r->names[i]);
	assert_int_equal(look->plain, llistxattr(path, NULL, 0) <= 0);
}

static void walk(uint32_t threads, struct row *outer, struct row *inner)
{
	struct dir_lookers *l = dir_lookers_new(threads, AT_SYMLINK_NOFOLLOW);
	struct dir_ahead a = { NULL, NULL }, b = { NULL, NULL };
	int i, k;

	assert_non_null(l);
	begin(&a, l, outer, 0);
	for (i = 0; i < FILES; i++) {
		check_look(outer, dir_ahead_get(&a, i), i);
		if (i % 100 != 50)
			continue;
		/* Into another folder, and out of it anywhere in it. */
		begin(&b, l, inner, i);
		for (k = i; k < FILES && k < 3 * i; k++)
			check_look(inner, dir_ahead_get(&b, k), k);
		dir_ahead_end(&b);
	}
	dir_ahead_end(&a);
	/* Given up and taken up again in the middle, and left at once. */
	begin(&a, l, outer, 333);
	check_look(outer, dir_ahead_get(&a, 333), 333);
	dir_ahead_end(&a);
	begin(&a, l, outer, FILES - 1);
	dir_ahead_end(&a);
	dir_ahead_end(&a);
	dir_lookers_free(l);
}

static void same_for_any_threads(void **state)
{
	static const uint32_t threads[] = { 0, 1, 2, 3, 8, 1000 };
	struct row outer, inner;
	size_t i;

	make_row(*state, &outer, "outer");
	make_row(*state, &inner, "inner");
	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		walk(threads[i], &outer, &inner);
	free_row(&outer);
	free_row(&inner);
	dir_lookers_free(NULL);
}

/* Without a path only a kernel that takes descriptors can say that there are
 * no attributes: to know nothing is always right. */
static void without_path(void **state)
{
	struct scratch *s = *state;
	struct dir_look look;

	scratch_file(s, "f", "text");
	dir_look_at(&look, s->fd, "", "f", AT_SYMLINK_NOFOLLOW);
	assert_int_equal(look.err, 0);
	assert_int_equal(look.st.stx_size, 4);
	dir_look_at(&look, s->fd, s->root, "f", AT_SYMLINK_NOFOLLOW);
	assert_true(look.plain);
	dir_look_at(&look, s->fd, s->root, "none", AT_SYMLINK_NOFOLLOW);
	assert_int_equal(look.err, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_for_any_threads),
		TEST(without_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
