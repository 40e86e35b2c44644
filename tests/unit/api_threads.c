// SPDX-License-Identifier: GPL-2.0-or-later
/* Calls that run at once in different threads share no state: each gives what
 * it gives alone, and its failures are told to its own sink. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
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
#include "source_scratch.h"

enum { CALLERS = 6, FILES = 60 };

/* One caller: where it works, and what it was given. */
struct caller {
	char image[8];			/* in its own folder of one letter */
	const char *source;
	pthread_barrier_t *begin;	/* NULL: it is alone */
	struct buf told;		/* reports, messages and images */
	bool failed;
};

static long take(void *arg, const char *text, size_t len)
{
	return buf_add(arg, text, len);
}

static void hear(void *arg, enum e4pack_level level, const char *subject,
		 const char *text)
{
	const char digit = (char)('0' + level);
	struct buf *told = arg;

	if (buf_add(told, &digit, 1) ||
	    (subject && buf_add_str(told, subject)) || buf_add_str(told, text))
		abort();
}

/* Append the whole image to what @c was given. */
static bool keep_image(struct caller *c)
{
	int fd = open(c->image, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	struct stat st;
	bool ok;

	ok = fd >= 0 && !fstat(fd, &st) &&
	     !buf_reserve(&c->told, st.st_size) &&
	     !io_pread(fd, c->told.data + c->told.len, st.st_size, 0, &got) &&
	     got == (size_t)st.st_size;
	c->told.len += got;
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool build(struct caller *c, const struct e4pack_session *session)
{
	const struct e4pack_options o = {
		.session = *session, .no_sync = true, .has_epoch = true,
		.times = E4PACK_TIMES_FIXED, .threads = 3,
	};
	const struct e4pack_batch_options b = {
		.build = o, .output = take, .output_arg = &c->told,
	};
	const char *missing = "missing", *script = "script";

	return e4pack_create(&o, c->image, &missing, 1, NULL) ==
			E4PACK_FAILED &&
	       !e4pack_create(&o, c->image, &c->source, 1, NULL) &&
	       !e4pack_batch(&b, c->image, &script, 1) && keep_image(c);
}

static bool inspect(struct caller *c, const struct e4pack_session *session)
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

	return !e4pack_es(&o, c->image, NULL, 0) &&
	       !e4pack_frag(&frag, c->image, NULL, 0) &&
	       !e4pack_ls(&ls, c->image, NULL, 0) &&
	       !e4pack_extract(&tar, c->image, NULL, 0) &&
	       !e4pack_verify(&verify, c->image, NULL, 0);
}

static void *call(void *arg)
{
	struct caller *c = arg;
	const struct e4pack_session session = {
		.message = hear, .message_arg = &c->told,
	};

	if (c->begin)
		pthread_barrier_wait(c->begin);
	c->failed = !build(c, &session) || !inspect(c, &session);
	return NULL;
}

/* Make a caller with the folder @letter; each other one has the other kind
 * of source. */
static void caller_init(struct caller *c, char letter, bool archive,
			pthread_barrier_t *begin)
{
	const char folder[] = { letter, '\0' };

	*c = (struct caller){ .source = archive ? "tree.tar" : "tree",
			      .begin = begin };
	snprintf(c->image, sizeof(c->image), "%s/image", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
}

/* What callers were told is the same but for the letters of their folders. */
static void without_letter(struct caller *c)
{
	uint8_t *at = c->told.data, *end = at + c->told.len;

	while ((at = memmem(at, end - at, c->image, strlen(c->image))))
		*at++ = '#';
}

static void at_once(void **state)
{
	struct caller callers[CALLERS], alone[2];
	pthread_t threads[CALLERS];
	pthread_barrier_t begin;
	int i;

	(void)state;
	pthread_barrier_init(&begin, NULL, CALLERS);
	for (i = 0; i < CALLERS; i++)
		caller_init(&callers[i], (char)('a' + i), i % 2, &begin);
	for (i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call,
						&callers[i]), 0);
	for (i = 0; i < CALLERS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&begin);
	for (i = 0; i < 2; i++) {
		caller_init(&alone[i], (char)('y' + i), i, NULL);
		call(&alone[i]);
		assert_false(alone[i].failed);
		without_letter(&alone[i]);
	}
	for (i = 0; i < CALLERS; i++) {
		const struct caller *same = &alone[i % 2];

		assert_false(callers[i].failed);
		without_letter(&callers[i]);
		assert_int_equal(callers[i].told.len, same->told.len);
		assert_memory_equal(callers[i].told.data, same->told.data,
				    same->told.len);
		buf_release(&callers[i].told);
	}
	buf_release(&alone[0].told);
	buf_release(&alone[1].told);
}

/* In a child, so that the callers' calls are the first ones here. */
static void make_tar(void)
{
	const char *source = "tree";
	const struct e4pack_options create = { .no_sync = true };
	const struct e4pack_extract_options extract = {
		.archive = "tree.tar",
	};
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child)
		_exit(e4pack_create(&create, "image", &source, 1, NULL) ||
		      e4pack_extract(&extract, "image", NULL, 0));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int setup(void **state)
{
	static struct scratch s;

	*state = &s;
	scratch_make_folder(&s);
	assert_int_equal(fchdir(s.fd), 0);
	scratch_files(&s, "tree", FILES);
	scratch_file(&s, "script",
		     "append /f7 =more\nmkdir /new\nes /f7\nls /\n");
	make_tar();
	return 0;
}

static int teardown(void **state)
{
	assert_int_equal(chdir("/"), 0);
	scratch_remove_folder(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_once, setup, teardown),
	};

	return cmocka_run_group_tests_name("api/threads", tests, NULL, NULL);
}
