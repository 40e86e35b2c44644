// SPDX-License-Identifier: GPL-2.0-or-later
/* The growing list of runs in which the allocator hands out blocks. */
#include "alloc/mballoc.h"

#include <stdlib.h>

#include "base/buf.h"

void run_list_release(struct run_list *l)
{
	free(l->runs);
	*l = (struct run_list){ NULL, 0, 0 };
}

errcode_t run_list_add(struct run_list *l, uint64_t start, uint64_t len)
{
	struct run *last = l->n ? &l->runs[l->n - 1] : NULL;
	errcode_t err;

	if (last && last->start + last->len == start) {
		last->len += len;
		return 0;
	}
	err = array_reserve(&l->runs, &l->cap, l->n + 1, sizeof(*l->runs));
	if (err)
		return err;
	l->runs[l->n++] = (struct run){ start, len };
	return 0;
}
