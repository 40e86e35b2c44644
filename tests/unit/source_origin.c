// SPDX-License-Identifier: GPL-2.0-or-later
/* Origins, and host files that do not hold still between scan and flush. */
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
#include <time.h>
#include <unistd.h>

#include "base/errors.h"
#include "source_scratch.h"

static void grow(struct scratch *s)
{
	scratch_file(s, "f", "hello world");
}

static void shrink(struct scratch *s)
{
	assert_int_equal(truncate("f", 2), 0);
	(void)s;
}

static void rewrite(struct scratch *s)
{
	int fd = openat(s->fd, "f", O_WRONLY);

	assert_int_equal(write(fd, "HELLO", 5), 5);
	close(fd);
}

/* The same bytes, size and mtime: only the ctime tells. */
static void rewrite_unseen(struct scratch *s)
{
	struct timespec times[2];
	struct stat st;

	assert_int_equal(fstatat(s->fd, "f", &st, 0), 0);
	rewrite(s);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	assert_int_equal(utimensat(s->fd, "f", times, 0), 0);
}

static void replace_by_twin(struct scratch *s)
{
	scratch_file(s, "g", "hello");
	assert_int_equal(renameat(s->fd, "g", s->fd, "f"), 0);
}

static void replace_by_link(struct scratch *s)
{
	assert_int_equal(renameat(s->fd, "f", s->fd, "g"), 0);
	assert_int_equal(symlinkat("g", s->fd, "f"), 0);
}

static void replace_by_pipe(struct scratch *s)
{
	assert_int_equal(unlinkat(s->fd, "f", 0), 0);
	assert_int_equal(mkfifoat(s->fd, "f", 0600), 0);
}

static void replace_by_folder(struct scratch *s)
{
	assert_int_equal(unlinkat(s->fd, "f", 0), 0);
	scratch_mkdir(s, "f");
}

static void replace_by_socket(struct scratch *s)
{
	assert_int_equal(unlinkat(s->fd, "f", 0), 0);
	assert_int_equal(mknodat(s->fd, "f", S_IFSOCK | 0600, 0), 0);
}

static void vanish(struct scratch *s)
{
	assert_int_equal(unlinkat(s->fd, "f", 0), 0);
}

struct change_case {
	void (*change)(struct scratch *s);
	const char *text;
};

static const struct change_case changes[] = {
	{ grow, "/f: changed while it was read" },
	{ shrink, "/f: changed while it was read" },
	{ rewrite, "/f: changed while it was read" },
	{ rewrite_unseen, "/f: changed while it was read" },
	{ replace_by_twin, "/f: changed while it was read" },
	{ replace_by_link, "/f: changed while it was read" },
	{ replace_by_pipe, "/f: changed while it was read" },
	{ replace_by_folder, "/f: changed while it was read" },
	{ replace_by_socket, "/f: changed while it was read" },
	{ vanish, "/f: vanished while it was read" },
};

/* The clock that ctime is taken from has coarse steps. */
static void settle(void)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };

	nanosleep(&pause, NULL);
}

static void changed_before_it_is_opened(void **state)
{
	struct scratch *s = *state;
	struct entry e;
	uint8_t text[8];
	size_t i;

	assert_int_equal(fchdir(s->fd), 0);
	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		scratch_file(s, "f", "hello");
		settle();
		scratch_find(s, "f", &e);
		assert_int_equal(scratch_read(s, &e, text), 0);
		assert_memory_equal(text, "hello", 5);
		changes[i].change(s);
		s->message[0] = '\0';
		assert_int_equal(scratch_read(s, &e, text),
				 E4PACK_ET_CHANGED);
		assert_string_equal(s->message + strlen(s->root),
				    changes[i].text);
		entry_release(&e);
		unlinkat(s->fd, "f", 0);
		unlinkat(s->fd, "f", AT_REMOVEDIR);
		unlinkat(s->fd, "g", 0);
	}
	assert_int_equal(chdir("/"), 0);
}

