// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gzip members, inflated by zlib, which checks the CRC and the length of
 * each.  What follows a member is another one, padding, or garbage:
 *
 *	1f 8b 08 flags mtime[4] xfl os ... deflate ... crc32[4] isize[4]
 */
#include "source/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "base/errors.h"

enum {
	GZIP_IN = 128 * 1024,
	GZIP_WBITS = 16 + MAX_WBITS,	/* zlib's way to ask for gzip */
};

struct gzip {
	struct stream stream;
	struct stream *in;
	const char *name;
	struct diag *diag;
	z_stream z;
	bool in_member;		/* a header was seen, its end was not */
	bool seen;		/* there was a member */
	bool in_end;		/* @in has no more */
	bool end;		/* nothing more comes out */
	uint8_t buf[GZIP_IN];
};

bool gzip_is(const void *head, size_t len)
{
	return len >= 2 && !memcmp(head, "\x1f\x8b", 2);
}

/* Have at least @want bytes in the buffer, unless the input ends. */
static errcode_t fill(struct gzip *g, size_t want)
{
	size_t got;
	errcode_t err;

	if (g->z.avail_in >= want || g->in_end)
		return 0;
	if (g->z.avail_in)
		memmove(g->buf, g->z.next_in, g->z.avail_in);
	err = stream_read(g->in, g->buf + g->z.avail_in,
			  sizeof(g->buf) - g->z.avail_in, &got);
	if (err)
		return err;
	g->in_end = got < sizeof(g->buf) - g->z.avail_in;
	g->z.next_in = g->buf;
	g->z.avail_in += got;
	return 0;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	return !len || (!p[0] && !memcmp(p, p + 1, len - 1));
}

/* Read what is after the last member to its end. */
static errcode_t pass_garbage(struct gzip *g)
{
	uint64_t len = 0;
	bool zero = true;
	errcode_t err;

	g->end = true;
	do {
		err = fill(g, 1);
		if (err)
			return err;
		zero = zero && all_zero(g->z.next_in, g->z.avail_in);
		len += g->z.avail_in;
		g->z.avail_in = 0;
	} while (!g->in_end);
	if (zero)
		return 0;
	return diag_warning(g->diag, g->name,
			    "%llu bytes after the gzip data are ignored",
			    (unsigned long long)len);
}

/* Stand at the beginning of a member, or set @end. */
static errcode_t begin_member(struct gzip *g)
{
	errcode_t err;

	err = fill(g, 2);
	if (err)
		return err;
	if (gzip_is(g->z.next_in, g->z.avail_in)) {
		g->in_member = g->seen = true;
		return inflateReset(&g->z) == Z_OK ? 0 : E4PACK_ET_BUG;
	}
	if (!g->seen)
		return diag_error(g->diag, g->name, E4PACK_ET_BAD_ARCHIVE,
				  "does not begin with gzip data");
	return pass_garbage(g);
}

static errcode_t inflate_some(struct gzip *g)
{
	errcode_t err;

	err = fill(g, 1);
	if (err)
		return err;
	if (!g->z.avail_in)
		return diag_error(g->diag, g->name, E4PACK_ET_BAD_ARCHIVE,
				  "the gzip data ends early");
	switch (inflate(&g->z, Z_NO_FLUSH)) {
	case Z_OK:
		return 0;
	case Z_STREAM_END:
		g->in_member = false;
		return 0;
	case Z_MEM_ERROR:
		return diag_nomem(g->diag);
	default:
		return diag_error(g->diag, g->name, E4PACK_ET_BAD_ARCHIVE,
				  "the gzip data is damaged: %s",
				  g->z.msg ? g->z.msg : "inflate failed");
	}
}

static errcode_t gzip_read(struct stream *s, void *data, size_t len,
			   size_t *got)
{
	struct gzip *g = (struct gzip *)s;
	uint8_t *out = data;
	uint8_t *to = out + len;
	errcode_t err = 0;

	while (!err && !g->end && out < to) {
		if (!g->in_member) {
			err = begin_member(g);
			continue;
		}
		g->z.next_out = out;
		g->z.avail_out = to - out > INT_MAX ? INT_MAX : to - out;
		err = inflate_some(g);
		out = g->z.next_out;
	}
	if (!err)
		*got = out - (uint8_t *)data;
	return err;
}

static void gzip_free(struct stream *s)
{
	struct gzip *g = (struct gzip *)s;

	inflateEnd(&g->z);
	stream_free(g->in);
	free(g);
}

static const struct stream_ops gzip_ops = {
	.read = gzip_read,
	.free = gzip_free,
};

struct stream *gzip_stream(struct stream *in, const char *name,
			   struct diag *diag)
{
	struct gzip *g = calloc(1, sizeof(*g));

	if (!g || inflateInit2(&g->z, GZIP_WBITS) != Z_OK) {
		free(g);
		stream_free(in);
		return NULL;
	}
	g->stream.ops = &gzip_ops;
	g->in = in;
	g->name = name;
	g->diag = diag;
	return &g->stream;
}
