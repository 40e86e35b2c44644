// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory source: what it gives, in which order, and with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/dir.h"
#include "source/filter.h"
#include "source_scratch.h"

static void expect_paths(struct scratch *s, const char *want)
{
	struct buf paths = BUF_INIT;

	assert_int_equal(scratch_scan(s, &paths), 0);
	assert_string_equal((char *)paths.data, want);
	buf_release(&paths);
}

static void empty_folder(void **state)
{
	expect_paths(*state, "\n");
}

static void order_is_by_bytes(void **state)
{
	static const char *const files[] = {
		"b", "a/z", "a/\xff", "a/\x01 \n", "a-b", "a.b", "B", "-n",
		"a/c/deep", "a/c-1", "\xc3\xa4",
	};
	struct scratch *s = *state;
	size_t i;

	scratch_mkdir(s, "a");
	scratch_mkdir(s, "a/c");
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		scratch_file(s, files[i], "");
	expect_paths(s, "\n-n\nB\na\na/\x01 \n\na/c\na/c/deep\na/c-1\na/z\n"
			"a/\xff\na-b\na.b\nb\n\xc3\xa4\n");
}

static void attributes(void **state)
{
	static const struct timespec times[2] = { { -5, 999999999 },
						  { 4000000000, 1 } };
	struct scratch *s = *state;
	struct stat st;
	struct entry e;

	scratch_file(s, "f", "hello");
	assert_int_equal(fchmodat(s->fd, "f", 04751, 0), 0);
	if (!geteuid()) {
		assert_int_equal(fchownat(s->fd, "f", 65536, 4294967294, 0),
				 0);
		assert_int_equal(fchmodat(s->fd, "f", 04751, 0), 0);
	}
	assert_int_equal(utimensat(s->fd, "f", times, 0), 0);
	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	scratch_find(s, "f", &e);
	assert_int_equal(e.mode, S_IFREG | 04751);
	assert_int_equal(e.uid, st.st_uid);
	assert_int_equal(e.gid, st.st_gid);
	assert_int_equal(e.size, 5);
	assert_true(e.times[ENTRY_MTIME].sec == 4000000000);
	assert_int_equal(e.times[ENTRY_MTIME].nsec, 1);
	assert_true(e.times[ENTRY_ATIME].sec == -5);
	assert_int_equal(e.times[ENTRY_ATIME].nsec, 999999999);
	assert_true(e.times[ENTRY_CTIME].sec == st.st_ctim.tv_sec);
	assert_true(e.has_time[ENTRY_ATIME] && e.has_time[ENTRY_MTIME] &&
		    e.has_time[ENTRY_CTIME]);
	assert_false(e.has_identity);
	assert_int_equal(e.n_data, 1);
	assert_int_equal(e.data[0].len, 5);
	assert_non_null(e.origin);
	entry_release(&e);
}

static void file_flags(void **state)
{
	struct scratch *s = *state;
	int fd, flags = FS_NODUMP_FL;
	struct entry e;

	scratch_file(s, "f", "x");
	scratch_find(s, "f", &e);
	assert_int_equal(e.fs_flags & FS_NODUMP_FL, 0);
	entry_release(&e);
	fd = openat(s->fd, "f", O_RDONLY);
	if (ioctl(fd, FS_IOC_SETFLAGS, &flags)) {
		close(fd);
		skip();
	}
	close(fd);
	scratch_find(s, "f", &e);
	assert_int_equal(e.fs_flags & FS_NODUMP_FL, FS_NODUMP_FL);
	entry_release(&e);
}

static void reading_leaves_no_trace(void **state)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	struct scratch *s = *state;
	struct stat st;
	struct entry e;
	uint8_t text[5];

	scratch_file(s, "f", "hello");
	assert_int_equal(utimensat(s->fd, "f", old, 0), 0);
	assert_int_equal(futimens(s->fd, old), 0);
	scratch_find(s, "f", &e);
	assert_int_equal(scratch_read(s, &e, text), 0);
	assert_memory_equal(text, "hello", 5);
	entry_release(&e);
	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	assert_int_equal(st.st_atime, 1000);
	assert_int_equal(fstat(s->fd, &st), 0);
	assert_int_equal(st.st_atime, 1000);
}

