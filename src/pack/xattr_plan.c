// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attribute sets.  The tree interns them, so a set is its pointer; here each
 * is laid out once, or twice where inline data leaves no room for it in some
 * of its inodes.  Its block is shared by up to XATTR_REFS_MAX inodes, so a
 * set with U users has ceil(U / 1024) equal blocks.
 */
#include "pack/xattr_plan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"

static int by_pointer(const void *a, const void *b)
{
	const struct plan_set *x = a, *y = b;

	if (x->set == y->set)
		return x->apart - y->apart;
	return x->set < y->set ? -1 : 1;
}

struct plan_set *plan_find_set(const struct plan *p,
			       const struct tree_inode *inode)
{
	struct plan_set key = { .set = inode->xattrs,
				.apart = inode->xattrs_apart };

	if (!inode->xattrs)
		return NULL;
	return bsearch(&key, p->sets, p->n_sets, sizeof(key), by_pointer);
}

/* Inode @i of the tree in the order of numbers, the two fixed ones first. */
static struct node *node_at(const struct plan *p, size_t i)
{
	if (i == 0)
		return p->tree->root;
	if (i == 1)
		return p->lost_found;
	return p->names[i - 2];
}

/* A set and an inode that has it. */
struct use {
	const struct xattr_set *set;
	struct node *node;
};

struct uses {
	struct use *list;
	size_t n, cap;
};

static errcode_t find_uses(const struct plan *p, struct uses *u)
{
	size_t total = p->n_inodes + 2, i;

	for (i = 0; i < total; i++) {
		struct node *node = node_at(p, i);

		if (!node->inode->xattrs)
			continue;
		if (array_reserve(&u->list, &u->cap, u->n + 1,
				  sizeof(*u->list)))
			return ENOMEM;
		u->list[u->n++] = (struct use){ node->inode->xattrs, node };
	}
	return 0;
}

/* Equal sets side by side, the user with the lowest number first. */
static int by_set(const void *a, const void *b)
{
	const struct tree_inode *x = ((const struct use *)a)->node->inode;
	const struct tree_inode *y = ((const struct use *)b)->node->inode;

	if (x->xattrs != y->xattrs)
		return (uintptr_t)x->xattrs < (uintptr_t)y->xattrs ? -1 : 1;
	if (x->xattrs_apart != y->xattrs_apart)
		return x->xattrs_apart ? 1 : -1;
	return x->ino < y->ino ? -1 : x->ino > y->ino;
}

static bool same_set(const struct use *a, const struct use *b)
{
	return a->set == b->set &&
	       a->node->inode->xattrs_apart == b->node->inode->xattrs_apart;
}

static errcode_t make_sets(struct plan *p, const struct uses *u)
{
	const struct use *list = u->list;
	size_t i, n = 0;

	for (i = 0; i < u->n; i++)
		n += !i || !same_set(&list[i - 1], &list[i]);
	p->sets = calloc(n ? n : 1, sizeof(*p->sets));
	if (!p->sets)
		return ENOMEM;
	for (i = 0; i < u->n; i++) {
		if (!i || !same_set(&list[i - 1], &list[i]))
			p->sets[p->n_sets++] = (struct plan_set){
				.set = list[i].set, .node = list[i].node,
				.apart = list[i].node->inode->xattrs_apart,
			};
		p->sets[p->n_sets - 1].users++;
	}
	return 0;
}

static errcode_t collect(struct plan *p)
{
	struct uses u = { NULL, 0, 0 };
	errcode_t err = find_uses(p, &u);

	if (!err && u.n)
		qsort(u.list, u.n, sizeof(*u.list), by_set);
	if (!err)
		err = make_sets(p, &u);
	free(u.list);
	return err;
}

static errcode_t too_large(struct plan *p, const struct plan_set *s)
{
	char *path = tree_path(s->node);
	char size[NUMBER_HUMAN_LEN];
	uint64_t bytes = 0;
	uint32_t i;
	errcode_t err;

	for (i = 0; i < s->set->n; i++)
		bytes += s->set->entries[i].value_len;
	err = diag_error(p->diag, path && *path ? path : "/",
			 E4PACK_ET_NO_SPACE,
			 "its extended attributes (%u, %s) do not fit%s",
			 s->set->n, number_human(size, bytes),
			 !p->format.ext_attr ? ": use -O ext_attr" :
			 p->format.ea_inode ? "" : ": use -O ea_inode");
	free(path);
	return err;
}

