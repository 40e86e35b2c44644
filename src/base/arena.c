// SPDX-License-Identifier: GPL-2.0-or-later
/* Arenas: chunks of 256 KiB, filled from the front; in small arenas one of
 * 128 bytes, then of 1 KiB. */
#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHUNK_BYTES = 256 * 1024,
	FIRST_SMALL_BYTES = 128,
	SMALL_BYTES = 1024,
	ALIGN = 8,
};

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;	/* bytes of data */
	_Alignas(ALIGN) unsigned char data[];
};

void arena_init(struct arena *a)
{
	memset(a, 0, sizeof(*a));
}

void arena_init_small(struct arena *a)
{
	arena_init(a);
	a->small = true;
}

void arena_release(struct arena *a)
{
	struct arena_chunk *c = a->chunks, *next;

	for (; c; c = next) {
		next = c->next;
		free(c);
	}
	arena_init(a);
}

/* How long the next chunk is, for an object of @size bytes: in a large arena
 * one that would waste the rest of two chunks gets one of its own. */
static size_t next_chunk(const struct arena *a, size_t size)
{
	size_t bytes = CHUNK_BYTES, most = CHUNK_BYTES / 4;

	if (a->small)
		most = bytes = a->chunks ? SMALL_BYTES : FIRST_SMALL_BYTES;
	return size > most ? size : bytes;
}

static void *take(struct arena *a, size_t size, size_t align)
{
	struct arena_chunk *c = a->chunks;
	size_t at = (a->used + align - 1) & ~(align - 1), bytes;

	if (c && at <= c->size && size <= c->size - at) {
		a->used = at + size;
		return c->data + at;
	}
	if (size > SIZE_MAX / 2)
		return NULL;
	bytes = next_chunk(a, size);
	c = malloc(sizeof(*c) + bytes);
	if (!c)
		return NULL;
	c->size = bytes;
	c->next = a->chunks;
	a->chunks = c;
	a->total += bytes;
	a->used = size;
	return c->data;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = take(a, size, ALIGN);

	if (p)
		memset(p, 0, size);
	return p;
}

void *arena_dup(struct arena *a, const void *data, size_t size)
{
	void *p = take(a, size, 1);

	if (p)
		memcpy(p, data, size);
	return p;
}
