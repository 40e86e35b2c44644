// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of ids: open addressing, at most half full. */
#include "report/check_quota.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CAP_LEAST = 64 };

void quota_uses_release(struct quota_uses *u)
{
	free(u->table);
	memset(u, 0, sizeof(*u));
}

/* The place of @id, or the free one where it belongs. */
static struct quota_use *place(const struct quota_uses *u, uint32_t id)
{
	size_t at = (id * UINT32_C(0x9e3779b1)) >> 8;

	for (at &= u->cap - 1; u->table[at].inodes; at = (at + 1) &
	     (u->cap - 1))
		if (u->table[at].id == id)
			break;
	return &u->table[at];
}

static errcode_t grow(struct quota_uses *u)
{
	const size_t cap = u->cap ? u->cap * 2 : CAP_LEAST;
	struct quota_uses new = { .n = u->n, .cap = cap };
	size_t i;

	new.table = calloc(cap, sizeof(*new.table));
	if (!new.table)
		return ENOMEM;
	for (i = 0; i < u->cap; i++)
		if (u->table[i].inodes)
			*place(&new, u->table[i].id) = u->table[i];
	free(u->table);
	*u = new;
	return 0;
}

errcode_t quota_uses_add(struct quota_uses *u, uint32_t id, uint64_t inodes,
			 uint64_t clusters)
{
	struct quota_use *use;

	if (u->n * 2 >= u->cap && grow(u))
		return ENOMEM;
	use = place(u, id);
	u->n += !use->inodes;
	use->id = id;
	use->inodes += inodes;
	use->clusters += clusters;
	return 0;
}

struct quota_use *quota_uses_find(const struct quota_uses *u, uint32_t id)
{
	struct quota_use *use = u->cap ? place(u, id) : NULL;

	return use && use->inodes ? use : NULL;
}

static int by_id(const void *a, const void *b)
{
	const struct quota_use *x = a, *y = b;

	if (!x->inodes || !y->inodes)
		return !x->inodes - !y->inodes;
	return (x->id > y->id) - (x->id < y->id);
}

void quota_uses_sort(struct quota_uses *u)
{
	if (u->cap)
		qsort(u->table, u->cap, sizeof(*u->table), by_id);
}
