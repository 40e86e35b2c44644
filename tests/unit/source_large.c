// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory source where things are many, deep or full of holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "source/dir.h"
#include "source_scratch.h"

static void many_names(void **state)
{
	struct scratch *s = *state;
	struct buf paths = BUF_INIT;
	char name[256];
	size_t i, n = 5000;
	char *p;

	/* Long names, so that one read of the folder does not take all. */
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "%0255zu", (i * 37) % n);
		scratch_file(s, name, "");
	}
	assert_int_equal(scratch_scan(s, &paths), 0);
	assert_int_equal(paths.len, 1 + n * 256);
	p = (char *)paths.data + 1;
	for (i = 0; i < n; i++, p += 256)
		assert_int_equal(strtoul(p, NULL, 10), i);
	buf_release(&paths);
}

/* Make a file of @blocks * 8 KiB: every second 4 KiB are a hole. */
static void make_sparse(struct scratch *s, const char *name, int blocks)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT, 0644), i;

	assert_true(fd >= 0);
	for (i = 0; i < blocks; i++)
		assert_int_equal(pwrite(fd, "data", 4, (off_t)i * 8192), 4);
	assert_int_equal(ftruncate(fd, (off_t)blocks * 8192), 0);
	close(fd);
}

static void holes(void **state)
{
	struct scratch *s = *state;
	struct entry e;
	uint8_t *text;
	size_t i;

	make_sparse(s, "f", 20000);
	scratch_find(s, "f", &e);
	if (e.n_data == 1) {
		entry_release(&e);
		skip();
	}
	assert_int_equal(e.size, 20000 * 8192);
	assert_int_equal(e.n_data, 20000);
	for (i = 0; i < e.n_data; i++) {
		assert_int_equal(e.data[i].offset, i * 8192);
		assert_int_equal(e.data[i].len, 4096);
		assert_int_equal(e.data[i].origin_offset, i * 8192);
	}
	text = malloc(e.size);
	assert_non_null(text);
	assert_int_equal(scratch_read(s, &e, text), 0);
	for (i = 0; i < e.n_data; i++)
		assert_memory_equal(text + i * 8192, "data", 5);
	free(text);
	entry_release(&e);
}

/* The blocks past the end make the file's count of blocks that of a file
 * without holes. */
static void hole_and_blocks_past_end(void **state)
{
	struct scratch *s = *state;
	struct entry e;
	int fd = openat(s->fd, "f", O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	assert_int_equal(pwrite(fd, "x", 1, 1 << 20), 1);
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 2 << 20, 2 << 20)) {
		close(fd);
		skip();
	}
	close(fd);
	scratch_find(s, "f", &e);
	assert_int_equal(e.size, (1 << 20) + 1);
	assert_int_equal(e.n_data, 2);
	assert_int_equal(e.data[0].offset, 0);
	assert_true(e.data[0].len < 1 << 20);
	assert_int_equal(e.data[1].offset + e.data[1].len, e.size);
	entry_release(&e);
}

static void one_hole(void **state)
{
	struct scratch *s = *state;
	struct entry e;
	int fd = openat(s->fd, "f", O_WRONLY | O_CREAT, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 30), 0);
	scratch_find(s, "f", &e);
	assert_int_equal(e.size, 1 << 30);
	if (e.n_data)
		assert_int_equal(e.data[0].len, 1 << 30);
	else
		assert_null(e.origin);
	entry_release(&e);
	assert_int_equal(pwrite(fd, "x", 1, 1 << 30), 1);
	scratch_find(s, "f", &e);
	assert_int_equal(e.n_data, 1);
	assert_int_equal(e.data[0].offset + e.data[0].len, (1 << 30) + 1);
	entry_release(&e);
	close(fd);
}

/* Make folders @depth deep, each of @len bytes, with a file at the end. */
static void make_deep(struct scratch *s, int depth, size_t len)
{
	char name[256];
	int at = dup(s->fd), next, i;

	memset(name, 'd', len);
	name[len] = '\0';
	for (i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(at, name, 0755), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(at);
		at = next;
	}
	next = openat(at, "end", O_WRONLY | O_CREAT, 0644);
	assert_true(next >= 0);
	assert_int_equal(write(next, "bottom", 6), 6);
	s->n_xattrs = !fsetxattr(next, "user.deep", "x", 1, 0);
	close(next);
	/* After the way back up there is something left to give. */
	next = openat(s->fd, "z", O_WRONLY | O_CREAT, 0644);
	assert_true(next >= 0);
	close(next);
	close(at);
}

static int check_deep(struct scratch *s)
{
	struct rlimit few = { 16, 16 };
	struct source *source;
	struct entry e, kept;
	bool end = false, last = false;
	uint8_t text[6];
	size_t n = 0;

	CHECK(!setrlimit(RLIMIT_NOFILE, &few));
	CHECK(!dir_source_open(&source, s->root, &s->options));
	entry_init(&e);
	entry_init(&kept);
	while (!source_next(source, &e, &end) && !end) {
		n++;
		last = !strcmp(e.path, "z");
		if (e.size == 6) {
			kept = e;
			entry_init(&e);
		}
	}
	source_free(source);
	CHECK(end);
	CHECK(n == 3003);
	CHECK(last);
	CHECK(kept.path && strlen(kept.path) > PATH_MAX);
	CHECK(kept.n_xattrs == s->n_xattrs);
	CHECK(!scratch_read(s, &kept, text));
	CHECK(!memcmp(text, "bottom", 6));
	entry_release(&kept);
	entry_release(&e);
	return 0;
}

/* Attributes below a path that is too long are read through /proc. */
static void skip_without_proc(void)
{
	if (access("/proc/self/fd", F_OK))
		skip();
}

static void deep_with_few_descriptors(void **state)
{
	skip_without_proc();
	make_deep(*state, 3000, 1);
	assert_int_equal(scratch_in_child(check_deep, *state, false), 0);
}

static void deep_with_long_names(void **state)
{
	skip_without_proc();
	make_deep(*state, 3000, 100);
	assert_int_equal(scratch_in_child(check_deep, *state, false), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_names),
		TEST(holes),
		TEST(hole_and_blocks_past_end),
		TEST(one_hole),
		TEST(deep_with_few_descriptors),
		TEST(deep_with_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
