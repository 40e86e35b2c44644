// SPDX-License-Identifier: GPL-2.0-or-later
/* The directory source where it may not look, where names go away under it,
 * and at mount points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/dir.h"
#include "source_scratch.h"

static int check_unreadable(struct scratch *s)
{
	struct buf paths = BUF_INIT;

	CHECK(scratch_scan(s, NULL) == EACCES);
	CHECK(!strcmp(s->message + strlen(s->root),
		      "/f: cannot be read: Permission denied"));
	s->options.ignore_unreadable = true;
	CHECK(!scratch_scan(s, &paths));
	CHECK(!strcmp((char *)paths.data, "\nhole\nlist\nok\nshut\n"));
	CHECK(s->diag.warnings == 3);
	buf_release(&paths);
	s->diag.strict = true;
	CHECK(scratch_scan(s, NULL) == E4PACK_ET_STRICT);
	return 0;
}

static void unreadable(void **state)
{
	struct scratch *s = *state;
	int fd, result;

	scratch_file(s, "f", "secret");
	scratch_file(s, "ok", "open");
	scratch_mkdir(s, "list");	/* names may be read, no more */
	scratch_mkdir(s, "shut");
	scratch_file(s, "list/x", "");
	scratch_file(s, "shut/x", "");
	fd = openat(s->fd, "hole", O_WRONLY | O_CREAT, 0644);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	assert_int_equal(fchmodat(s->fd, "f", 0, 0), 0);
	assert_int_equal(fchmodat(s->fd, "list", 0744, 0), 0);
	assert_int_equal(fchmodat(s->fd, "shut", 0, 0), 0);
	if (geteuid())
		assert_int_equal(fchmodat(s->fd, "list", 0400, 0), 0);
	result = scratch_in_child(check_unreadable, s, true);
	fchmodat(s->fd, "list", 0755, 0);
	fchmodat(s->fd, "shut", 0755, 0);
	if (result == SCRATCH_SKIP)
		skip();
	assert_int_equal(result, 0);
}

/* Of a root that cannot be read nothing is left to leave out. */
static int check_unreadable_root(struct scratch *s)
{
	s->options.ignore_unreadable = true;
	CHECK(scratch_scan(s, NULL) == EACCES);
	CHECK(s->diag.errors == 1 && s->diag.warnings == 0);
	return 0;
}

static void unreadable_root(void **state)
{
	static const mode_t modes[] = { 0711, 0744, 0700, 0 };
	struct scratch *s = *state;
	size_t i;

	for (i = geteuid() ? 3 : 0; i < 4; i++) {
		int result;

		assert_int_equal(fchmod(s->fd, modes[i]), 0);
		result = scratch_in_child(check_unreadable_root, s, true);
		fchmod(s->fd, 0755);
		if (result == SCRATCH_SKIP)
			skip();
		assert_int_equal(result, 0);
	}
}

/* Made unreadable only after the scan. */
static int check_unreadable_later(struct scratch *s)
{
	struct entry e;
	uint8_t text[8];

	CHECK(mkdirat(s->fd, "own", 0755) == 0);
	scratch_file(s, "own/f", "x");
	scratch_find(s, "own/f", &e);
	CHECK(!fchmodat(s->fd, "own", 0, 0));
	CHECK(scratch_read(s, &e, text) == EACCES);
	CHECK(!strcmp(s->message + strlen(s->root),
		      "/own/f: cannot be opened: Permission denied"));
	CHECK(!fchmodat(s->fd, "own", 0755, 0));
	entry_release(&e);
	return 0;
}

static void unreadable_later(void **state)
{
	struct scratch *s = *state;

	assert_int_equal(fchmod(s->fd, 0777), 0);
	assert_int_equal(scratch_in_child(check_unreadable_later, s, true), 0);
}

/* Scan, and take @victim away when the entry before it was given. */
static errcode_t scan_while_it_vanishes(struct scratch *s, const char *before,
					const char *victim, int flags,
					size_t *n)
{
	struct source *source;
	struct entry e;
	bool end = false;
	errcode_t err = dir_source_open(&source, s->root, &s->options);

	*n = 0;
	if (err)
		return err;
	entry_init(&e);
	while (!(err = source_next(source, &e, &end)) && !end) {
		++*n;
		if (!strcmp(e.path, before))
			assert_int_equal(unlinkat(s->fd, victim, flags), 0);
	}
	entry_release(&e);
	source_free(source);
	return err;
}

