/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first name of each inode that has several. */
#ifndef E4PACK_REPORT_LINK_MAP_H
#define E4PACK_REPORT_LINK_MAP_H

#include <stdint.h>

#include <bsd/sys/tree.h>

#include "report/place.h"

struct first_name {
	RB_ENTRY(first_name) by_ino;
	uint32_t ino;
	uint32_t left;		/* names yet to come, as its inode says */
	struct place *place;
	char name[];		/* NUL-ended */
};

RB_HEAD(first_names, first_name);

/* Zero it, or link_map_release(). */
struct link_map {
	struct first_names names;
};

/* Keep @name in @place, a name of @ino that has @links in all.
 * Return: 0 or ENOMEM. */
errcode_t link_map_add(struct link_map *m, uint32_t ino, uint32_t links,
		       struct place *place, const char *name);

/* Return: the first name of @ino, or NULL. */
struct first_name *link_map_find(struct link_map *m, uint32_t ino);

/* Note that a further name of @f is made; after the last @f is gone. */
void link_map_used(struct link_map *m, struct first_name *f);

void link_map_release(struct link_map *m);

#endif
