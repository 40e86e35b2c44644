// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Walking in the byte order of full paths.  Siblings are sorted by name, but
 * what is below "a" sorts as "a/", which comes after the siblings "a-b" and
 * "a.c": so a folder that was visited waits until the next sibling sorts
 * after its name with a slash.  Only names that begin with its own can come
 * before that, so the waiting folders of one row are a stack.
 *
 * There is one stack for all rows, as paths may be deeper than the C stack:
 *
 *	row	the next sibling of some folder (NULL: no more), and those
 *		behind it
 *	waiting	a folder that was visited, what is below it was not
 *
 * On top of a row lie only folders of that row that wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree/node.h"

struct frame {
	struct node *n;
	struct names_cursor rest;
	size_t row;	/* index of the row; its own: this is the row */
};

struct stack {
	struct frame *frames;
	size_t n, cap;
};

static errcode_t push(struct stack *s, struct node *n, size_t row)
{
	if (array_reserve(&s->frames, &s->cap, s->n + 1, sizeof(*s->frames)))
		return ENOMEM;
	s->frames[s->n++] = (struct frame){ .n = n, .row = row };
	return 0;
}

/* Push the row of the names in @dir. */
static errcode_t push_row(struct stack *s, const struct tree_inode *dir)
{
	errcode_t err = push(s, NULL, s->n);
	struct frame *row = &s->frames[s->n - 1];

	if (err)
		return err;
	row->rest = names_begin(&dir->dir.children);
	row->n = names_next(&row->rest);
	return 0;
}

/* Whether what is below @dir comes before its later sibling @n. */
static bool below_is_first(const struct node *dir, const struct node *n)
{
	if (n->name_len <= dir->name_len ||
	    memcmp(n->name, dir->name, dir->name_len))
		return true;
	return (unsigned char)n->name[dir->name_len] > '/';
}

/* Visit the next sibling of a row; a folder then waits. */
static errcode_t visit_next(struct stack *s, size_t row, tree_visit *visit,
			    void *arg)
{
	struct node *n = s->frames[row].n;
	errcode_t err;

	s->frames[row].n = names_next(&s->frames[row].rest);
	err = visit(arg, n);
	if (err || !node_is_folder(n) || !n->inode->dir.n)
		return err;
	return push(s, n, row);
}

static errcode_t walk_step(struct stack *s, tree_visit *visit, void *arg)
{
	struct frame top = s->frames[s->n - 1];
	struct node *next = s->frames[top.row].n;
	bool waiting = top.row != s->n - 1;

	if (next && !(waiting && below_is_first(top.n, next)))
		return visit_next(s, top.row, visit, arg);
	s->n--;
	if (!waiting)
		return 0;
	return push_row(s, top.n->inode);
}

errcode_t tree_walk(const struct tree *t, tree_visit *visit, void *arg)
{
	struct stack s = { NULL, 0, 0 };
	errcode_t err;

	err = visit(arg, t->root);
	if (!err)
		err = push_row(&s, t->root->inode);
	while (!err && s.n)
		err = walk_step(&s, visit, arg);
	free(s.frames);
	return err;
}
