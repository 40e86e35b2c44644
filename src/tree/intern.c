// SPDX-License-Identifier: GPL-2.0-or-later
/* Attribute sets by content: few in number, named by many inodes. */
#include "tree/intern.h"

#include <errno.h>
#include <stdlib.h>

struct interned {
	RB_ENTRY(interned) by_content;
	struct xattr_set *set;
};

static int interned_cmp(struct interned *a, struct interned *b)
{
	return xattr_set_cmp(a->set, b->set);
}

RB_PROTOTYPE(intern, interned, by_content, interned_cmp)
RB_GENERATE(intern, interned, by_content, interned_cmp)

void intern_init(struct intern *in)
{
	RB_INIT(in);
}

errcode_t intern_take(struct intern *in, struct arena *arena,
		      struct xattr_set **set)
{
	struct interned key = { .set = *set }, *found;

	if (!*set)
		return 0;
	found = RB_FIND(intern, in, &key);
	if (found) {
		free(*set);
		*set = found->set;
		return 0;
	}
	found = arena_alloc(arena, sizeof(*found));
	if (!found) {
		free(*set);
		*set = NULL;
		return ENOMEM;
	}
	found->set = *set;
	RB_INSERT(intern, in, found);
	return 0;
}

void intern_release(struct intern *in)
{
	struct interned *i;

	RB_FOREACH(i, intern, in)
		free(i->set);
	RB_INIT(in);
}
