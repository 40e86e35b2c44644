/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Origins whose bytes can be computed, some in a host file, some that fail,
 * and that count how they are used; for delay_writeback.c.
 */
#ifndef E4PACK_TESTS_DELAY_FAKE_H
#define E4PACK_TESTS_DELAY_FAKE_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "source/origin.h"

enum { HOST_BYTES = 6 << 20 };

enum kind { HOST, MEMORY, SHORT_READ, FAIL_READ, FAIL_OPEN, FAIL_CLOSE };

/* Bytes of position i are a mix of i and the seed; a host file has them at
 * base bytes from its beginning. */
struct fake {
	struct origin origin;
	enum kind kind;
	uint32_t seed;
	int fd;
	uint64_t base;
	int opened, closed, checked, reads;	/* __atomic */
};

static uint8_t byte_at(uint32_t seed, uint64_t i)
{
	return (i * 2654435761u + seed) >> 13;
}

static errcode_t fake_open(struct origin *o, struct origin_reader *r,
			   struct diag *diag)
{
	struct fake *f = (struct fake *)o;

	if (f->kind == FAIL_OPEN)
		return diag_error(diag, "fake", EACCES, "cannot open");
	__atomic_add_fetch(&f->opened, 1, __ATOMIC_RELAXED);
	r->fd = f->kind == HOST ? f->fd : -1;
	r->base = f->base;
	return 0;
}

static errcode_t fake_read(struct origin_reader *r, void *data, size_t len,
			   uint64_t offset, struct diag *diag)
{
	struct fake *f = (struct fake *)r->origin;
	uint8_t *bytes = data;
	size_t i;

	__atomic_add_fetch(&f->reads, 1, __ATOMIC_RELAXED);
	if (f->kind == SHORT_READ)
		return diag_error(diag, "fake", E4PACK_ET_CHANGED, NULL);
	if (f->kind == FAIL_READ)
		return diag_error(diag, "fake", EIO, "cannot read");
	for (i = 0; i < len; i++)
		bytes[i] = byte_at(f->seed, offset + i);
	return 0;
}

static errcode_t fake_close(struct origin_reader *r, struct diag *diag)
{
	struct fake *f = (struct fake *)r->origin;

	__atomic_add_fetch(&f->closed, 1, __ATOMIC_RELAXED);
	if (!diag)
		return 0;
	__atomic_add_fetch(&f->checked, 1, __ATOMIC_RELAXED);
	if (f->kind == FAIL_CLOSE)
		return diag_error(diag, "fake", E4PACK_ET_CHANGED, NULL);
	return 0;
}

static void fake_free(struct origin *o)
{
	(void)o;
	fail();
}

static const struct origin_ops fake_ops = { fake_open, fake_read, fake_close,
					    fake_free };

static void fake_init(struct fake *f, enum kind kind, uint32_t seed)
{
	*f = (struct fake){ .origin = { .ops = &fake_ops, .refs = 1 },
			    .kind = kind, .seed = seed, .fd = -1 };
}

static int temp_file(void)
{
	char name[] = "/tmp/delay_writebackXXXXXX";
	const char *dir = getenv("TMPDIR");
	int fd;

	if (dir) {
		fd = open(dir, O_TMPFILE | O_RDWR, 0600);
		if (fd >= 0)
			return fd;
	}
	fd = mkstemp(name);
	assert_true(fd >= 0);
	unlink(name);
	return fd;
}

/* Put the bytes of a host origin into a file, 100 bytes from its start. */
static void fill_host(struct fake *f)
{
	uint8_t *bytes = malloc(HOST_BYTES);
	size_t i;

	assert_non_null(bytes);
	for (i = 0; i < HOST_BYTES; i++)
		bytes[i] = byte_at(f->seed, i);
	f->fd = temp_file();
	f->base = 100;
	assert_int_equal(io_pwrite(f->fd, bytes, HOST_BYTES, f->base), 0);
	free(bytes);
}

#endif
