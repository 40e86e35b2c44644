// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairs of inodes, found from either side. */
#include "report/diff_links.h"

#include <errno.h>
#include <stddef.h>

static int by_number(const struct link_pair *p, const struct link_pair *q)
{
	return (p->ino > q->ino) - (p->ino < q->ino);
}

/* RB_GENERATE_STATIC() needs a name that libbsd does not define here. */
#define TREE_SCOPE static __attribute__((unused))
RB_GENERATE_INTERNAL(link_pairs, link_pair, by_ino, by_number, TREE_SCOPE)

void diff_links_init(struct diff_links *l)
{
	RB_INIT(&l->first);
	RB_INIT(&l->second);
	arena_init(&l->memory);
}

void diff_links_release(struct diff_links *l)
{
	arena_release(&l->memory);
	diff_links_init(l);
}

static const struct link_pair *find(const struct link_pairs *pairs,
				    uint32_t ino)
{
	const struct link_pair *p = RB_ROOT(pairs);

	while (p && p->ino != ino)
		p = ino < p->ino ? RB_LEFT(p, by_ino) : RB_RIGHT(p, by_ino);
	return p;
}

enum link_state diff_links_find(const struct diff_links *l, uint32_t a,
				uint32_t b, uint32_t *ways)
{
	const struct link_pair *p = find(&l->first, a);
	const struct link_pair *q = find(&l->second, b);

	if (!p && !q)
		return LINK_NEW;
	if (!p || p->other != b)
		return LINK_OTHER;
	*ways = p->ways;
	return LINK_SAME;
}

static errcode_t add(struct diff_links *l, struct link_pairs *pairs,
		     uint32_t ino, uint32_t other, uint32_t ways)
{
	struct link_pair *p = arena_alloc(&l->memory, sizeof(*p));

	if (!p)
		return ENOMEM;
	p->ino = ino;
	p->other = other;
	p->ways = ways;
	RB_INSERT(link_pairs, pairs, p);
	return 0;
}

errcode_t diff_links_add(struct diff_links *l, uint32_t a, uint32_t b,
			 uint32_t ways)
{
	errcode_t err = add(l, &l->first, a, b, ways);

	return err ? err : add(l, &l->second, b, a, ways);
}
