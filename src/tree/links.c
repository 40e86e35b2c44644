// SPDX-License-Identifier: GPL-2.0-or-later
/* Hard links: a hash table with open addressing, grown when half full. */
#include "tree/links.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

/* Inode numbers come in rows: every bit has to reach the low ones. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = a * UINT64_C(0x9e3779b97f4a7c15) + b;

	h = (h ^ h >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 27) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

/* Return: the slot of the pair, or the free one where it belongs. */
static struct link_slot *probe(const struct links *l, uint64_t a, uint64_t b)
{
	size_t i = mix(a, b) & (l->size - 1);

	while (l->slots[i].inode &&
	       (l->slots[i].a != a || l->slots[i].b != b))
		i = (i + 1) & (l->size - 1);
	return &l->slots[i];
}

static errcode_t grow(struct links *l)
{
	struct links old = *l, bigger = { NULL, l->n, FIRST_SIZE };
	size_t i;

	if (old.size)
		bigger.size = 2 * old.size;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return ENOMEM;
	for (i = 0; i < old.size; i++) {
		struct link_slot *s = &old.slots[i];

		if (s->inode)
			*probe(&bigger, s->a, s->b) = *s;
	}
	free(old.slots);
	*l = bigger;
	return 0;
}

struct tree_inode *links_find(const struct links *l, uint64_t a, uint64_t b)
{
	return l->size ? probe(l, a, b)->inode : NULL;
}

errcode_t links_set(struct links *l, uint64_t a, uint64_t b,
		    struct tree_inode *inode)
{
	struct link_slot *s;
	errcode_t err;

	if (2 * (l->n + 1) > l->size) {
		err = grow(l);
		if (err)
			return err;
	}
	s = probe(l, a, b);
	l->n += !s->inode;
	*s = (struct link_slot){ a, b, inode };
	return 0;
}

void links_release(struct links *l)
{
	free(l->slots);
	memset(l, 0, sizeof(*l));
}
