/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of bytes read once from front to back: a file, a pipe, or what a
 * decoder makes of another stream.  A stream reports its own failures.
 */
#ifndef E4PACK_SOURCE_STREAM_H
#define E4PACK_SOURCE_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct stream;

struct stream_ops {
	/* Read @len bytes; *@got is less only at the end.  Reports, but for
	 * E4PACK_ET_INTERRUPTED. */
	errcode_t (*read)(struct stream *s, void *data, size_t len,
			  size_t *got);
	/* Move on by up to @len bytes without reading them, by how many is
	 * the result.  NULL where the bytes must be read. */
	uint64_t (*pass)(struct stream *s, uint64_t len);
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
};

static inline errcode_t stream_read(struct stream *s, void *data, size_t len,
				    size_t *got)
{
	return s->ops->read(s, data, len, got);
}

static inline uint64_t stream_skip(struct stream *s, uint64_t len)
{
	return s->ops->pass ? s->ops->pass(s, len) : 0;
}

static inline void stream_free(struct stream *s)
{
	if (s)
		s->ops->free(s);
}

#endif
