// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nodes and inodes, and the counts that go with each name: links of the
 * inode, children and bytes of the folder.
 *
 * Folders give their names sorted, and archives mostly do: a name that is
 * greater than all there are is told by one comparison, and is linked behind
 * the last one without a search.
 */
#include "tree/node.h"

#include <string.h>

enum { DIRENT_HEADER_LEN = 8 };

static int compare_names(const char *a, size_t a_len, const char *b,
			 size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (c)
		return c;
	return (a_len > b_len) - (a_len < b_len);
}

int node_cmp(struct node *a, struct node *b)
{
	return compare_names(a->name, a->name_len, b->name, b->name_len);
}

RB_GENERATE(node_head, node, by_name, node_cmp)

struct node *node_child(const struct node *dir, const char *name, size_t len)
{
	const struct node *last = dir->inode->dir.last;
	struct node *n = RB_ROOT(&dir->inode->dir.children);

	if (!last || compare_names(name, len, last->name,
				   last->name_len) > 0)
		return NULL;
	while (n) {
		int c = compare_names(name, len, n->name, n->name_len);

		if (!c)
			break;
		n = c < 0 ? RB_LEFT(n, by_name) : RB_RIGHT(n, by_name);
	}
	return n;
}

struct tree_inode *inode_new(struct tree *t, uint32_t mode)
{
	struct tree_inode *inode = arena_alloc(&t->arena, sizeof(*inode));

	if (!inode)
		return NULL;
	inode->mode = mode;
	if (S_ISDIR(mode))
		RB_INIT(&inode->dir.children);
	else if (S_ISREG(mode))
		delayed_file_init(&inode->file);
	inode->next = t->inodes;
	t->inodes = inode;
	return inode;
}

void inode_drop(struct tree *t, struct tree_inode *inode)
{
	inode->links = 0;
	if (S_ISREG(inode->mode)) {
		delayed_file_release(&inode->file, t->delay);
		delayed_file_init(&inode->file);
	}
}

/* Bytes that a name takes in a folder's block. */
static uint64_t dirent_bytes(size_t name_len)
{
	return DIRENT_HEADER_LEN + ((name_len + 3) & ~(uint64_t)3);
}

static void link_child(struct tree_inode *dir, struct node *n)
{
	struct node *last = dir->dir.last;

	if (last && node_cmp(n, last) < 0) {
		RB_INSERT(node_head, &dir->dir.children, n);
		return;
	}
	dir->dir.last = n;
	if (!last) {
		RB_INSERT(node_head, &dir->dir.children, n);
		return;
	}
	RB_SET(n, last, by_name);
	RB_RIGHT(last, by_name) = n;
	node_head_RB_INSERT_COLOR(&dir->dir.children, n);
}

struct node *node_insert(struct tree *t, struct node *dir, const char *name,
			 size_t len, struct tree_inode *inode)
{
	struct node *n = arena_alloc(&t->arena, sizeof(*n) + len);

	if (!n)
		return NULL;
	n->parent = dir;
	n->inode = inode;
	n->source = t->source;
	n->name_len = len;
	memcpy(n->name, name, len);
	link_child(dir->inode, n);
	dir->inode->dir.n++;
	dir->inode->dir.name_bytes += dirent_bytes(len);
	if (S_ISDIR(inode->mode)) {
		inode->links = 2;
		dir->inode->links++;
	} else {
		inode->links++;
	}
	return n;
}

void node_remove(struct tree *t, struct node *n)
{
	struct tree_inode *dir = n->parent->inode, *inode = n->inode;
	bool folder = node_is_folder(n);

	if (dir->dir.last == n)
		dir->dir.last = RB_PREV(node_head, NULL, n);
	RB_REMOVE(node_head, &dir->dir.children, n);
	dir->dir.n--;
	dir->dir.name_bytes -= dirent_bytes(n->name_len);
	/* The folder known last may have been found through this name. */
	if (folder || S_ISLNK(inode->mode))
		t->tables->parent = NULL;
	if (folder) {
		dir->links--;
		t->made_parents -= !n->source;
	}
	if (folder || !--inode->links)
		inode_drop(t, inode);
}
