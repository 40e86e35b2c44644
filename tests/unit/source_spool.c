// SPDX-License-Identifier: GPL-2.0-or-later
/* The spool: what goes in comes out, limits, and a full or missing folder. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/errors.h"
#include "source/spool.h"

static void collect(void *arg, enum diag_level level, const char *subject,
		    const char *text)
{
	struct buf *b = arg;

	(void)level;
	buf_add_str(b, subject);
	buf_add_str(b, ": ");
	buf_add_str(b, text);
	buf_add_str(b, "\n");
}

struct fixture {
	struct buf messages;
	struct diag diag;
	struct source_options options;
	char dir[32];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	diag_init(&f->diag, collect, &f->messages);
	f->options.diag = &f->diag;
	strcpy(f->dir, "/tmp/spool-test-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	f->options.spool_dir = f->dir;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int ret = rmdir(f->dir);	/* fails where a file was left */

	diag_release(&f->diag);
	buf_release(&f->messages);
	free(f);
	return ret;
}

static uint8_t pattern(uint64_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static void expect(struct fixture *f, struct spool *s, uint64_t offset,
		   size_t len)
{
	struct origin *o = spool_origin(s);
	uint8_t *got = malloc(len);
	struct origin_reader r;
	size_t i;

	assert_int_equal(o->ops->open(o, &r, &f->diag), 0);
	assert_int_equal(r.base, 0);
	assert_int_equal(o->ops->read(&r, got, len, offset, &f->diag), 0);
	for (i = 0; i < len; i++)
		assert_int_equal(got[i], pattern(offset + i));
	assert_int_equal(o->ops->close(&r, &f->diag), 0);
	free(got);
}

/* Pieces around the size of the buffer, each read back at once. */
static void pieces(void **state)
{
	static const size_t lens[] = {
		1, 0, 1048574, 1, 1, 1048576, 3000000, 4096, 1048575,
	};
	struct fixture *f = *state;
	uint64_t end = 0, at;
	struct spool *s;
	size_t i, j;

	assert_int_equal(spool_open(&s, "src", &f->options), 0);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t *data = malloc(lens[i] + 1);

		for (j = 0; j < lens[i]; j++)
			data[j] = pattern(end + j);
		assert_int_equal(spool_add(s, data, lens[i], &at), 0);
		assert_int_equal(at, end);
		end += lens[i];
		free(data);
		if (i % 2 == 0)
			expect(f, s, at, lens[i]);
	}
	expect(f, s, 0, end);
	assert_int_equal(f->diag.errors, 0);
	origin_put(spool_origin(s));
}

static void past_the_end(void **state)
{
	struct fixture *f = *state;
	struct origin_reader r;
	struct origin *o;
	struct spool *s;
	uint64_t at;
	char byte[2];

	assert_int_equal(spool_open(&s, "src", &f->options), 0);
	assert_int_equal(spool_add(s, "x", 1, &at), 0);
	o = spool_origin(s);
	assert_int_equal(o->ops->open(o, &r, &f->diag), 0);
	assert_int_equal(o->ops->read(&r, byte, 2, 0, &f->diag),
			 E4PACK_ET_SHORT);
	assert_int_equal(f->diag.errors, 1);
	origin_put(o);
}

static void limit(void **state)
{
	static const struct {
		uint64_t limit, before, more;
		errcode_t err;
	} rows[] = {
		{ 10, 4, 6, 0 },
		{ 10, 4, 7, E4PACK_ET_TOO_BIG },
		{ 10, 10, 0, 0 },
		{ 10, 1, UINT64_MAX, E4PACK_ET_TOO_BIG },
		{ 0, 1, UINT64_MAX, 0 },
	};
	struct fixture *f = *state;
	struct spool *s;
	uint64_t at;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		f->options.spool_limit = rows[i].limit;
		assert_int_equal(spool_open(&s, "src", &f->options), 0);
		assert_int_equal(spool_add(s, "0123456789", rows[i].before,
					   &at), 0);
		assert_int_equal(spool_room(s, rows[i].more), rows[i].err);
		if (rows[i].limit && rows[i].more < 10)
			assert_int_equal(spool_add(s, "0123456789",
						   rows[i].more, &at),
					 rows[i].err);
		origin_put(spool_origin(s));
	}
	assert_non_null(strstr(buf_str(&f->messages),
			       "src: needs more than 10 B to spool\n"));
}

static void no_folder(void **state)
{
	struct fixture *f = *state;
	struct spool *s;

	f->options.spool_dir = "no-such-folder";
	assert_int_equal(spool_open(&s, "src", &f->options), ENOENT);
	assert_string_equal(buf_str(&f->messages), "src: cannot be spooled in "
			    "no-such-folder: No such file or directory\n");
}

static void tmpdir(void **state)
{
	struct fixture *f = *state;
	struct spool *s;

	f->options.spool_dir = NULL;
	assert_int_equal(setenv("TMPDIR", "no-such-tmpdir", 1), 0);
	assert_int_equal(spool_open(&s, "src", &f->options), ENOENT);
	assert_non_null(strstr(buf_str(&f->messages), "no-such-tmpdir"));
	assert_int_equal(setenv("TMPDIR", f->dir, 1), 0);
	assert_int_equal(spool_open(&s, "src", &f->options), 0);
	origin_put(spool_origin(s));
	assert_int_equal(unsetenv("TMPDIR"), 0);
}

/* A write that fails is told, whether it comes with the data or later. */
static void write_fails(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small = { 65536, 65536 };
	char *data = calloc(1, 2 << 20);
	struct origin_reader r;
	struct origin *o;
	struct spool *s;
	uint64_t at;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(spool_open(&s, "src", &f->options), 0);
	o = spool_origin(s);
	assert_int_equal(spool_add(s, data, 100000, &at), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(o->ops->open(o, &r, &f->diag), EFBIG);
	assert_int_equal(spool_add(s, data, 2 << 20, &at), EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(f->diag.errors, 2);
	origin_put(o);
	free(data);
}

#define spool_test(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		spool_test(pieces),
		spool_test(past_the_end),
		spool_test(limit),
		spool_test(no_folder),
		spool_test(tmpdir),
		spool_test(write_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
