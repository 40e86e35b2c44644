// SPDX-License-Identifier: GPL-2.0-or-later
/* What the interface promises of its calls: those that run at once in
 * different threads share no state, and each ends as its caller's functions
 * and flags ask for, with nothing left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fileio.h"
#include "e4pack.h"

enum { CALLERS = 6, FILES = 60, PATH_ROOM = 256 };

/* One caller: its folder, and what it was given. */
struct caller {
	char dir[PATH_ROOM];
	const char *source;
	pthread_barrier_t *begin;	/* NULL: it is alone */
	struct buf told;		/* reports, messages and images */
	bool failed;
};

static char root[PATH_ROOM];

static long take(void *arg, const char *text, size_t len)
{
	return buf_add(arg, text, len);
}

/* Without the subject, which has the caller's own folder in it. */
static void hear(void *arg, enum e4pack_level level, const char *subject,
		 const char *text)
{
	char head[16];
	int n = snprintf(head, sizeof(head), "%d %s: ", (int)level,
			 subject ? "of" : "");

	if (take(arg, head, (size_t)n) || take(arg, text, strlen(text)))
		abort();
}

static void path_in(char *out, const char *dir, const char *name)
{
	if (snprintf(out, PATH_ROOM, "%s/%s", dir, name) >= PATH_ROOM)
		abort();
}

static bool put_file(const char *dir, const char *name, const char *text)
{
	char path[PATH_ROOM];
	FILE *f;

	path_in(path, dir, name);
	f = fopen(path, "w");
	return f && fputs(text, f) >= 0 && !fclose(f);
}

/* Append the whole file @path to what @c was given. */
static bool keep_file(struct caller *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *data = NULL;
	size_t got = 0;
	bool ok;

	ok = fd >= 0 && !fstat(fd, &st) && (data = malloc(st.st_size)) &&
	     !io_pread(fd, data, st.st_size, 0, &got) &&
	     got == (size_t)st.st_size && !take(&c->told, (char *)data, got);
	free(data);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool build(struct caller *c, const struct e4pack_session *session,
		  const char *image)
{
	struct e4pack_options o = {
		.session = *session, .no_sync = true, .has_epoch = true,
		.times = E4PACK_TIMES_FIXED, .threads = 3,
	};
	const struct e4pack_batch_options b = {
		.build = o, .output = take, .output_arg = &c->told,
	};
	char script[PATH_ROOM], wrong[PATH_ROOM];
	const char *source = c->source, *missing = wrong, *batch = script;

	path_in(script, c->dir, "script");
	path_in(wrong, c->dir, "missing");
	if (e4pack_create(&o, image, &missing, 1, NULL) != E4PACK_FAILED)
		return false;
	return put_file(c->dir, "script", "append /f7 =more\nmkdir /new\n"
			"es /f7\nls /\n") &&
	       !e4pack_create(&o, image, &source, 1, NULL) &&
	       !e4pack_batch(&b, image, &batch, 1) && keep_file(c, image);
}

static bool inspect(struct caller *c, const struct e4pack_session *session,
		    const char *image)
{
	const struct e4pack_inspect_options o = {
		.session = *session, .output = take, .output_arg = &c->told,
		.json = true,
	};
	const struct e4pack_frag_options frag = { .inspect = o };
	const struct e4pack_tree_options ls = {
		.inspect = o, .attributes = true, .recursive = true,
	};
	const struct e4pack_extract_options tar = {
		.inspect = o, .archive = "-",
	};
	const struct e4pack_verify_options verify = {
		.build = { .session = *session, .threads = 2 },
		.output = take, .output_arg = &c->told,
	};

	return !e4pack_es(&o, image, NULL, 0) &&
	       !e4pack_frag(&frag, image, NULL, 0) &&
	       !e4pack_ls(&ls, image, NULL, 0) &&
	       !e4pack_extract(&tar, image, NULL, 0) &&
	       !e4pack_verify(&verify, image, NULL, 0);
}

static void *call(void *arg)
{
	struct caller *c = arg;
	const struct e4pack_session session = {
		.message = hear, .message_arg = &c->told,
	};
	char image[PATH_ROOM];

	path_in(image, c->dir, "image");
	if (c->begin)
		pthread_barrier_wait(c->begin);
	c->failed = !build(c, &session, image) ||
		    !inspect(c, &session, image);
	return NULL;
}

/* Make a caller with a folder of its own. */
static void caller_init(struct caller *c, const char *name,
			const char *source, pthread_barrier_t *begin)
{
	*c = (struct caller){ .source = source, .begin = begin };
	path_in(c->dir, root, name);
	assert_int_equal(mkdir(c->dir, 0755), 0);
}

/* What differs between callers is the last byte of their folders. */
static void level(struct caller *c)
{
	size_t len = strlen(c->dir);
	uint8_t *at = c->told.data;

	while ((at = memmem(at, c->told.data + c->told.len - at, c->dir,
			    len))) {
		at += len;
		at[-1] = '#';
	}
}

static void at_once(void **state)
{
	char tree[PATH_ROOM], tar[PATH_ROOM];
	struct caller callers[CALLERS], alone[2];
	pthread_t threads[CALLERS];
	pthread_barrier_t begin;
	int i;

	(void)state;
	path_in(tree, root, "tree");
	path_in(tar, root, "tree.tar");
	pthread_barrier_init(&begin, NULL, CALLERS);
	for (i = 0; i < CALLERS; i++) {
		char name[] = { (char)('a' + i), '\0' };

		caller_init(&callers[i], name, i % 2 ? tar : tree, &begin);
	}
	for (i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call,
						&callers[i]), 0);
	for (i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&begin);
	for (i = 0; i < 2; i++) {
		caller_init(&alone[i], i ? "z" : "y", i ? tar : tree, NULL);
		call(&alone[i]);
		assert_false(alone[i].failed);
		level(&alone[i]);
	}
	for (i = 0; i < CALLERS; i++) {
		const struct caller *same = &alone[i % 2];

		assert_false(callers[i].failed);
		level(&callers[i]);
		assert_int_equal(callers[i].told.len, same->told.len);
		assert_memory_equal(callers[i].told.data, same->told.data,
				    same->told.len);
		buf_release(&callers[i].told);
	}
	buf_release(&alone[0].told);
	buf_release(&alone[1].told);
}

