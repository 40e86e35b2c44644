// SPDX-License-Identifier: GPL-2.0-or-later
/* What the interface promises of a call: it ends as its caller's functions
 * and flags ask for, and leaves nothing behind then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "e4pack.h"
#include "source_scratch.h"

/* The targets have a folder of their own, to see what is left there. */
#define OUT "out"
#define IMAGE OUT "/image"

enum { FILES = 60 };

/* One caller, what it asks for and what it was told. */
struct asked {
	struct e4pack_options options;
	char told[256];		/* the last message since asked_told() */
	long answer;		/* of its functions */
	uint64_t files;		/* that it was told of */
	bool past_the_end;	/* more was done than there is */
};

static void hear(void *arg, enum e4pack_level level, const char *subject,
		 const char *text)
{
	struct asked *a = arg;

	(void)level;
	(void)subject;
	snprintf(a->told, sizeof(a->told), "%s", text);
}

static long made(void *arg, const struct e4pack_totals *totals)
{
	struct asked *a = arg;

	a->files = totals->files;
	return a->answer;
}

static long refuse(void *arg, const char *text, size_t len)
{
	const struct asked *a = arg;

	(void)text;
	(void)len;
	return a->answer;
}

static void see(void *arg, const char *phase, uint64_t done, uint64_t total)
{
	struct asked *a = arg;

	if (!*phase || (total && done > total))
		a->past_the_end = true;
}

/* Make a tree, and a caller. */
static void asked_init(struct asked *a, struct scratch *s)
{
	assert_int_equal(fchdir(s->fd), 0);
	scratch_mkdir(s, OUT);
	scratch_files(s, "tree", FILES);
	memset(a, 0, sizeof(*a));
	a->options = (struct e4pack_options){
		.session = { .message = hear, .message_arg = a,
			     .progress = see, .progress_arg = a },
		.made = made, .made_arg = a, .no_sync = true,
	};
}

static void assert_told(struct asked *a, const char *text)
{
	assert_non_null(strstr(a->told, text));
	a->told[0] = '\0';
}

static enum e4pack_status create(struct asked *a,
				 struct e4pack_totals *totals)
{
	const char *source = "tree";

	return e4pack_create(&a->options, IMAGE, &source, 1, totals);
}

/* No image, and nothing on the way to one. */
static void assert_nothing_left(struct scratch *s)
{
	assert_int_equal(rmdir(OUT), 0);
	scratch_mkdir(s, OUT);
}

static void made_is_asked(void **state)
{
	struct e4pack_totals totals;
	struct asked a;

	asked_init(&a, *state);
	a.answer = EIO;
	assert_int_equal(create(&a, NULL), E4PACK_FAILED);
	assert_int_equal(a.files, FILES);
	assert_told(&a, "is not made");
	assert_nothing_left(*state);
	a.answer = 0;
	assert_int_equal(create(&a, &totals), E4PACK_OK);
	assert_int_equal(totals.files, FILES);
	assert_string_equal(a.told, "");
	assert_false(a.past_the_end);
}

static void stop_leaves_nothing(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct asked a;

	asked_init(&a, *state);
	a.options.session.stop = &stop;
	assert_int_equal(create(&a, NULL), E4PACK_INTERRUPTED);
	assert_string_equal(a.told, "");
	assert_nothing_left(*state);
}

/* A pipe that nobody reads any more needs no message, a full disk does. */
static void output_ends_the_call(void **state)
{
	struct e4pack_tree_options ls = { .recursive = true };
	struct asked a;

	asked_init(&a, *state);
	assert_int_equal(create(&a, NULL), E4PACK_OK);
	ls.inspect.session = a.options.session;
	ls.inspect.output = refuse;
	ls.inspect.output_arg = &a;
	a.answer = ENOSPC;
	assert_int_equal(e4pack_ls(&ls, IMAGE, NULL, 0), E4PACK_FAILED);
	assert_told(&a, "cannot write the report");
	a.answer = EPIPE;
	assert_int_equal(e4pack_ls(&ls, IMAGE, NULL, 0), E4PACK_INTERRUPTED);
	assert_string_equal(a.told, "");
}

static void strict_makes_warnings_errors(void **state)
{
	/* In 2310, which e2fsck 1.47 reads wrong. */
	const struct timespec far[] = { { .tv_sec = INT64_C(5) << 31 },
					{ .tv_sec = INT64_C(5) << 31 } };
	struct asked a;
	struct stat st;

	asked_init(&a, *state);
	assert_int_equal(utimensat(AT_FDCWD, "tree", far, 0), 0);
	if (stat("tree", &st) || st.st_mtime != far[1].tv_sec)
		skip();		/* this file system cannot have it */
	a.options.session.strict = true;
	assert_int_equal(create(&a, NULL), E4PACK_FAILED);
	assert_told(&a, "its time is stored");
	assert_nothing_left(*state);
	a.options.session.strict = false;
	assert_int_equal(create(&a, NULL), E4PACK_OK);
	assert_told(&a, "its time is stored");
}

/* All that a caller may leave out. */
static void nobody_listens(void **state)
{
	struct asked a;

	asked_init(&a, *state);
	a.options = (struct e4pack_options){ .no_sync = true };
	assert_int_equal(create(&a, NULL), E4PACK_OK);
	assert_int_equal(create(&a, NULL), E4PACK_FAILED);
}

static int teardown(void **state)
{
	assert_int_equal(chdir("/"), 0);
	return scratch_teardown(state);
}

#define CALL(name)							\
	cmocka_unit_test_setup_teardown(name, scratch_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CALL(made_is_asked),
		CALL(stop_leaves_nothing),
		CALL(output_ends_the_call),
		CALL(strict_makes_warnings_errors),
		CALL(nobody_listens),
	};

	return cmocka_run_group_tests_name("api/calls", tests, NULL, NULL);
}
