// SPDX-License-Identifier: GPL-2.0-or-later
/* gzip data, whole and damaged, in input of several sizes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "source/gzip.h"

/* A stream over memory; at @fail_at it fails with EIO. */
struct memory {
	struct stream stream;
	const struct buf *b;
	size_t pos;
	size_t fail_at;
	int *freed;
};

static errcode_t memory_read(struct stream *s, void *data, size_t len,
			     size_t *got)
{
	struct memory *m = (struct memory *)s;

	if (m->pos + len > m->fail_at)
		return EIO;
	if (len > m->b->len - m->pos)
		len = m->b->len - m->pos;
	if (len)
		memcpy(data, m->b->data + m->pos, len);
	m->pos += len;
	*got = len;
	return 0;
}

static void memory_free(struct stream *s)
{
	++*((struct memory *)s)->freed;
	free(s);
}

static const struct stream_ops memory_ops = {
	.read = memory_read,
	.free = memory_free,
};

static struct stream *over(const struct buf *b, size_t fail_at, int *freed)
{
	struct memory *m = calloc(1, sizeof(*m));

	m->stream.ops = &memory_ops;
	m->b = b;
	m->fail_at = fail_at;
	m->freed = freed;
	return &m->stream;
}

/* Append @text as one gzip member. */
static void member(struct buf *b, const void *text, size_t len)
{
	z_stream z = { .zalloc = NULL };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(buf_reserve(b, deflateBound(&z, len)), 0);
	z.next_in = (Bytef *)text;
	z.avail_in = len;
	z.next_out = b->data + b->len;
	z.avail_out = b->cap - b->len;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	deflateEnd(&z);
}

struct outcome {
	errcode_t err;
	struct buf out;
	unsigned int warnings, errors;
};

/* Inflate @b, asking for @step bytes at a time. */
static void inflate_all(struct outcome *o, const struct buf *b, size_t step,
			size_t fail_at)
{
	struct stream *s;
	struct diag diag;
	int freed = 0;
	size_t got = step;

	memset(o, 0, sizeof(*o));
	diag_init(&diag, NULL, NULL);
	s = gzip_stream(over(b, fail_at, &freed), "x.gz", &diag);
	assert_non_null(s);
	while (!o->err && got == step) {
		assert_int_equal(buf_reserve(&o->out, step), 0);
		o->err = stream_read(s, o->out.data + o->out.len, step, &got);
		if (!o->err)
			o->out.len += got;
	}
	stream_free(s);
	assert_int_equal(freed, 1);
	o->warnings = diag.warnings;
	o->errors = diag.errors;
	diag_release(&diag);
}

enum damage {
	NONE, CUT_TRAILER, CUT_DATA, CUT_HEADER, BAD_CRC, BAD_LENGTH,
	BAD_METHOD, BAD_DATA, ZEROS, GARBAGE, ZEROS_GARBAGE, ONE_BYTE,
	MAGIC_GARBAGE, NO_GZIP, EMPTY,
};

static void apply(struct buf *b, enum damage damage)
{
	switch (damage) {
	case NONE:
		break;
	case CUT_TRAILER:
		b->len--;
		break;
	case CUT_DATA:
		b->len -= 12;
		break;
	case CUT_HEADER:
		b->len = 5;
		break;
	case BAD_CRC:
		b->data[b->len - 8] ^= 1;
		break;
	case BAD_LENGTH:
		b->data[b->len - 1] ^= 1;
		break;
	case BAD_METHOD:
		b->data[2] = 7;
		break;
	case BAD_DATA:
		b->data[10] = 0x07;
		break;
	case ZEROS:
		buf_add_zero(b, 300000);
		break;
	case ZEROS_GARBAGE:
		buf_add_zero(b, 300000);
		buf_add_str(b, "x");
		break;
	case GARBAGE:
		buf_add_str(b, "garbage");
		break;
	case ONE_BYTE:
		buf_add_str(b, "\x1f");
		break;
	case MAGIC_GARBAGE:
		buf_add_str(b, "\x1f\x8bgarbage");
		break;
	case NO_GZIP:
		b->data[0] = 'x';
		break;
	case EMPTY:
		b->len = 0;
		break;
	}
}

static const struct {
	enum damage damage;
	errcode_t err;
	unsigned int warnings;
} cases[] = {
	{ NONE, 0, 0 },
	{ CUT_TRAILER, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ CUT_DATA, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ CUT_HEADER, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ BAD_CRC, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ BAD_LENGTH, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ BAD_METHOD, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ BAD_DATA, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ ZEROS, 0, 0 },
	{ GARBAGE, 0, 1 },
	{ ZEROS_GARBAGE, 0, 1 },
	{ ONE_BYTE, 0, 1 },
	{ MAGIC_GARBAGE, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ NO_GZIP, E4PACK_ET_BAD_ARCHIVE, 0 },
	{ EMPTY, E4PACK_ET_BAD_ARCHIVE, 0 },
};

static void damaged(void **state)
{
	static const size_t steps[] = { 1, 7, 4096 };
	struct outcome o;
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
			struct buf b = BUF_INIT;

			member(&b, "some text", 9);
			apply(&b, cases[i].damage);
			inflate_all(&o, &b, steps[j], SIZE_MAX);
			if (o.err != cases[i].err ||
			    o.warnings != cases[i].warnings ||
			    o.errors != (o.err != 0) ||
			    (!o.err && (o.out.len != 9 ||
			     memcmp(o.out.data, "some text", 9))))
				fail_msg("damage %d, step %zu: %ld, %u "
					 "warnings", cases[i].damage, steps[j],
					 (long)o.err, o.warnings);
			buf_release(&o.out);
			buf_release(&b);
		}
}

/* Members at every distance from the end of an input buffer. */
static void members(void **state)
{
	struct buf b = BUF_INIT, want = BUF_INIT;
	uint32_t seed = 1;
	struct outcome o;
	int i;

	(void)state;
	for (i = 0; i < 4000; i++) {
		uint8_t noise[128];
		size_t len = i % 129, j;

		for (j = 0; j < len; j++) {
			seed = seed * 1664525 + 1013904223;
			noise[j] = seed >> 24;
		}
		member(&b, noise, len);
		buf_add(&want, noise, len);
	}
	assert_true(b.len > 256 * 1024);
	inflate_all(&o, &b, 65536, SIZE_MAX);
	assert_int_equal(o.err, 0);
	assert_int_equal(o.out.len, want.len);
	assert_memory_equal(o.out.data, want.data, want.len);
	buf_release(&o.out);
	/* A failure of the input is passed on, and not told again. */
	inflate_all(&o, &b, 65536, 200000);
	assert_int_equal(o.err, EIO);
	assert_int_equal(o.errors, 0);
	buf_release(&o.out);
	buf_release(&b);
	buf_release(&want);
}

static void magic(void **state)
{
	(void)state;
	assert_true(gzip_is("\x1f\x8b", 2));
	assert_false(gzip_is("\x1f\x8b", 1));
	assert_false(gzip_is("\x1f\x9d", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged),
		cmocka_unit_test(members),
		cmocka_unit_test(magic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