static void changed_while_it_is_open(void **state)
{
	struct scratch *s = *state;
	struct origin_reader r;
	struct entry e;
	uint8_t text[8];
	unsigned int errors;
	size_t i;

	assert_int_equal(fchdir(s->fd), 0);
	for (i = 0; i < 4; i++) {
		scratch_file(s, "f", "hello");
		settle();
		scratch_find(s, "f", &e);
		assert_int_equal(e.origin->ops->open(e.origin, &r, &s->diag),
				 0);
		assert_true(r.fd > 2);
		assert_int_equal(r.base, 0);
		changes[i].change(s);
		assert_int_equal(e.origin->ops->close(&r, &s->diag),
				 E4PACK_ET_CHANGED);
		/* After a failure nothing is checked, nothing is told. */
		errors = s->diag.errors;
		scratch_file(s, "f", "hello");
		entry_release(&e);
		scratch_find(s, "f", &e);
		assert_int_equal(e.origin->ops->open(e.origin, &r, &s->diag),
				 0);
		assert_int_equal(truncate("f", 1), 0);
		assert_int_equal(e.origin->ops->read(&r, text, 5, 0,
						     &s->diag),
				 E4PACK_ET_CHANGED);
		assert_int_equal(e.origin->ops->close(&r, NULL), 0);
		assert_int_equal(s->diag.errors, errors + 1);
		entry_release(&e);
	}
	assert_int_equal(chdir("/"), 0);
}

/* A folder on the way that became a link leads to another file. */
static void folder_replaced_by_link(void **state)
{
	struct scratch *s = *state;
	struct entry e;
	uint8_t text[8];

	scratch_mkdir(s, "d");
	scratch_mkdir(s, "other");
	scratch_file(s, "d/f", "hello");
	scratch_file(s, "other/f", "hello");
	scratch_find(s, "d/f", &e);
	assert_int_equal(renameat(s->fd, "d", s->fd, "old"), 0);
	assert_int_equal(symlinkat("other", s->fd, "d"), 0);
	assert_int_equal(scratch_read(s, &e, text), E4PACK_ET_CHANGED);
	entry_release(&e);
}

static void file_origins(void **state)
{
	struct scratch *s = *state;
	struct origin_reader r;
	struct origin *o;
	char text[8];
	int fd;

	scratch_file(s, "a", "0123456789");
	settle();
	fd = openat(s->fd, "a", O_RDONLY);
	o = origin_file(fd, 3, "a");
	assert_non_null(o);
	assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
	assert_int_equal(r.fd, fd);
	assert_int_equal(r.base, 3);
	assert_int_equal(o->ops->read(&r, text, 4, 2, &s->diag), 0);
	assert_memory_equal(text, "5678", 4);
	assert_int_equal(o->ops->read(&r, text, 8, 2, &s->diag),
			 E4PACK_ET_CHANGED);
	assert_int_equal(o->ops->read(&r, text, 1, UINT64_MAX, &s->diag),
			 EFBIG);
	assert_int_equal(o->ops->close(&r, &s->diag), 0);
	assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
	scratch_file(s, "a", "0123456780");
	assert_int_equal(o->ops->close(&r, &s->diag), E4PACK_ET_CHANGED);
	assert_string_equal(s->message, "a: changed while it was read");
	assert_int_equal(o->ops->open(o, &r, &s->diag), E4PACK_ET_CHANGED);
	origin_put(o);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
}

/* A file without a name is our own: it may grow while it is filled. */
static void spool_origins(void **state)
{
	struct scratch *s = *state;
	struct origin_reader r;
	struct origin *o;
	char text[2];
	int fd = openat(s->fd, "a", O_RDWR | O_CREAT, 0600);

	assert_int_equal(unlinkat(s->fd, "a", 0), 0);
	o = origin_file(fd, 0, "spool");
	assert_non_null(o);
	assert_int_equal(write(fd, "ab", 2), 2);
	assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
	assert_int_equal(o->ops->read(&r, text, 2, 0, &s->diag), 0);
	assert_memory_equal(text, "ab", 2);
	assert_int_equal(o->ops->close(&r, &s->diag), 0);
	origin_put(o);
}

static void memory_origins(void **state)
{
	struct scratch *s = *state;
	struct origin *o = origin_memory("hello", 5);
	struct origin_reader r;
	char text[5];

	assert_non_null(o);
	assert_int_equal(o->ops->open(o, &r, &s->diag), 0);
	assert_int_equal(r.fd, -1);
	assert_int_equal(o->ops->read(&r, text, 5, 0, &s->diag), 0);
	assert_memory_equal(text, "hello", 5);
	assert_int_equal(o->ops->read(&r, text, 0, 5, &s->diag), 0);
	assert_int_equal(o->ops->read(&r, text, 1, 5, &s->diag),
			 E4PACK_ET_CHANGED);
	assert_int_equal(o->ops->read(&r, text, 2, UINT64_MAX, &s->diag),
			 E4PACK_ET_CHANGED);
	assert_int_equal(o->ops->close(&r, &s->diag), 0);
	origin_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(changed_before_it_is_opened),
		TEST(changed_while_it_is_open),
		TEST(folder_replaced_by_link),
		TEST(file_origins),
		TEST(spool_origins),
		TEST(memory_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
