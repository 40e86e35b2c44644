/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of one folder, in byte order.  See names.c. */
#ifndef E4PACK_TREE_NAMES_H
#define E4PACK_TREE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct node;
struct name_leaf;

/* All zeros is a valid empty set. */
struct names {
	struct name_leaf **leaves;	/* none is empty */
	uint32_t n_leaves, cap_leaves;
};

/* Free the memory; nodes are not touched.  The set is empty then. */
void names_release(struct names *s);

/* Order two names as bytes, of which the end is the least. */
int names_cmp(const char *a, size_t a_len, const char *b, size_t b_len);

/* Return: the node with this name, or NULL. */
struct node *names_find(const struct names *s, const char *name, size_t len);

/* Make sure that the next names_insert() with @spare has memory.
 * Return: 0 or ENOMEM. */
errcode_t names_prepare(struct names *s, struct name_leaf **spare);

/* Put @n, whose name is set and not there yet, into the set. */
void names_insert(struct names *s, struct node *n, struct name_leaf **spare);

/* Take @n, which is there, out of it. */
void names_remove(struct names *s, const struct node *n);

/* Going through a set that does not change meanwhile. */
struct names_cursor {
	const struct names *names;
	uint32_t leaf, at;	/* of the name that comes next */
};

static inline struct names_cursor names_begin(const struct names *s)
{
	return (struct names_cursor){ s, 0, 0 };
}

/* Step on.  Return: the next node, or NULL at the end. */
struct node *names_next(struct names_cursor *c);

static inline bool names_empty(const struct names *s)
{
	return !s->n_leaves;
}

#endif
