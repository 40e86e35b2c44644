// SPDX-License-Identifier: GPL-2.0-or-later
/* Gathers what read_map() tells. */
#include "report/file_extents.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "image/read_map.h"

void file_extents_release(struct file_extents *l)
{
	free(l->e);
	memset(l, 0, sizeof(*l));
}

struct gather {
	struct file_extents *list;
	const struct image *img;
};

static errcode_t add(void *arg, const struct extent *e)
{
	const struct gather *g = arg;
	struct file_extents *l = g->list;

	if (array_reserve(&l->e, &l->cap, l->n + 1, sizeof(*l->e)))
		return diag_nomem(image_diag(g->img));
	l->e[l->n++] = *e;
	return 0;
}

errcode_t file_extents_read(struct file_extents *l, struct image *img,
			   const struct inode_info *i, uint64_t *budget)
{
	struct gather g = { .list = l, .img = img };
	const struct map_visitor v = {
		.extent = add, .arg = &g, .budget = budget,
	};
	errcode_t err;

	l->n = 0;
	err = read_map(img, i, &v);
	if (err)
		l->n = 0;
	return err;
}