static void specials_are_not_opened(void **state)
{
	struct scratch *s = *state;
	struct entry e;

	/* To open this pipe would wait for a writer. */
	assert_int_equal(mkfifoat(s->fd, "p", 0600), 0);
	assert_int_equal(mknodat(s->fd, "s", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(symlinkat("p", s->fd, "l"), 0);
	expect_paths(s, "\nl\np\ns\n");
	scratch_find(s, "l", &e);
	assert_int_equal(e.mode & S_IFMT, S_IFLNK);
	assert_string_equal(e.target, "p");
	assert_null(e.origin);
	entry_release(&e);
	scratch_find(s, "p", &e);
	assert_int_equal(e.mode, S_IFIFO | 0600);
	entry_release(&e);
}

static void link_targets(void **state)
{
	static const size_t lens[] = { 1, 59, 60, 61, 255, 1023, 4095 };
	struct scratch *s = *state;
	char target[4096];
	struct entry e;
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		memset(target, 'x', lens[i]);
		target[lens[i]] = '\0';
		if (symlinkat(target, s->fd, "l")) {
			assert_int_equal(errno, ENAMETOOLONG);
			continue;
		}
		scratch_find(s, "l", &e);
		assert_string_equal(e.target, target);
		entry_release(&e);
		assert_int_equal(unlinkat(s->fd, "l", 0), 0);
	}
}

static void devices(void **state)
{
	struct scratch *s = *state;
	struct entry e;

	if (mknodat(s->fd, "b", S_IFBLK | 0660, makedev(4095, 1048575)))
		skip();
	scratch_find(s, "b", &e);
	assert_int_equal(e.mode, S_IFBLK | 0660);
	assert_int_equal(e.dev_major, 4095);
	assert_int_equal(e.dev_minor, 1048575);
	entry_release(&e);
}

static void hard_links(void **state)
{
	struct scratch *s = *state;
	struct entry a, b;

	scratch_mkdir(s, "d");
	scratch_file(s, "f", "x");
	scratch_file(s, "alone", "x");
	assert_int_equal(symlinkat("f", s->fd, "l"), 0);
	assert_int_equal(linkat(s->fd, "f", s->fd, "d/f", 0), 0);
	assert_int_equal(linkat(s->fd, "l", s->fd, "d/l", 0), 0);
	scratch_find(s, "f", &a);
	scratch_find(s, "d/f", &b);
	assert_true(a.has_identity && b.has_identity);
	assert_true(a.link_ino == b.link_ino && a.link_dev == b.link_dev);
	entry_release(&a);
	entry_release(&b);
	scratch_find(s, "l", &a);
	scratch_find(s, "d/l", &b);
	assert_true(a.has_identity && b.has_identity);
	assert_true(a.link_ino == b.link_ino);
	entry_release(&a);
	entry_release(&b);
	scratch_find(s, "d", &a);
	assert_false(a.has_identity);
	entry_release(&a);
	scratch_find(s, "alone", &a);
	assert_false(a.has_identity);
	entry_release(&a);
}

static void extended_attributes(void **state)
{
	struct scratch *s = *state;
	char path[256], big[3000];
	struct entry e;

	memset(big, 'v', sizeof(big));
	scratch_file(s, "f", "");
	snprintf(path, sizeof(path), "%s/f", s->root);
	if (setxattr(path, "user.b", big, sizeof(big), 0))
		skip();
	assert_int_equal(setxattr(path, "user.a", "", 0, 0), 0);
	assert_int_equal(setxattr(path, "user.c", "\0x", 2, 0), 0);
	assert_int_equal(setxattr(s->root, "user.root", "r", 1, 0), 0);
	scratch_find(s, "f", &e);
	assert_int_equal(e.n_xattrs, 3);
	assert_string_equal(e.xattrs[0].name, "user.a");
	assert_int_equal(e.xattrs[0].len, 0);
	assert_int_equal(e.xattrs[1].len, sizeof(big));
	assert_memory_equal(e.xattrs[1].value, big, sizeof(big));
	assert_memory_equal(e.xattrs[2].value, "\0x", 2);
	entry_release(&e);
	scratch_find(s, "", &e);
	assert_int_equal(e.n_xattrs, 1);
	assert_string_equal(e.xattrs[0].name, "user.root");
	entry_release(&e);
}

/* A list longer than the first buffer made for it. */
static void many_extended_attributes(void **state)
{
	struct scratch *s = *state;
	char path[256], name[256];
	struct entry e;
	int i, n = 0;

	scratch_file(s, "f", "");
	snprintf(path, sizeof(path), "%s/f", s->root);
	for (i = 0; i < 12; i++) {
		snprintf(name, sizeof(name), "user.%0240d", i);
		n += !setxattr(path, name, "x", 1, 0);
	}
	if (n < 5)
		skip();
	scratch_find(s, "f", &e);
	assert_int_equal(e.n_xattrs, n);
	entry_release(&e);
}

static void pruned_folders(void **state)
{
	struct scratch *s = *state;
	struct source *source;
	struct entry e;
	bool end;

	scratch_mkdir(s, "a");
	scratch_mkdir(s, "b");
	scratch_file(s, "a/x", "");
	scratch_file(s, "b/x", "");
	assert_int_equal(dir_source_open(&source, s->root, &s->options), 0);
	entry_init(&e);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_string_equal(e.path, "a");
	source_prune(source);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_string_equal(e.path, "b");
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_string_equal(e.path, "b/x");
	source_prune(source);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_true(end);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_true(end);
	source_free(source);

	assert_int_equal(dir_source_open(&source, s->root, &s->options), 0);
	assert_int_equal(source_next(source, &e, &end), 0);
	source_prune(source);
	assert_int_equal(source_next(source, &e, &end), 0);
	assert_true(end);
	source_free(source);
	entry_release(&e);
}

/* What is left out is not looked at: its faults do not matter. */
static void excluded_names(void **state)
{
	static const char *const patterns[] = { "/a", "image" };
	struct scratch *s = *state;
	struct stat st;

	scratch_mkdir(s, "a");
	scratch_mkdir(s, "b");
	scratch_file(s, "a/x", "");
	scratch_file(s, "b/a", "");
	scratch_file(s, "b/image", "");
	assert_int_equal(fstatat(s->fd, "b/image", &st, 0), 0);
	s->options.has_target = true;
	s->options.target_dev = st.st_dev;
	s->options.target_ino = st.st_ino;
	assert_int_equal(scratch_scan(s, NULL), E4PACK_ET_FAILED);
	assert_non_null(strstr(s->message,
			       "/b/image: the image lies inside"));
	s->options.exclude = patterns;
	s->options.n_exclude = 2;
	expect_paths(s, "\nb\nb/a\n");
}

static void roots(void **state)
{
	static const char *const tails[] = { "", "/", "///", "/.", "/../d",
					     "/link" };
	struct scratch *s = *state, sub = *s;
	size_t i;

	scratch_mkdir(s, "d");
	scratch_file(s, "d/f", "");
	assert_int_equal(symlinkat(".", s->fd, "d/link"), 0);
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		snprintf(sub.root, sizeof(sub.root), "%.90s/d%s", s->root,
			 tails[i]);
		expect_paths(&sub, "\nf\nlink\n");
	}
	snprintf(sub.root, sizeof(sub.root), "%.90s/d/f", s->root);
	assert_int_equal(scratch_scan(&sub, NULL), ENOTDIR);
	snprintf(sub.root, sizeof(sub.root), "%.90s/none", s->root);
	assert_int_equal(scratch_scan(&sub, NULL), ENOENT);
}

