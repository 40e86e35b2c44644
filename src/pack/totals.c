// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures of a solved plan. */
#include "pack/plan.h"

#include <string.h>
#include <sys/stat.h>

#include "pack/live_frame.h"

static void count_inode(struct e4pack_totals *t, const struct tree_inode *i)
{
	switch (i->mode & S_IFMT) {
	case S_IFREG:
		t->files++;
		break;
	case S_IFDIR:
		t->directories++;
		return;
	case S_IFLNK:
		t->symlinks++;
		break;
	default:
		t->specials++;
		break;
	}
	t->hardlinks += i->links - 1;
}

/* Inode and content of a file are looked at together: in a large tree each
 * look is one at memory that no cache holds. */
static void count_object(struct e4pack_totals *t, const struct plan *p,
			 const struct plan_object *o)
{
	const struct run *runs;
	struct run one;
	size_t n;

	if (plan_is_first_name(p, o))
		count_inode(t, o->node->inode);
	if (o->kind != PLAN_FILE)
		return;
	t->reserved_blocks += o->space;
	runs = plan_runs(p, o, &one, &n);
	t->extents += delayed_file_count_extents(plan_file(o), runs, n);
}

void plan_totals(const struct plan *p, struct e4pack_totals *t)
{
	const struct reserve *r = &p->tree->delay->reserve;
	size_t i;

	memset(t, 0, sizeof(*t));
	t->block_size = p->format.block_size;
	t->blocks = p->geometry.blocks;
	t->bytes = t->blocks << p->format.block_bits;
	t->inodes = p->geometry.inodes;
	t->inodes_used = FORMAT_LOST_FOUND_INO + p->n_inodes + p->n_ea;
	t->data_blocks = p->data_blocks;
	t->journal_blocks = p->objects[0].space;
	for (i = 0; i < p->free.n; i++)
		t->free_blocks += p->free.runs[i].len;
	t->metadata_blocks = t->blocks - t->data_blocks - t->journal_blocks -
			     t->free_blocks;
	count_inode(t, p->tree->root->inode);
	count_inode(t, p->lost_found->inode);
	for (i = 0; i < p->n_names; i++)
		count_inode(t, p->names[i]->inode);
	for (i = 0; i < p->n_objects; i++)
		count_object(t, p, &p->objects[i]);
	t->allocated_blocks = r->claimed_total ?
		r->claimed_total << p->format.cluster_bits :
		t->reserved_blocks;
	t->flushes = 1;
	if (!p->live)
		return;
	t->reserved_blocks = r->reserved_total << p->format.cluster_bits;
	t->allocated_blocks = r->claimed_total << p->format.cluster_bits;
	t->flushes = p->live->live.flushes;
}
