/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for the many small objects that live as long as their owner: they
 * are taken one by one and given back all together.  No per-object overhead.
 */
#ifndef E4PACK_BASE_ARENA_H
#define E4PACK_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;	/* newest first */
	size_t used;			/* bytes used of the newest chunk */
	size_t total;			/* bytes taken from the system */
	bool small;
};

void arena_init(struct arena *a);

/* The same, for one of very many arenas, most of which will hold little. */
void arena_init_small(struct arena *a);

/* Free every object at once. */
void arena_release(struct arena *a);

/* Take @size zeroed bytes, aligned for any object.
 * Return: the bytes, valid until arena_release(), or NULL without memory. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc(), unaligned and copied from @data: for names. */
void *arena_dup(struct arena *a, const void *data, size_t size);

#endif