/* More names than are looked at before their turn. */
enum { NAMES_BETWEEN = 300 };

static void vanishing_names(void **state)
{
	struct scratch *s = *state;
	char name[16];
	size_t n;
	int i;

	for (i = 0; i < NAMES_BETWEEN; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		scratch_file(s, name, "");
	}
	for (i = 0; i < 4; i++) {
		bool folder = i & 1;

		s->options.allow_vanished = i & 2;
		/* Nobody goes into the folder before it is taken away. */
		s->options.threads = folder ? 1 : 3;
		scratch_file(s, "a", "");
		if (folder)
			scratch_mkdir(s, "b");
		else
			scratch_file(s, "b", "");
		assert_int_equal(scan_while_it_vanishes(
					 s, folder ? "b" : "a", "b",
					 folder ? AT_REMOVEDIR : 0, &n),
				 s->options.allow_vanished ?
					 0 : E4PACK_ET_CHANGED);
		assert_int_equal(n, NAMES_BETWEEN + (folder ? 3 : 2));
		assert_non_null(strstr(s->message, "/b: vanished"));
	}
	assert_int_equal(s->diag.warnings, 2);
	assert_int_equal(s->diag.errors, 2);
}

/* A namespace of our own to mount in. */
static bool can_mount(void)
{
	return !unshare(CLONE_NEWNS) &&
	       !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int check_mounts(struct scratch *s)
{
	struct buf paths = BUF_INIT;

	if (!can_mount() || chdir(s->root) ||
	    mount("t", "mnt", "tmpfs", 0, NULL))
		return SCRATCH_SKIP;
	close(open("mnt/x", O_WRONLY | O_CREAT, 0600));
	CHECK(!scratch_scan(s, &paths));
	CHECK(!strcmp((char *)paths.data, "\na\nmnt\nmnt/x\nz\n"));
	CHECK(s->diag.warnings == 0);
	paths.len = 0;
	s->options.one_file_system = true;
	CHECK(!scratch_scan(s, &paths));
	CHECK(!strcmp((char *)paths.data, "\na\nmnt\nz\n"));
	buf_release(&paths);
	return 0;
}

static int check_loop(struct scratch *s)
{
	if (!can_mount() || chdir(s->root) ||
	    mount(".", "mnt", NULL, MS_BIND, NULL))
		return SCRATCH_SKIP;
	CHECK(scratch_scan(s, NULL) == E4PACK_ET_FAILED);
	CHECK(strstr(s->message, "/mnt: ") && strstr(s->message, "loop"));
	return 0;
}

static int check_kernel_mount(struct scratch *s, const char *type)
{
	unsigned int before = s->diag.warnings;

	if (mount(type, "mnt", type, 0, NULL))
		return SCRATCH_SKIP;
	/* Only the way into the mount is looked at, not all of it. */
	s->diag.strict = true;
	CHECK(scratch_scan(s, NULL) == E4PACK_ET_STRICT);
	CHECK(strstr(s->message, "/mnt: is a "));
	CHECK(strstr(s->message, type));
	s->options.one_file_system = true;
	CHECK(!scratch_scan(s, NULL));
	CHECK(s->diag.warnings == before);
	s->options.one_file_system = false;
	CHECK(!umount("mnt"));
	return 0;
}

static int check_kernel_mounts(struct scratch *s)
{
	static const char *const types[] = { "proc", "sysfs", "devtmpfs" };
	int i, result = 0;

	if (!can_mount() || chdir(s->root))
		return SCRATCH_SKIP;
	for (i = 0; i < 3 && !result; i++)
		result = check_kernel_mount(s, types[i]);
	return result;
}

static void run_with_mounts(struct scratch *s, int (*check)(struct scratch *))
{
	int result;

	scratch_mkdir(s, "mnt");
	scratch_mkdir(s, "a");
	scratch_file(s, "z", "");
	result = scratch_in_child(check, s, false);
	if (result == SCRATCH_SKIP)
		skip();
	assert_int_equal(result, 0);
}

static void mount_points(void **state)
{
	run_with_mounts(*state, check_mounts);
}

static void bind_mount_loops(void **state)
{
	run_with_mounts(*state, check_loop);
}

static void kernel_file_systems(void **state)
{
	run_with_mounts(*state, check_kernel_mounts);
}


int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unreadable),
		TEST(unreadable_root),
		TEST(unreadable_later),
		TEST(vanishing_names),
		TEST(mount_points),
		TEST(bind_mount_loops),
		TEST(kernel_file_systems),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
