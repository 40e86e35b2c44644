/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the bytes of a file are: a map from byte ranges of the file to
 * (origin, offset).  Nothing is copied.  What no range covers reads as zero.
 */
#ifndef E4PACK_DELAY_CONTENT_H
#define E4PACK_DELAY_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "source/origin.h"

struct content_range {
	uint64_t offset;	/* in the file, bytes */
	uint64_t len;		/* bytes */
	uint64_t origin_offset;	/* of its first byte */
	struct origin *origin;	/* NULL: staged as zeros */
};

struct content_map;
struct content_node;

/* Most files have no range or one, from their first byte on, which is kept
 * here; others have a map behind.  All zeros is a valid empty state. */
struct content {
	uint64_t len;			/* of the one range; 0: there is none,
					 * or a map */
	uint64_t origin_offset;		/* of its first byte */
	union {
		struct origin *origin;		/* of the one range */
		struct content_map *map;	/* NULL: empty */
	};
};

/* The map behind @c, or NULL. */
static inline struct content_map *content_map_of(const struct content *c)
{
	return c->len ? NULL : c->map;
}

void content_init(struct content *c);

/* Put every origin and free the map. */
void content_release(struct content *c);

/* Say that @range holds these bytes, whatever was there before; takes a
 * reference of the origin.  Return: 0, or ENOMEM with nothing changed. */
errcode_t content_set(struct content *c, const struct content_range *range);

/* Make the memory ready that the next content_set(), content_clear() or
 * content_punch() may need, so that it cannot fail.  Return: 0 or ENOMEM. */
errcode_t content_prepare(struct content *c);

/* Forget the bytes in [@offset, @offset + @len).
 * Return: 0, or ENOMEM with nothing changed. */
errcode_t content_clear(struct content *c, uint64_t offset, uint64_t len);

/* Forget the bytes in [@offset, @offset + @len), and say that the first @head
 * and the last @tail of them hold zeros.
 * Return: 0, or ENOMEM with nothing changed. */
errcode_t content_punch(struct content *c, uint64_t offset, uint64_t len,
			uint64_t head, uint64_t tail);

/* Forget the bytes from @size on. */
void content_truncate(struct content *c, uint64_t size);

/* Find the first range that ends after @offset; *@range is a copy that owns
 * no reference.  Several threads may read one content.
 * Return: whether there is one. */
bool content_next(const struct content *c, uint64_t offset,
		  struct content_range *range);

/* The same for steps that go up: @w, all zeros at first, remembers the node of
 * the last one, and is good for this content until it changes, and for
 * others. */
struct content_walk {
	const struct content *content;
	struct content_node *at;
};

bool content_walk_next(const struct content *c, struct content_walk *w,
		       uint64_t offset, struct content_range *range);

/* Whether there is but one range, which has bytes of all blocks before @end,
 * blocks of 2^@bits bytes. */
static inline bool content_covers(const struct content *c, uint32_t bits,
				  uint32_t end)
{
	return c->len > (uint64_t)(end - 1) << bits;
}

/* Whether a range has a byte of block @lblk, blocks of 2^@bits bytes.
 * *@next: the first block behind it for which the answer is another one, at
 * most @limit. */
bool content_touches(const struct content *c, uint32_t bits, uint32_t lblk,
		     uint32_t limit, uint32_t *next);

bool content_walk_touches(const struct content *c, struct content_walk *w,
			  uint32_t bits, uint32_t lblk, uint32_t limit,
			  uint32_t *next);

/* Ranges in all. */
uint64_t content_count(const struct content *c);

#endif
