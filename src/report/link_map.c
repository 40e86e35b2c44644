// SPDX-License-Identifier: GPL-2.0-or-later
/* Names are kept only while others of the same inode are to come. */
#include "report/link_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int compare(const struct first_name *a, const struct first_name *b)
{
	return (a->ino > b->ino) - (a->ino < b->ino);
}

/* A tree has more calls than are made here. */
RB_GENERATE_INTERNAL(first_names, first_name, by_ino, compare,
		     static __attribute__((unused)))

static void drop(struct link_map *m, struct first_name *f)
{
	RB_REMOVE(first_names, &m->names, f);
	place_put(f->place);
	free(f);
}

errcode_t link_map_add(struct link_map *m, uint32_t ino, uint32_t links,
		       struct place *place, const char *name)
{
	const size_t len = strlen(name) + 1;
	struct first_name *f = malloc(sizeof(*f) + len);

	if (!f)
		return ENOMEM;
	f->ino = ino;
	f->left = links - 1;
	f->place = place_get(place);
	memcpy(f->name, name, len);
	RB_INSERT(first_names, &m->names, f);
	return 0;
}

struct first_name *link_map_find(struct link_map *m, uint32_t ino)
{
	struct first_name key = { .ino = ino };

	return RB_FIND(first_names, &m->names, &key);
}

void link_map_used(struct link_map *m, struct first_name *f)
{
	if (--f->left == 0)
		drop(m, f);
}

void link_map_release(struct link_map *m)
{
	while (!RB_EMPTY(&m->names))
		drop(m, RB_ROOT(&m->names));
}
