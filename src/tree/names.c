// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of one folder: leaves of up to 32 nodes in a row, each sorted and
 * all of it, too.  That is 9 bytes a name where a balanced tree takes 32, and
 * going through it reads memory in a row.
 *
 * Folders give their names sorted, and archives mostly do: a name greater than
 * all there are begins a new leaf when the last one is full; only one in the
 * middle halves a full leaf.  The first leaf grows from a few, as most folders
 * have few names.
 *
 * Putting a name in cannot fail: a spare leaf, made before, is taken wherever
 * one is needed, and the array of leaves has room for one more.
 */
#include "tree/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tree/tree.h"

enum { LEAF_FIRST = 4, LEAF_MAX = 32 };

struct name_leaf {
	uint32_t n, cap;
	struct node *nodes[];
};

static struct name_leaf *make_leaf(uint32_t cap)
{
	struct name_leaf *l = malloc(sizeof(*l) + cap * sizeof(l->nodes[0]));

	if (l) {
		l->n = 0;
		l->cap = cap;
	}
	return l;
}

static struct name_leaf *take_spare(struct name_leaf **spare)
{
	struct name_leaf *l = *spare;

	*spare = NULL;
	return l;
}

void names_release(struct names *s)
{
	uint32_t i;

	for (i = 0; i < s->n_leaves; i++)
		free(s->leaves[i]);
	free(s->leaves);
	*s = (struct names){ NULL, 0, 0 };
}

int names_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (c)
		return c;
	return (a_len > b_len) - (a_len < b_len);
}

static int cmp(const char *name, size_t len, const struct node *n)
{
	return names_cmp(name, len, n->name, n->name_len);
}

/* Find where the name is, or where it would be put: in the last leaf that
 * does not begin behind it, before its first node that is not less.  The set
 * is not empty.  Return: whether it is there. */
static bool locate(const struct names *s, const char *name, size_t len,
		   uint32_t *leaf, uint32_t *at)
{
	uint32_t lo = 0, hi = s->n_leaves, mid;
	const struct name_leaf *l;
	int c = 1;

	/* The common case: it is greater than all. */
	l = s->leaves[hi - 1];
	if (cmp(name, len, l->nodes[l->n - 1]) > 0) {
		*leaf = hi - 1;
		*at = l->n;
		return false;
	}
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (cmp(name, len, s->leaves[mid]->nodes[0]) < 0)
			hi = mid;
		else
			lo = mid;
	}
	*leaf = lo;
	l = s->leaves[lo];
	for (lo = 0, hi = l->n; lo < hi; ) {
		mid = lo + (hi - lo) / 2;
		c = cmp(name, len, l->nodes[mid]);
		if (!c) {
			*at = mid;
			return true;
		}
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	*at = lo;
	return false;
}

struct node *names_find(const struct names *s, const char *name, size_t len)
{
	uint32_t leaf, at;

	if (!s->n_leaves || !locate(s, name, len, &leaf, &at))
		return NULL;
	return s->leaves[leaf]->nodes[at];
}

errcode_t names_prepare(struct names *s, struct name_leaf **spare)
{
	size_t cap = s->cap_leaves;
	errcode_t err = 0;

	if (!*spare)
		*spare = make_leaf(LEAF_MAX);
	if (!*spare)
		return ENOMEM;
	/* Most folders never need a second leaf. */
	if (!cap) {
		s->leaves = malloc(sizeof(struct name_leaf *));
		cap = 1;
		err = s->leaves ? 0 : ENOMEM;
	} else {
		err = array_reserve(&s->leaves, &cap, s->n_leaves + 1,
				    sizeof(struct name_leaf *));
	}
	if (!err)
		s->cap_leaves = (uint32_t)cap;
	return err;
}

static void insert_leaf(struct names *s, struct name_leaf *l, uint32_t at)
{
	memmove(s->leaves + at + 1, s->leaves + at,
		(s->n_leaves - at) * sizeof(struct name_leaf *));
	s->leaves[at] = l;
	s->n_leaves++;
}

static void insert_node(struct name_leaf *l, uint32_t at, struct node *n)
{
	memmove(l->nodes + at + 1, l->nodes + at,
		(l->n - at) * sizeof(struct node *));
	l->nodes[at] = n;
	l->n++;
}

/* Give a full leaf more room.  Return: it. */
static struct name_leaf *grow(struct names *s, uint32_t leaf,
			      struct name_leaf **spare)
{
	struct name_leaf *old = s->leaves[leaf];
	struct name_leaf *l = make_leaf(2 * old->cap);

	if (!l)
		l = take_spare(spare);
	l->n = old->n;
	memcpy(l->nodes, old->nodes, old->n * sizeof(struct node *));
	free(old);
	s->leaves[leaf] = l;
	return l;
}

/* Move what is at @at and behind it in leaf @leaf into a new one. */
static void split(struct names *s, uint32_t leaf, uint32_t at,
		  struct name_leaf **spare)
{
	struct name_leaf *l = s->leaves[leaf], *right = take_spare(spare);

	right->n = l->n - at;
	memcpy(right->nodes, l->nodes + at,
	       right->n * sizeof(struct node *));
	l->n = at;
	insert_leaf(s, right, leaf + 1);
}

static void insert_first(struct names *s, struct node *n,
			 struct name_leaf **spare)
{
	struct name_leaf *l = make_leaf(LEAF_FIRST);

	if (!l)
		l = take_spare(spare);
	insert_leaf(s, l, 0);
	insert_node(l, 0, n);
}

void names_insert(struct names *s, struct node *n, struct name_leaf **spare)
{
	struct name_leaf *l;
	uint32_t leaf, at;

	if (!s->n_leaves) {
		insert_first(s, n, spare);
		return;
	}
	locate(s, n->name, n->name_len, &leaf, &at);
	l = s->leaves[leaf];
	if (l->n == l->cap && l->cap < LEAF_MAX) {
		l = grow(s, leaf, spare);
	} else if (l->n == l->cap) {
		bool last = leaf == s->n_leaves - 1 && at == l->n;
		uint32_t half = last ? l->n : l->n / 2;

		split(s, leaf, half, spare);
		if (last || at > half) {
			l = s->leaves[leaf + 1];
			at -= half;
		}
	}
	insert_node(l, at, n);
}

void names_remove(struct names *s, const struct node *n)
{
	struct name_leaf *l;
	uint32_t leaf, at;

	if (!s->n_leaves || !locate(s, n->name, n->name_len, &leaf, &at))
		return;
	l = s->leaves[leaf];
	l->n--;
	memmove(l->nodes + at, l->nodes + at + 1,
		(l->n - at) * sizeof(struct node *));
	if (l->n)
		return;
	free(l);
	s->n_leaves--;
	memmove(s->leaves + leaf, s->leaves + leaf + 1,
		(s->n_leaves - leaf) * sizeof(struct name_leaf *));
}

struct node *names_next(struct names_cursor *c)
{
	const struct name_leaf *l;
	struct node *n;

	if (c->leaf == c->names->n_leaves)
		return NULL;
	l = c->names->leaves[c->leaf];
	n = l->nodes[c->at++];
	if (c->at == l->n) {
		c->leaf++;
		c->at = 0;
	}
	return n;
}
