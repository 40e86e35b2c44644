// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory that runs out at the first, the second, each allocation while an
 * image is taken out: told as such, and with the sanitizers nothing leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "report/extract.h"

enum { SKIP = 77 };

/* The linker puts these in place of the calls (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

static unsigned long countdown;	/* the allocation that fails; 0: none */

static int fails(void)
{
	if (!countdown || --countdown)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

static char folder[] = "/tmp/extract_nomem.XXXXXX";

static const char script[] =
	"set -e; cd %s; PATH=$PATH:/sbin:/usr/sbin; mkdir -p t/a/b t/c; "
	"head -c 9000 /dev/zero | tr '\\0' x > t/a/f; ln t/a/f t/link; "
	"echo x | dd of=t/hole bs=1 seek=50000 2>/dev/null; "
	"ln -s a/f t/sym; mkfifo t/fifo; mkdir t/a/b/closed; "
	"mke2fs -q -F -t ext4 -d t image 4M >/dev/null 2>&1; "
	"for f in a/f hole a; do "
	"debugfs -w -R \"ea_set /$f user.name value\" image 2>/dev/null; done; "
	"debugfs -w -R 'set_inode_field /a/b/closed mode 040000' image "
	"2>/dev/null; debugfs -w -R 'set_inode_field /link flags 0x80080' "
	"image 2>/dev/null";

static errcode_t swallow(void *arg, const void *data, size_t len)
{
	uint64_t *bytes = arg;

	*bytes += data ? len : 0;
	return 0;
}

static errcode_t try_once(const char *directory)
{
	static const char *const paths[] = { "/", "a/*/cl*", "/link" };
	uint64_t bytes = 0;
	struct extract_options o = {
		.paths = paths, .n_paths = 3,
		.directory = directory, .force = true, .archive = "a.tar",
		.sink = swallow, .sink_arg = &bytes,
	};
	char name[64];
	struct diag diag;
	struct image *img = NULL;
	errcode_t err;

	diag_init(&diag, NULL, NULL);
	snprintf(name, sizeof(name), "%s/image", folder);
	err = image_open(&img, name, 0, &diag);
	if (!err)
		err = report_extract(img, &o);
	image_close(img);
	diag_release(&diag);
	return err;
}

/* Fail each allocation in turn, until there are no more. */
static void run_out(const char *directory)
{
	unsigned long nth;
	errcode_t err;

	for (nth = 1; nth < 100000; nth++) {
		countdown = nth;
		err = try_once(directory);
		if (countdown)
			break;
		if (err != ENOMEM)
			fail_msg("allocation %lu: %ld", nth, (long)err);
	}
	countdown = 0;
	assert_int_equal(err, 0);
	assert_true(nth > 50);
}

static void to_folder(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "%s/out", folder);
	run_out(name);
}

static void to_archive(void **state)
{
	(void)state;
	run_out(NULL);
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "chmod -R u+rwX %s; rm -rf %s",
		 folder, folder);
	if (system(command))
		exit(99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(to_folder),
		cmocka_unit_test(to_archive),
	};
	char command[sizeof(script) + sizeof(folder)];

	if (!mkdtemp(folder))
		return 99;
	atexit(remove_folder);
	snprintf(command, sizeof(command), script, folder);
	if (system(command))
		return SKIP;
	initialize_e4pk_error_table();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
