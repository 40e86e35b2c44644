/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of staged content are: a host file, a plain archive, an
 * unlinked spool file, memory.  Content keeps (origin, offset) instead of a
 * copy; the bytes are read once, at flush.
 *
 * Origins are counted.  Reading goes through a reader, so that several
 * threads may read one origin, each through its own.
 */
#ifndef E4PACK_SOURCE_ORIGIN_H
#define E4PACK_SOURCE_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/diag.h"

struct origin;

/* One thread's way into an origin. */
struct origin_reader {
	struct origin *origin;
	int fd;			/* of the bytes, or -1 where there is none */
	uint64_t base;		/* byte 0 of the origin lies here in @fd */
};

struct origin_ops {
	/* Fill @r.  Reports. */
	errcode_t (*open)(struct origin *o, struct origin_reader *r,
			  struct diag *diag);
	/* Read exactly @len bytes at @offset; an early end is
	 * E4PACK_ET_CHANGED.  Reports. */
	errcode_t (*read)(struct origin_reader *r, void *data, size_t len,
			  uint64_t offset, struct diag *diag);
	/* End reading; with @diag also check that the origin is still what
	 * was staged (E4PACK_ET_CHANGED).  Reports.  NULL @diag: no check,
	 * used after a failure. */
	errcode_t (*close)(struct origin_reader *r, struct diag *diag);
	/* Free the origin, after its last reference. */
	void (*free)(struct origin *o);
};

struct origin {
	const struct origin_ops *ops;
	uint32_t refs;		/* owners; starts at 1 */
	uint32_t tag;		/* for the kind of origin that it is */
};

/* Take a further reference.  Return: @o. */
static inline struct origin *origin_get(struct origin *o)
{
	o->refs++;
	return o;
}

/* Drop a reference; frees after the last.  NULL is fine. */
static inline void origin_put(struct origin *o)
{
	if (o && --o->refs == 0)
		o->ops->free(o);
}

/* Make an origin over @len bytes of memory, copied.
 * Return: the origin with one reference, or NULL without memory. */
struct origin *origin_memory(const void *data, size_t len);

/* Make an origin over an open file that does not change: byte 0 at @base.
 * A regular file that has a name (not a spool) is held to that: size and
 * mtime are compared with now whenever a reader opens and closes it.
 * Takes over @fd and closes it with the last reference.  @name is the
 * subject of messages, copied.  Return: the origin, or NULL without memory
 * (then @fd stays the caller's). */
struct origin *origin_file(int fd, uint64_t base, const char *name);

#endif
