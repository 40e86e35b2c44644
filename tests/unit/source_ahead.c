// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking at names, and going into folders, ahead of the walk: whoever looks,
 * the answers are those of the kernel, each to its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
	dev_t dev;
	char path[256];
	char *names[FILES];
};

static void make_row(struct scratch *s, struct row *r, const char *folder)
{
	struct stat st;
	char path[300];
	int i, fd;

	scratch_mkdir(s, folder);
	snprintf(r->path, sizeof(r->path), "%s/%s", s->root, folder);
	r->fd = open(r->path, O_RDONLY | O_DIRECTORY);
	assert_true(r->fd >= 0);
	assert_int_equal(fstat(r->fd, &st), 0);
	r->dev = st.st_dev;
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
	struct dir_names names = { (const char **)r->names, FILES, BUF_INIT };

	assert_int_equal(dir_ahead_begin(a, l, r->fd, r->dev, r->path, &names,
					 next), 0);
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
	struct dir_lookers *l = dir_lookers_new(threads, AT_SYMLINK_NOFOLLOW,
						true);
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

/* A folder of @FOLDERS folders, each with a folder and a file of its own
 * size, and some in between that are none. */
enum { FOLDERS = 40, FILE_EACH = 5 };

static void make_folders(struct scratch *s, struct row *r)
{
	struct stat st;
	char path[64];
	int i, fd;

	memset(r, 0, sizeof(*r));
	r->fd = s->fd;
	strcpy(r->path, s->root);
	assert_int_equal(fstat(s->fd, &st), 0);
	r->dev = st.st_dev;
	for (i = 0; i < FOLDERS; i++) {
		assert_true(asprintf(&r->names[i], "d%02d", i) > 0);
		if (i % FILE_EACH == FILE_EACH - 1) {
			scratch_file(s, r->names[i], "");
			continue;
		}
		scratch_mkdir(s, r->names[i]);
		snprintf(path, sizeof(path), "d%02d/file", i);
		fd = openat(s->fd, path, O_WRONLY | O_CREAT, 0644);
		assert_int_equal(ftruncate(fd, i), 0);
		close(fd);
		snprintf(path, sizeof(path), "d%02d/deep", i);
		scratch_mkdir(s, path);
	}
}

static void begin_folders(struct dir_ahead *a, struct dir_lookers *l,
			  struct row *r)
{
	struct dir_names names = { (const char **)r->names, FOLDERS,
				   BUF_INIT };

	assert_int_equal(dir_ahead_begin(a, l, r->fd, r->dev, r->path, &names,
					 0), 0);
	assert_int_equal(dir_ahead_get(a, 0)->err, 0);
}

/* Wait until @n more descriptors are open than @before, some seconds at most:
 * only folders that are prepared bring them. */
static bool wait_for_files(int before, int n)
{
	int i;

	for (i = 0; i < 5000; i++) {
		if (scratch_open_files() >= before + n)
			return true;
		usleep(1000);
	}
	return false;
}

static void check_prepared(struct dir_prepared *p, int i)
{
	assert_int_equal(p->names.n, 2);
	assert_string_equal(p->names.sorted[0], "deep");
	assert_string_equal(p->names.sorted[1], "file");
	assert_true(S_ISDIR(dir_ahead_get(&p->ahead, 0)->st.stx_mode));
	assert_int_equal(dir_ahead_get(&p->ahead, 1)->st.stx_size, i);
}

static void release(struct dir_prepared *p)
{
	dir_ahead_end(&p->ahead);
	dir_names_release(&p->names);
	close(p->fd);
}

/* Go through the folders, into every @step-th. */
static void go_through(uint32_t threads, struct row *r, int step)
{
	struct dir_lookers *l = dir_lookers_new(threads, AT_SYMLINK_NOFOLLOW,
						true);
	struct dir_ahead a = { NULL, NULL };
	struct dir_prepared p, deep;
	int i, before = scratch_open_files();

	assert_non_null(l);
	begin_folders(&a, l, r);
	if (threads > 1)
		assert_true(wait_for_files(before, 8));
	for (i = 0; i < FOLDERS; i++) {
		bool folder = i % FILE_EACH != FILE_EACH - 1;

		assert_int_equal(dir_ahead_get(&a, i)->err, 0);
		if (!folder || i % step)
			continue;
		if (!dir_ahead_enter(&a, i, &p)) {
			/* The first one is prepared first. */
			assert_true(i || threads <= 1);
			continue;
		}
		assert_true(threads > 1);
		check_prepared(&p, i);
		if (dir_ahead_enter(&p.ahead, 0, &deep)) {
			assert_int_equal(deep.names.n, 0);
			release(&deep);
		}
		release(&p);
	}
	dir_ahead_end(&a);
	assert_int_equal(scratch_open_files(), before);
	dir_lookers_free(l);
}

static void folders_are_prepared(void **state)
{
	static const uint32_t threads[] = { 1, 2, 3, 8 };
	struct row r;
	size_t i;

	make_folders(*state, &r);
	for (i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
		go_through(threads[i], &r, 1);
		go_through(threads[i], &r, 3);
		go_through(threads[i], &r, FOLDERS);
	}
	for (i = 0; i < FOLDERS; i++)
		free(r.names[i]);
}

/* Whatever is in the place of the folder that was looked at is not it. */
static void other_folders(void **state)
{
	struct scratch *s = *state;
	struct stat st;
	int fd = -1;

	scratch_mkdir(s, "d");
	scratch_file(s, "f", "");
	assert_int_equal(symlinkat("d", s->fd, "l"), 0);
	assert_int_equal(fstatat(s->fd, "d", &st, 0), 0);
	assert_int_equal(dir_open_looked(&fd, s->fd, "d", st.st_dev,
					 st.st_ino), 0);
	close(fd);
	assert_int_equal(dir_open_looked(&fd, s->fd, "d", st.st_dev,
					 st.st_ino + 1), ENOTDIR);
	assert_int_equal(dir_open_looked(&fd, s->fd, "d", st.st_dev + 1,
					 st.st_ino), ENOTDIR);
	assert_int_equal(dir_open_looked(&fd, s->fd, "f", st.st_dev,
					 st.st_ino), ENOTDIR);
	assert_int_equal(dir_open_looked(&fd, s->fd, "l", st.st_dev,
					 st.st_ino), ENOTDIR);
	assert_int_equal(dir_open_looked(&fd, s->fd, "none", st.st_dev,
					 st.st_ino), ENOENT);
}

/* Nobody goes ahead into what is on another device, or where it is not
 * asked for, or where descriptors are few. */
static void not_prepared(void **state)
{
	struct rlimit files, few = { .rlim_cur = 8 };
	int i, before = scratch_open_files();
	struct dir_prepared p;
	struct row r;

	make_folders(*state, &r);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	few.rlim_max = files.rlim_max;
	for (i = 0; i < 3; i++) {
		struct dir_ahead a = { NULL, NULL };
		struct dir_lookers *l;

		if (i == 2)
			assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		l = dir_lookers_new(8, AT_SYMLINK_NOFOLLOW, i != 0);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
		assert_non_null(l);
		r.dev += i == 1;
		begin_folders(&a, l, &r);
		r.dev -= i == 1;
		usleep(20000);
		assert_int_equal(dir_ahead_get(&a, 0)->err, 0);
		assert_false(dir_ahead_enter(&a, 0, &p));
		dir_ahead_end(&a);
		dir_lookers_free(l);
		assert_int_equal(scratch_open_files(), before);
	}
	for (i = 0; i < FOLDERS; i++)
		free(r.names[i]);
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
		TEST(folders_are_prepared),
		TEST(other_folders),
		TEST(not_prepared),
		TEST(without_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
