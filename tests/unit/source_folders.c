// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory source with several threads: trees of many folders, which are
 * gone into ahead of the walk, are given as one thread gives them. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/dir.h"
#include "source_scratch.h"

enum { WIDE = 300, DEEP = 60 };

static const uint32_t threads[] = { 1, 2, 3, 8, 8, 8 };
enum { RUNS = sizeof(threads) / sizeof(threads[0]) };

/* Many small folders in a folder, a nest, a bush, and an empty one. */
static void make_tree(struct scratch *s)
{
	char path[256];
	int i, at, fd;

	scratch_mkdir(s, "wide");
	for (i = 0; i < WIDE; i++) {
		snprintf(path, sizeof(path), "wide/%d", i);
		scratch_mkdir(s, path);
		snprintf(path, sizeof(path), "wide/%d/%d", i, i % 17);
		if (i % 5)
			scratch_file(s, path, "x");
		snprintf(path, sizeof(path), "wide/%d/sub", i);
		if (i % 3)
			scratch_mkdir(s, path);
		snprintf(path, sizeof(path), "wide/%d/sub/y", i);
		if (i % 3 == 2)
			scratch_file(s, path, "y");
	}
	for (i = at = 0; i < DEEP; i++) {
		at += snprintf(path + at, sizeof(path) - at, "%sn",
			       i ? "/" : "");
		scratch_mkdir(s, path);
		snprintf(path + at, sizeof(path) - at, "/a");
		scratch_mkdir(s, path);
		snprintf(path + at, sizeof(path) - at, "/z");
		scratch_mkdir(s, path);
		path[at] = '\0';
	}
	scratch_mkdir(s, "bush");
	for (i = 0; i < 1 << 6; i++) {
		at = sprintf(path, "bush");
		for (fd = 1; fd < 1 << 6; fd *= 2) {
			at += sprintf(path + at, "/%c", i & fd ? 'r' : 'l');
			if (mkdirat(s->fd, path, 0755))
				assert_int_equal(errno, EEXIST);
		}
	}
	scratch_mkdir(s, "empty");
}

/* Scan, but not below every @prune-th folder (0: all), and no more than
 * @most entries. */
static errcode_t scan(struct scratch *s, struct buf *paths, int prune,
		      int most)
{
	struct source *source;
	int n, folders = 0;
	bool end = false;
	struct entry e;
	errcode_t err = 0;

	paths->len = 0;
	assert_int_equal(dir_source_open(&source, s->root, &s->options), 0);
	entry_init(&e);
	for (n = 0; n < most; n++) {
		err = source_next(source, &e, &end);
		if (err || end)
			break;
		assert_int_equal(buf_add_str(paths, e.path), 0);
		assert_int_equal(buf_add(paths, "\n", 1), 0);
		if (S_ISDIR(e.mode) && *e.path && prune &&
		    ++folders % prune == 0)
			source_prune(source);
	}
	assert_non_null(buf_str(paths));
	entry_release(&e);
	source_free(source);
	return err;
}

static void same_entries(void **state)
{
	static const int prunes[] = { 0, 3, 2 };
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct scratch *s = *state;
	int i, k, before;

	make_tree(s);
	before = scratch_open_files();
	for (k = 0; k < 3; k++) {
		s->options.threads = 0;
		assert_int_equal(scan(s, &want, prunes[k], INT32_MAX), 0);
		for (i = 0; i < RUNS; i++) {
			s->options.threads = threads[i];
			assert_int_equal(scan(s, &got, prunes[k], INT32_MAX),
					 0);
			assert_string_equal((char *)got.data,
					    (char *)want.data);
			assert_int_equal(scratch_open_files(), before);
		}
	}
	buf_release(&want);
	buf_release(&got);
}

/* Whenever the walk is given up, what was gone into ahead of it goes, too. */
static void given_up(void **state)
{
	struct buf got = BUF_INIT;
	struct scratch *s = *state;
	int n, before;

	make_tree(s);
	before = scratch_open_files();
	for (n = 1; n < 700; n += 13) {
		s->options.threads = threads[n % RUNS];
		assert_int_equal(scan(s, &got, 0, n), 0);
		assert_int_equal(scratch_open_files(), before);
	}
	buf_release(&got);
}

/* Where a question comes first, nobody goes ahead, and where it is another
 * one's folder, the walk says the same. */
