// SPDX-License-Identifier: GPL-2.0-or-later
/* The figures of a solved plan. */
#include "pack/plan.h"

#include <sys/stat.h>

#include "pack/live_frame.h"

void plan_count_inode(struct plan *p, const struct tree_inode *inode)
{
	struct e4pack_totals *t = &p->counted;

	switch (inode->mode & S_IFMT) {
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
	t->hardlinks += inode->links - 1;
}

/* The extents of @o beyond those of a file in one piece. */
static uint64_t more_extents(const struct plan *p,
			     const struct plan_object *o)
{
	const struct run *runs;
	struct run one;
	size_t n;

	if (o->kind != PLAN_FILE || o->whole || p->live)
		return 0;
	runs = plan_runs(p, o, &one, &n);
	return delayed_file_count_extents(plan_file(o), runs, n) -
	       delayed_file_count_extents(plan_file(o), NULL, 0);
}

void plan_totals(const struct plan *p, struct e4pack_totals *t)
{
	const struct reserve *r = &p->tree->delay->reserve;
	size_t i;

	*t = p->counted;
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
	for (i = 0; i < p->n_objects; i++)
		t->extents += more_extents(p, &p->objects[i]);
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