static errcode_t lay_out(struct plan *p, struct plan_set *s)
{
	errcode_t err = xattr_layout_init(&s->layout, &p->format, s->set,
					  s->apart ? 0 :
					  inode_xattr_room(&p->format));

	if (err == E4PACK_ET_NO_SPACE || (!err && s->layout.has_block &&
					  !p->format.ext_attr))
		return too_large(p, s);
	if (err)
		return diag_nomem(p->diag);
	if (s->layout.has_block)
		s->n_blocks = (uint32_t)div_round_up(s->users,
						     XATTR_REFS_MAX);
	return 0;
}

/* Blocks are given in the order of the numbers of the first users, so that
 * the image does not depend on where sets lie in memory. */
static void order_blocks(struct plan *p)
{
	size_t total = p->n_sets ? p->n_inodes + 2 : 0, i;

	for (i = 0; i < total; i++) {
		struct plan_set *s = plan_find_set(p, node_at(p, i)->inode);

		if (!s || !s->n_blocks || s->first_block != UINT32_MAX)
			continue;
		s->first_block = p->n_xattr_blocks;
		p->n_xattr_blocks += s->n_blocks;
	}
}

errcode_t xattr_plan_sets(struct plan *p)
{
	errcode_t err = collect(p);
	size_t i;

	if (err)
		return diag_nomem(p->diag);
	for (i = 0; i < p->n_sets; i++) {
		p->sets[i].first_block = UINT32_MAX;
		err = lay_out(p, &p->sets[i]);
		if (err)
			return err;
	}
	order_blocks(p);
	p->xattr_pblk = calloc(p->n_xattr_blocks ? p->n_xattr_blocks : 1,
			       sizeof(*p->xattr_pblk));
	return p->xattr_pblk ? 0 : diag_nomem(p->diag);
}

static errcode_t add_ea(struct plan *p, struct plan_set *s, uint32_t entry)
{
	uint64_t blocks = div_round_up(s->set->entries[entry].value_len,
				       p->format.block_size);
	errcode_t err;

	err = array_reserve(&p->ea, &p->cap_ea, p->n_ea + 1, sizeof(*p->ea));
	if (!err)
		err = plan_add_object(p, PLAN_EA, NULL, blocks);
	if (err)
		return err;
	if (p->last_ino == UINT32_MAX)
		return E4PACK_ET_NO_INODES;
	s->ea_ino[entry] = ++p->last_ino;
	p->ea[p->n_ea++] = (struct plan_ea){
		.set = s, .entry = entry, .ino = p->last_ino,
		.object = p->n_objects - 1,
	};
	return 0;
}

static errcode_t add_ea_inodes(struct plan *p, struct plan_set *s)
{
	errcode_t err = 0;
	uint32_t i;

	s->ea_ino = calloc(s->set->n, sizeof(*s->ea_ino));
	if (!s->ea_ino)
		return ENOMEM;
	for (i = 0; !err && i < s->set->n; i++)
		if (s->layout.value_in_inode[i])
			err = add_ea(p, s, i);
	return err;
}

errcode_t xattr_plan_ea_inodes(struct plan *p)
{
	size_t total = p->n_sets ? p->n_inodes + 2 : 0, i;
	errcode_t err = 0;

	for (i = 0; !err && i < total; i++) {
		struct plan_set *s = plan_find_set(p, node_at(p, i)->inode);

		if (s && s->layout.n_ea_inodes && !s->ea_ino)
			err = add_ea_inodes(p, s);
	}
	return err ? diag_error(p->diag, NULL, err, NULL) : 0;
}

uint32_t xattr_plan_references(const struct plan_set *s, uint32_t entry)
{
	return s->layout.entry_in_block[entry] ? s->n_blocks : s->users;
}

void xattr_plan_release(struct plan *p)
{
	size_t i;

	for (i = 0; i < p->n_sets; i++) {
		xattr_layout_release(&p->sets[i].layout);
		free(p->sets[i].ea_ino);
	}
	free(p->ea);
	free(p->sets);
	p->sets = NULL;
	p->n_sets = 0;
}