static void options(void **state)
{
	static const char *const patterns[] = { "sub", "bush/l/l" };
	struct buf want = BUF_INIT, got = BUF_INIT;
	struct scratch *s = *state;
	int i;

	make_tree(s);
	s->options.one_file_system = true;
	s->options.threads = 1;
	assert_int_equal(scan(s, &want, 0, INT32_MAX), 0);
	s->options.threads = 8;
	assert_int_equal(scan(s, &got, 0, INT32_MAX), 0);
	assert_string_equal((char *)got.data, (char *)want.data);
	s->options.exclude = patterns;
	s->options.n_exclude = 2;
	for (i = 0; i < RUNS; i++) {
		s->options.threads = threads[i];
		assert_int_equal(scan(s, i ? &got : &want, 0, INT32_MAX), 0);
		if (i)
			assert_string_equal((char *)got.data,
					    (char *)want.data);
	}
	assert_null(strstr((char *)want.data, "sub"));
	buf_release(&want);
	buf_release(&got);
}

/* Read on to the entry @path. */
static void go_to(struct source *source, struct entry *e, const char *path)
{
	bool end = false;

	do {
		assert_int_equal(source_next(source, e, &end), 0);
		assert_false(end);
	} while (strcmp(e->path, path));
}

/* A folder that another takes the place of: what was seen of the first, or a
 * refusal, but nothing of the other. */
static void replaced(void **state)
{
	struct scratch *s = *state;
	struct source *source;
	struct entry e;
	bool end = false;
	errcode_t err;
	int i;

	entry_init(&e);
	for (i = 0; i < RUNS; i++) {
		scratch_mkdir(s, "d");
		scratch_file(s, "d/old", "");
		s->options.threads = threads[i];
		assert_int_equal(dir_source_open(&source, s->root,
						 &s->options), 0);
		go_to(source, &e, "d");
		assert_int_equal(renameat(s->fd, "d", s->fd, "gone"), 0);
		scratch_mkdir(s, "d");
		scratch_file(s, "d/new", "");
		err = source_next(source, &e, &end);
		if (!err) {
			assert_true(threads[i] > 1);
			assert_string_equal(e.path, "d/old");
		} else {
			assert_int_equal(err, E4PACK_ET_CHANGED);
			assert_non_null(strstr(s->message, "/d: "));
		}
		source_free(source);
		assert_int_equal(unlinkat(s->fd, "d/new", 0), 0);
		assert_int_equal(unlinkat(s->fd, "gone/old", 0), 0);
		assert_int_equal(unlinkat(s->fd, "d", AT_REMOVEDIR), 0);
		assert_int_equal(unlinkat(s->fd, "gone", AT_REMOVEDIR), 0);
	}
	entry_release(&e);
}

/* Folders without read or search permission: the same is told by any number
 * of threads, though they were tried ahead. */
static int check_locked(struct scratch *s)
{
	struct buf paths = BUF_INIT;
	char first[sizeof(s->message)];
	unsigned int told = 0;
	int i;

	for (i = 0; i < RUNS; i++) {
		s->options.threads = threads[i];
		s->options.ignore_unreadable = false;
		CHECK(scratch_scan(s, NULL) == EACCES);
		if (!i)
			strcpy(first, s->message);
		CHECK(!strcmp(first, s->message));
		s->options.ignore_unreadable = true;
		s->diag.warnings = 0;
		paths.len = 0;
		CHECK(!scratch_scan(s, &paths));
		CHECK(!strcmp((char *)paths.data,
			      "\na\na/x\nb\nc\nd\nd/x\n"));
		if (!i)
			told = s->diag.warnings;
		CHECK(told == 2 && s->diag.warnings == told);
	}
	buf_release(&paths);
	return 0;
}

static void locked_folders(void **state)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	static const mode_t modes[] = { 0755, 0311, 0644, 0755 };
	struct scratch *s = *state;
	char path[8];
	int i;

	for (i = 0; i < 4; i++) {
		scratch_mkdir(s, names[i]);
		snprintf(path, sizeof(path), "%s/x", names[i]);
		scratch_file(s, path, "");
		assert_int_equal(fchmodat(s->fd, names[i], modes[i], 0), 0);
	}
	if (geteuid())
		skip();
	assert_int_equal(scratch_in_child(check_locked, s, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(same_entries),
		TEST(given_up),
		TEST(options),
		TEST(replaced),
		TEST(locked_folders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