/* What a message calls a file is the path as the user began it. */
static void subjects(void **state)
{
	struct scratch *s = *state, sub = *s;
	struct entry e;
	uint8_t text[8];
	char want[256];

	scratch_mkdir(s, "d");
	scratch_file(s, "d/f", "x");
	snprintf(sub.root, sizeof(sub.root), "%.90s/.//d//", s->root);
	scratch_find(&sub, "f", &e);
	scratch_file(s, "d/f", "longer");
	assert_int_equal(scratch_read(s, &e, text), E4PACK_ET_CHANGED);
	snprintf(want, sizeof(want),
		 "%.90s/.//d/f: changed while it was read", s->root);
	assert_string_equal(s->message, want);
	entry_release(&e);
}

static void interrupted(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct scratch *s = *state;

	s->progress.stop = &stop;
	assert_int_equal(scratch_scan(s, NULL), E4PACK_ET_INTERRUPTED);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_folder),
		TEST(order_is_by_bytes),
		TEST(attributes),
		TEST(file_flags),
		TEST(reading_leaves_no_trace),
		TEST(specials_are_not_opened),
		TEST(link_targets),
		TEST(devices),
		TEST(hard_links),
		TEST(extended_attributes),
		TEST(many_extended_attributes),
		TEST(pruned_folders),
		TEST(excluded_names),
		TEST(roots),
		TEST(subjects),
		TEST(interrupted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
