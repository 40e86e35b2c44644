// SPDX-License-Identifier: GPL-2.0-or-later
/* Gathers what read_map() tells. */
#include "report/extent_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "image/read_map.h"

void extent_list_release(struct extent_list *l)
{
	free(l->e);
	memset(l, 0, sizeof(*l));
}

static errcode_t add(void *arg, const struct extent *e)
{
	struct extent_list *l = arg;
	errcode_t err = array_reserve(&l->e, &l->cap, l->n + 1,
				      sizeof(*l->e));

	if (!err)
		l->e[l->n++] = *e;
	return err;
}

errcode_t extent_list_read(struct extent_list *l, struct image *img,
			   const struct inode_info *i, uint64_t *budget)
{
	const struct map_visitor v = {
		.extent = add, .arg = l, .budget = budget,
	};
	errcode_t err;

	l->n = 0;
	err = read_map(img, i, &v);
	if (err)
		l->n = 0;
	return err;
}
