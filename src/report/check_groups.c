// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Group descriptors.  The frame of an image is what no file can have:
 *
 *	superblock, descriptors, their reserve	where the group has them
 *	block bitmap, inode bitmap, inode table	where the descriptor says
 *
 * Without flex_bg the second line lies in the group itself.  The parts of all
 * groups are sorted; two that overlap are a fault, and what they cover is
 * claimed before any inode is looked at.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/read_group.h"
#include "report/check.h"

struct part {
	uint64_t start, len;	/* blocks */
	uint32_t group;
	const char *name;
};

struct frame {
	struct check *check;
	struct part *parts;
	size_t n, cap;
};

static errcode_t add_part(struct frame *f, uint32_t group, const char *name,
			  uint64_t start, uint64_t len)
{
	const uint64_t blocks = f->check->geo->blocks;

	if (!len || start >= blocks)
		return 0;
	if (array_reserve(&f->parts, &f->cap, f->n + 1, sizeof(*f->parts)))
		return diag_nomem(image_diag(f->check->img));
	f->parts[f->n++] = (struct part){
		.start = start, .group = group, .name = name,
		.len = len < blocks - start ? len : blocks - start,
	};
	return 0;
}

/* Add a part whose place the descriptor gives, if it can be there. */
static errcode_t add_placed(struct frame *f, uint32_t group, const char *name,
			    uint64_t start, uint64_t len)
{
	const struct image_geometry *geo = f->check->geo;
	uint64_t first = geo->first_data_block, end = geo->blocks;

	if (!(f->check->incompat & INCOMPAT_FLEX_BG)) {
		first += (uint64_t)group * geo->blocks_per_group;
		if (end - first > geo->blocks_per_group)
			end = first + geo->blocks_per_group;
	}
	if (start >= first && start && start < end && len <= end - start)
		return add_part(f, group, name, start, len);
	fault_group(f->check->faults, group, "the %s is at block %" PRIu64
		    ", where it cannot be", name, start);
	return 0;
}

static void check_flags(struct check *c, uint32_t group,
			const struct group_fields *g)
{
	const struct image_geometry *geo = c->geo;

	if (!g->csum_good)
		fault_group(c->faults, group, "the descriptor has a wrong "
			    "checksum");
	if (!geo->group_csum && ((g->flags & (GROUP_INODE_UNINIT |
					      GROUP_BLOCK_UNINIT)) ||
				 g->unused_inodes))
		fault_group(c->faults, group, "it is marked as not "
			    "initialized, without a feature for that");
	if (group == geo->groups - 1 && (g->flags & GROUP_BLOCK_UNINIT))
		fault_group(c->faults, group, "the block bitmap of the last "
			    "group is not initialized");
	if (geo->group_csum && (g->unused_inodes > g->free_inodes ||
				g->unused_inodes > geo->inodes_per_group))
		fault_group(c->faults, group, "%u inodes were never used, %u "
			    "are free", g->unused_inodes, g->free_inodes);
}

static errcode_t add_group(struct frame *f, uint32_t group)
{
	struct check *c = f->check;
	const struct image_geometry *geo = c->geo;
	const uint64_t table = div_round_up((uint64_t)geo->inodes_per_group *
					    geo->inode_size, geo->block_size);
	struct group_fields g;
	struct group_super s;
	errcode_t err = read_group_super(&s, c->img, group);

	if (!err && s.has_super)
		err = add_part(f, group, "superblock", s.super, 1);
	if (!err && s.old_desc)
		err = add_part(f, group, "table of descriptors", s.old_desc,
			       s.old_blocks);
	if (!err && s.new_desc)
		err = add_part(f, group, "table of descriptors", s.new_desc,
			       1);
	if (err)
		return err;
	read_group_fields(&g, c->img, group);
	check_flags(c, group, &g);
	err = add_placed(f, group, "block bitmap", g.block_bitmap, 1);
	if (!err)
		err = add_placed(f, group, "inode bitmap", g.inode_bitmap, 1);
	if (!err)
		err = add_placed(f, group, "inode table", g.inode_table,
				 table);
	return err;
}

static int by_start(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->len > y->len) - (x->len < y->len);
}

/* Tell of parts that overlap, and keep the runs that all cover together. */
static errcode_t settle(struct frame *f)
{
	struct check *c = f->check;
	struct run *runs = calloc(f->n + 1, sizeof(*runs));
	const struct part *last = NULL;
	uint64_t end = 0, unused;
	size_t i, n = 0;

	if (!runs)
		return diag_nomem(image_diag(c->img));
	qsort(f->parts, f->n, sizeof(*f->parts), by_start);
	for (i = 0; i < f->n; i++) {
		const struct part *p = &f->parts[i];

		if (last && p->start < end)
			fault_group(c->faults, p->group, "the %s at block %"
				    PRIu64 " overlaps the %s of group %u",
				    p->name, p->start, last->name,
				    last->group);
		if (!n || p->start > end)
			runs[n++].start = p->start;
		if (!last || p->start + p->len > end) {
			end = p->start + p->len;
			last = p;
		}
		runs[n - 1].len = end - runs[n - 1].start;
	}
	for (i = 0; i < n; i++) {
		const uint32_t shift = c->geo->cluster_bits;
		uint64_t first = runs[i].start >> shift;

		bits_add_run(&c->blocks, first,
			     ((runs[i].start + runs[i].len - 1) >> shift) -
			     first + 1, &unused);
	}
	c->fixed = runs;
	c->n_fixed = n;
	return 0;
}

errcode_t check_groups(struct check *c)
{
	const uint64_t mmp = get_le64(c->super + SB_MMP_BLOCK);
	struct frame f = { .check = c };
	errcode_t err = 0;
	uint32_t group;

	if ((c->incompat & INCOMPAT_MMP) && check_inside(c, mmp))
		err = add_part(&f, 0, "MMP block", mmp, 1);
	for (group = 0; !err && group < c->geo->groups; group++)
		err = add_group(&f, group);
	if (!err)
		err = settle(&f);
	free(f.parts);
	return err;
}