/* One caller, and what it asks for. */
struct asked {
	char dir[PATH_ROOM], image[PATH_ROOM], tree[PATH_ROOM];
	struct buf told;
	struct e4pack_options options;
	long answer;		/* of its functions */
	uint64_t files;		/* that it was told of */
	bool past_the_end;	/* more was done than there is */
};

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

static void asked_init(struct asked *a)
{
	static char name[] = "ask-a";

	memset(a, 0, sizeof(*a));
	path_in(a->dir, root, name);
	path_in(a->image, a->dir, "image");
	path_in(a->tree, root, "tree");
	assert_int_equal(mkdir(a->dir, 0755), 0);
	name[sizeof(name) - 2]++;
	a->options = (struct e4pack_options){
		.session = { .message = hear, .message_arg = &a->told,
			     .progress = see, .progress_arg = a },
		.made = made, .made_arg = a, .no_sync = true,
	};
}

/* Return: the messages as a string; the next call does away with it. */
static const char *asked_told(struct asked *a)
{
	const char *told = buf_str(&a->told);

	assert_non_null(told);
	a->told.len = 0;
	return told;
}

static enum e4pack_status create(struct asked *a,
				 struct e4pack_totals *totals)
{
	const char *source = a->tree;

	return e4pack_create(&a->options, a->image, &source, 1, totals);
}

/* No image, and nothing on the way to one. */
static void assert_nothing(struct asked *a)
{
	assert_int_equal(rmdir(a->dir), 0);
	buf_release(&a->told);
}

static void made_is_asked(void **state)
{
	struct e4pack_totals totals;
	struct asked a;

	(void)state;
	asked_init(&a);
	a.answer = EIO;
	assert_int_equal(create(&a, NULL), E4PACK_FAILED);
	assert_int_equal(a.files, FILES);
	assert_non_null(strstr(asked_told(&a), "is not made"));
	assert_int_equal(rmdir(a.dir), 0);
	assert_int_equal(mkdir(a.dir, 0755), 0);
	a.answer = 0;
	assert_int_equal(create(&a, &totals), E4PACK_OK);
	assert_int_equal(totals.files, FILES);
	assert_string_equal(asked_told(&a), "");
	assert_false(a.past_the_end);
	buf_release(&a.told);
}

