// SPDX-License-Identifier: GPL-2.0-or-later
/* Extended attributes of two inodes, wherever each image keeps them. */
#include "report/diff_inode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "image/read_xattr.h"

/* The attributes of one inode, in the order of their names. */
struct xattr_list {
	struct arena bytes;
	struct xattr *list;
	size_t n, cap;
};

void xattr_list_free(struct xattr_list *l)
{
	if (!l)
		return;
	arena_release(&l->bytes);
	free(l->list);
	free(l);
}

static errcode_t keep(void *arg, const struct xattr_entry *e, bool in_block)
{
	struct xattr_list *l = arg;
	struct xattr x = e->x;

	(void)in_block;
	x.name = arena_dup(&l->bytes, e->x.name, e->x.name_len);
	x.value = arena_dup(&l->bytes, e->x.value, e->x.value_len);
	if ((!x.name && x.name_len) || (!x.value && x.value_len) ||
	    array_reserve(&l->list, &l->cap, l->n + 1, sizeof(*l->list)))
		return ENOMEM;
	l->list[l->n++] = x;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct xattr *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->name_len != y->name_len)
		return x->name_len < y->name_len ? -1 : 1;
	return memcmp(x->name, y->name, x->name_len);
}

static errcode_t load(struct diff_side *s)
{
	struct xattr_list *l = s->xattrs;
	errcode_t err;

	if (!l) {
		l = s->xattrs = calloc(1, sizeof(*l));
		if (!l)
			return diag_nomem(image_diag(s->img));
		arena_init(&l->bytes);
	}
	arena_release(&l->bytes);
	arena_init(&l->bytes);
	l->n = 0;
	err = read_xattrs(s->img, s->inode, keep, l);
	if (err == ENOMEM)
		return diag_nomem(image_diag(s->img));
	if (l->n)
		qsort(l->list, l->n, sizeof(*l->list), by_name);
	return err;
}

static bool same_xattr(const struct xattr *x, const struct xattr *y)
{
	return by_name(x, y) == 0 && x->value_len == y->value_len &&
	       (x->value_len == 0 ||
		memcmp(x->value, y->value, x->value_len) == 0);
}

errcode_t diff_xattrs(uint32_t *ways, struct diff_pair *p)
{
	const struct xattr_list *a, *b;
	errcode_t err = load(&p->a);
	bool same;
	size_t i;

	if (!err)
		err = load(&p->b);
	if (err)
		return err;
	a = p->a.xattrs;
	b = p->b.xattrs;
	same = a->n == b->n;
	for (i = 0; same && i < a->n; i++)
		same = same_xattr(&a->list[i], &b->list[i]);
	*ways |= (uint32_t)!same << DIFF_XATTRS;
	return 0;
}
