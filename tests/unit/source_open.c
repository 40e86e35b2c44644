// SPDX-License-Identifier: GPL-2.0-or-later
/* Which words are directories, which archives.  The archive reader is a fake
 * that only shows what it was given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "source/archive.h"
#include "source_scratch.h"

static struct {
	char name[256];
	char text[16];	/* the first bytes of the descriptor */
	int fd;
	int freed;
} seen;

static void fake_free(struct source *s)
{
	seen.freed++;
	free(s);
}

static const struct source_ops fake_ops = { .free = fake_free };

errcode_t archive_source_open(struct source **ret, int fd, const char *name,
			      const struct source_options *options)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = -1;

	/* As the real reader: a pipe is opened without waiting for it. */
	(void)options;
	if (poll(&p, 1, 10000) == 1)
		n = read(fd, seen.text, sizeof(seen.text) - 1);
	if (n < 0)
		n = 0;
	seen.text[n] = '\0';
	seen.fd = fd;
	snprintf(seen.name, sizeof(seen.name), "%s", name);
	close(fd);
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return ENOMEM;
	(*ret)->ops = &fake_ops;
	(*ret)->is_archive = true;
	return 0;
}

static int make(void **state)
{
	struct scratch *s;

	scratch_setup(state);
	s = *state;
	memset(&seen, 0, sizeof(seen));
	return fchdir(s->fd);
}

static int destroy(void **state)
{
	assert_int_equal(chdir("/"), 0);
	return scratch_teardown(state);
}

static void directories(void **state)
{
	static const char *const specs[] = { "d", "d/", "./d//", "link",
					     "link/", "." };
	struct scratch *s = *state;
	struct source *source;
	size_t i;

	scratch_mkdir(s, "d");
	assert_int_equal(symlinkat("d", s->fd, "link"), 0);
	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		assert_int_equal(source_open(&source, specs[i], &s->options),
				 0);
		assert_false(source->is_archive);
		source_free(source);
	}
	assert_string_equal(seen.name, "");
}

static void archives(void **state)
{
	struct scratch *s = *state;
	struct source *source;

	scratch_file(s, "f.tar", "archive");
	assert_int_equal(source_open(&source, "f.tar", &s->options), 0);
	assert_true(source->is_archive);
	assert_string_equal(seen.name, "f.tar");
	assert_string_equal(seen.text, "archive");
	assert_true(seen.fd > 2);
	source_free(source);
	assert_int_equal(seen.freed, 1);
}

/* The reader waits for a writer, as for the <(...) of a shell. */
static void pipes(void **state)
{
	struct scratch *s = *state;
	struct source *source;
	pid_t pid;

	assert_int_equal(mkfifoat(s->fd, "p", 0600), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		int fd;

		usleep(50000);
		fd = open("p", O_WRONLY);
		_exit(write(fd, "piped", 5) != 5);
	}
	assert_int_equal(source_open(&source, "p", &s->options), 0);
	assert_string_equal(seen.text, "piped");
	source_free(source);
}

static int check_stdin(struct scratch *s)
{
	struct source *source;
	int fd;

	scratch_file(s, "in", "standard");
	fd = open("in", O_RDONLY);
	CHECK(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
	CHECK(!source_open(&source, "-", &s->options));
	CHECK(!strcmp(seen.text, "standard"));
	CHECK(!strcmp(seen.name, "standard input"));
	CHECK(seen.fd > 2);
	CHECK(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	source_free(source);
	close(STDIN_FILENO);
	CHECK(source_open(&source, "-", &s->options) == EBADF);
	CHECK(!strncmp(s->message, "standard input: ", 16));
	return 0;
}

static void standard_input(void **state)
{
	assert_int_equal(scratch_in_child(check_stdin, *state, false), 0);
}

static void filters(void **state)
{
	static const char *const patterns[] = { "x", "" };
	struct scratch *s = *state;
	struct source *source;

	scratch_file(s, "f.tar", "");
	s->options.exclude = patterns;
	s->options.n_exclude = 1;
	assert_int_equal(source_open(&source, "f.tar", &s->options), 0);
	assert_true(source->is_archive);
	assert_ptr_not_equal(source->ops, &fake_ops);
	source_free(source);
	assert_int_equal(seen.freed, 1);
	s->options.n_exclude = 2;
	assert_int_equal(source_open(&source, "f.tar", &s->options),
			 E4PACK_ET_USAGE);
	assert_int_equal(seen.freed, 2);
	assert_int_equal(source_open(&source, ".", &s->options),
			 E4PACK_ET_USAGE);
	assert_int_equal(s->diag.errors, 2);
}

static void missing(void **state)
{
	struct scratch *s = *state;
	struct source *source;

	assert_int_equal(source_open(&source, "none", &s->options), ENOENT);
	assert_string_equal(s->message, "none: the source cannot be read: "
					"No such file or directory");
	assert_int_equal(source_open(&source, "", &s->options), ENOENT);
	assert_int_equal(s->diag.errors, 2);
}

#define HERE(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HERE(directories),
		HERE(archives),
		HERE(pipes),
		HERE(standard_input),
		HERE(filters),
		HERE(missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