static void stop_leaves_nothing(void **state)
{
	static const volatile sig_atomic_t stop = 1;
	struct asked a;

	(void)state;
	asked_init(&a);
	a.options.session.stop = &stop;
	assert_int_equal(create(&a, NULL), E4PACK_INTERRUPTED);
	assert_string_equal(asked_told(&a), "");
	assert_nothing(&a);
}

/* A pipe that nobody reads any more needs no message, a full disk does. */
static void output_ends_the_call(void **state)
{
	struct e4pack_tree_options ls = { .recursive = true };
	struct asked a;

	(void)state;
	asked_init(&a);
	assert_int_equal(create(&a, NULL), E4PACK_OK);
	ls.inspect.session = a.options.session;
	ls.inspect.output = refuse;
	ls.inspect.output_arg = &a;
	a.answer = ENOSPC;
	assert_int_equal(e4pack_ls(&ls, a.image, NULL, 0), E4PACK_FAILED);
	assert_non_null(strstr(asked_told(&a), "cannot write the report"));
	a.answer = EPIPE;
	assert_int_equal(e4pack_ls(&ls, a.image, NULL, 0),
			 E4PACK_INTERRUPTED);
	assert_string_equal(asked_told(&a), "");
	buf_release(&a.told);
}

static void strict_makes_warnings_errors(void **state)
{
	/* In 2310, which e2fsck 1.47 reads wrong. */
	const struct timespec far[] = { { .tv_sec = INT64_C(5) << 31 },
					{ .tv_sec = INT64_C(5) << 31 } };
	struct asked a;
	struct stat st;

	(void)state;
	asked_init(&a);
	path_in(a.tree, root, "far");
	assert_int_equal(mkdir(a.tree, 0755), 0);
	assert_int_equal(utimensat(AT_FDCWD, a.tree, far, 0), 0);
	if (stat(a.tree, &st) || st.st_mtime != far[1].tv_sec)
		skip();		/* this file system cannot have it */
	a.options.session.strict = true;
	assert_int_equal(create(&a, NULL), E4PACK_FAILED);
	assert_non_null(strstr(asked_told(&a), "its time is stored"));
	assert_int_equal(rmdir(a.dir), 0);
	assert_int_equal(mkdir(a.dir, 0755), 0);
	a.options.session.strict = false;
	assert_int_equal(create(&a, NULL), E4PACK_OK);
	assert_non_null(strstr(asked_told(&a), "its time is stored"));
	buf_release(&a.told);
}

/* All that a caller may leave out. */
static void nobody_listens(void **state)
{
	const struct e4pack_options none = { .no_sync = true };
	const char *source;
	struct asked a;

	(void)state;
	asked_init(&a);
	source = a.tree;
	assert_int_equal(e4pack_create(&none, a.image, &source, 1, NULL),
			 E4PACK_OK);
	assert_int_equal(e4pack_create(&none, a.image, &source, 1, NULL),
			 E4PACK_FAILED);
}

static bool make_tree(void)
{
	char tree[PATH_ROOM], name[32];
	int i;

	path_in(tree, root, "tree");
	if (mkdir(tree, 0755))
		return false;
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (!put_file(tree, name, name))
			return false;
	}
	return true;
}

/* In a child, so that the callers' calls are the first ones here. */
static int make_tar(void)
{
	char tree[PATH_ROOM], tar[PATH_ROOM], image[PATH_ROOM];
	const char *source = tree;
	const struct e4pack_options create = { .no_sync = true };
	const struct e4pack_extract_options extract = { .archive = tar };
	int status;
	pid_t child = fork();

	if (child < 0)
		return -1;
	if (!child) {
		path_in(tree, root, "tree");
		path_in(tar, root, "tree.tar");
		path_in(image, root, "image");
		_exit(e4pack_create(&create, image, &source, 1, NULL) ||
		      e4pack_extract(&extract, image, NULL, 0));
	}
	return waitpid(child, &status, 0) == child && !status ? 0 : -1;
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	path_in(root, tmp ? tmp : "/tmp", "e4pack-api.XXXXXX");
	return mkdtemp(root) && make_tree() ? make_tar() : -1;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* The first, as it is about first calls. */
		cmocka_unit_test(at_once),
		cmocka_unit_test(made_is_asked),
		cmocka_unit_test(stop_leaves_nothing),
		cmocka_unit_test(output_ends_the_call),
		cmocka_unit_test(strict_makes_warnings_errors),
		cmocka_unit_test(nobody_listens),
	};

	return cmocka_run_group_tests_name("api/calls", tests, setup,
					   teardown);
}
