// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies through maps: every byte where it belongs, and no other touched. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/errors.h"
#include "base/fileio.h"

enum { SIZE = 3 * 1024 * 1024 };

static uint8_t bytes[SIZE], got[SIZE], want[SIZE];

/* A file in memory of @size bytes, all of them @fill. */
static int file(size_t size, int fill)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	assert_true(fd >= 0);
	memset(got, fill, size);
	assert_int_equal(io_pwrite(fd, got, size, 0), 0);
	return fd;
}

static int numbered(void)
{
	int fd = file(SIZE, 0);
	size_t i;

	for (i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(io_pwrite(fd, bytes, SIZE, 0), 0);
	return fd;
}

static void copied(uint64_t from, uint64_t to, uint64_t len)
{
	int in = numbered(), out = file(SIZE, 0xa5);
	uint64_t done;
	size_t n;

	assert_int_equal(io_copy_mapped(in, from, out, to, len, &done), 0);
	assert_true(done == len);
	memset(want, 0xa5, SIZE);
	memcpy(want + to, bytes + from, len);
	assert_int_equal(io_pread(out, got, SIZE, 0, &n), 0);
	assert_memory_equal(got, want, SIZE);
	close(in);
	close(out);
}

static void any_place(void **state)
{
	const uint64_t window = 512 * 1024;

	(void)state;
	copied(0, 0, SIZE);
	copied(0, 0, 0);
	copied(1, 0, SIZE - 1);
	copied(0, 1, SIZE - 1);
	copied(5, window - 1, 2);
	copied(7, window - 1024, 2 * window + 2048);
	copied(4097, 3 * window, window);
}

static void failures(void **state)
{
	int in = numbered(), out = file(SIZE / 3, 0), only;
	uint64_t done;

	(void)state;
	assert_int_equal(io_copy_mapped(in, SIZE - 10, out, 0, 11, &done),
			 E4PACK_ET_SHORT);
	assert_true(done == 10);
	assert_int_equal(io_copy_mapped(in, 0, out, 0, SIZE, &done), EFAULT);
	assert_true(done <= SIZE / 3);
	assert_int_equal(io_copy_mapped(in, INT64_MAX, out, 0, 1, &done),
			 EFBIG);
	assert_int_equal(io_copy_mapped(in, 0, out, INT64_MAX, 1, &done),
			 EFBIG);
	assert_int_equal(io_copy_mapped(-1, 0, out, 0, 1, &done), EBADF);
	assert_int_equal(io_copy_mapped(in, 0, -1, 0, 1, &done), EBADF);
	assert_true(done == 0);
	assert_int_equal(io_open(&only, AT_FDCWD, "/proc/self/exe", 0), 0);
	assert_int_equal(io_copy_mapped(in, 0, only, 0, 1, &done), EACCES);
	close(only);
	close(in);
	close(out);
}

static void grounds(void **state)
{
	int fd = file(1, 0);

	(void)state;
	assert_int_equal(io_ground(fd), GROUND_MEMORY);
	close(fd);
	assert_int_equal(io_ground(-1), GROUND_MAY_SHARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_place),
		cmocka_unit_test(failures),
		cmocka_unit_test(grounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
