// SPDX-License-Identifier: GPL-2.0-or-later
/* Edits that take a name away or move it. */
#include <errno.h>
#include <string.h>

#include "tree/edit.h"
#include "tree/node.h"
#include "tree/path.h"

static void remove_name(struct tree *t, struct node *n)
{
	inode_touch_content(t, n->parent->inode);
	inode_touch(t, n->inode);
	node_remove(t, n);
}

errcode_t edit_unlink(struct tree *t, const char *path)
{
	struct node *n;
	errcode_t err;

	err = edit_lookup(t, path, false, &n);
	if (err)
		return err;
	if (node_is_folder(n))
		return EISDIR;
	remove_name(t, n);
	return 0;
}

/* Whether @n is a folder that has to stay where it is.
 * Return: 0, EBUSY or EPERM. */
static errcode_t check_fixed(const struct tree *t, const struct node *n)
{
	if (n == t->root)
		return EBUSY;
	return node_is_folder(n) && node_is_lost_found(n) ? EPERM : 0;
}

errcode_t edit_rmdir(struct tree *t, const char *path)
{
	struct node *n;
	errcode_t err;

	err = edit_lookup(t, path, false, &n);
	if (err)
		return err;
	if (!node_is_folder(n))
		return ENOTDIR;
	err = check_fixed(t, n);
	if (err)
		return err;
	if (!node_is_empty(t, n))
		return ENOTEMPTY;
	remove_name(t, n);
	return 0;
}

errcode_t edit_remove_tree(struct tree *t, const char *path)
{
	struct names_cursor below;
	struct node *n, *top;
	bool done = false;
	errcode_t err;

	err = edit_lookup(t, path, false, &top);
	if (!err)
		err = check_fixed(t, top);
	if (err)
		return err;
	inode_touch_content(t, top->parent->inode);
	/* What is empty goes, and the walk goes on above it: a tree may be
	 * deeper than the C stack. */
	for (n = top; !done; ) {
		struct node *above = n->parent;

		if (node_is_folder(n) && !node_is_empty(t, n)) {
			below = names_begin(&n->inode->dir.children);
			n = names_next(&below);
			continue;
		}
		done = n == top;
		node_remove(t, n);
		n = above;
	}
	return 0;
}

/* Whether @n is @dir or above it. */
static bool is_above(const struct node *n, const struct node *dir)
{
	while (dir != n && dir != dir->parent)
		dir = dir->parent;
	return dir == n;
}

/* Check that @n may go to @place; the order is that of rename(2). */
static errcode_t check_rename(struct tree *t, const struct node *n,
			      const struct path_place *place)
{
	const struct node *target = place->node;
	bool folder = node_is_folder(n);

	if (!folder && place->slash)
		return ENOTDIR;
	if (folder && is_above(n, place->dir))
		return EINVAL;
	if (!target || target->inode == n->inode)
		return 0;
	if (node_is_folder(target) && is_above(target, n->parent))
		return ENOTEMPTY;
	if (folder && !node_is_folder(target))
		return ENOTDIR;
	if (!folder && node_is_folder(target))
		return EISDIR;
	if (folder && !node_is_empty(t, place->node))
		return ENOTEMPTY;
	return check_fixed(t, target);
}

errcode_t edit_rename(struct tree *t, const char *old, const char *new)
{
	struct path_place from, to;
	struct node *n;
	errcode_t err;

	err = path_place(t, t->root, old, strlen(old), PATH_NOFOLLOW, &from);
	if (!err)
		err = path_place(t, t->root, new, strlen(new), PATH_NOFOLLOW,
				 &to);
	if (err)
		return err;
	n = from.node;
	if (n == t->root || to.node == t->root)
		return EBUSY;
	if (!n)
		return ENOENT;
	err = check_fixed(t, n);
	if (!err)
		err = check_rename(t, n, &to);
	if (err || (to.node && to.node->inode == n->inode))
		return err;
	err = node_move(t, n, to.dir, to.name, to.len);
	if (err)
		return err;
	inode_touch(t, n->inode);
	inode_touch_content(t, from.dir->inode);
	inode_touch_content(t, to.dir->inode);
	return 0;
}
