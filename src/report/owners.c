// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Owners of blocks.  The blocks wanted are a sorted list; whatever the walk
 * meets is a run of blocks, and those of the list that lie in it are found by
 * one search.  The first owner stays: the fixed parts of groups come first,
 * as no file can have them.
 */
#include "report/owners.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/format.h"
#include "image/read_group.h"
#include "image/read_map.h"
#include "report/resolve.h"

struct search {
	struct owners *o;
	struct image *img;
	const struct progress *progress;
	const struct inode_info *inode;	/* whose mapping is read */
	uint64_t budget;		/* mapping blocks, see read_map.h */
};

void owners_release(struct owners *o)
{
	size_t i;

	for (i = 0; i < o->n_paths; i++)
		free(o->paths[i].path);
	free(o->paths);
	free(o->blocks);
	memset(o, 0, sizeof(*o));
}

errcode_t owners_want(struct owners *o, uint64_t pblk)
{
	errcode_t err = array_reserve(&o->blocks, &o->cap, o->n + 1,
				      sizeof(*o->blocks));

	if (err)
		return err;
	memset(&o->blocks[o->n], 0, sizeof(*o->blocks));
	o->blocks[o->n++].pblk = pblk;
	return 0;
}

static int by_pblk(const void *a, const void *b)
{
	const struct owned_block *x = a, *y = b;

	return (x->pblk > y->pblk) - (x->pblk < y->pblk);
}

static void sort_blocks(struct owners *o)
{
	size_t i, n = 0;

	if (o->n)
		qsort(o->blocks, o->n, sizeof(*o->blocks), by_pblk);
	for (i = 0; i < o->n; i++)
		if (!n || o->blocks[n - 1].pblk != o->blocks[i].pblk)
			o->blocks[n++] = o->blocks[i];
	o->n = n;
}

/* The first wanted block at or behind @pblk, as an index. */
static size_t from(const struct owners *o, uint64_t pblk)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->blocks[mid].pblk < pblk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Give the wanted blocks among the @len ones from @start on the owner @who,
 * where they have none. */
static void give(struct owners *o, uint64_t start, uint64_t len,
		 const struct owned_block *who)
{
	size_t i;

	for (i = from(o, start); i < o->n &&
	     o->blocks[i].pblk - start < len; i++) {
		struct owned_block *b = &o->blocks[i];
		uint64_t pblk = b->pblk;

		if (b->kind != OWNER_NONE)
			continue;
		*b = *who;
		b->pblk = pblk;
	}
}

static void give_one(struct owners *o, uint64_t pblk, enum owner_kind kind,
		     uint32_t first)
{
	const struct owned_block who = { .kind = kind, .first = first };

	give(o, pblk, 1, &who);
}

/* Each block of a table has its own inodes; likewise of descriptors. */
static void give_parts(struct owners *o, uint64_t start, uint64_t len,
		       const struct owned_block *who, uint64_t per_block,
		       uint64_t end)
{
	size_t i = from(o, start);

	for (; i < o->n && o->blocks[i].pblk - start < len; i++) {
		struct owned_block part = *who;
		uint64_t first = (o->blocks[i].pblk - start) * per_block;

		part.first = who->first + (uint32_t)first;
		part.last = part.first + (uint32_t)per_block - 1;
		if (first >= end)
			part.kind = OWNER_RESERVED;
		else if (first + per_block > end)
			part.last = who->first + (uint32_t)end - 1;
		give(o, o->blocks[i].pblk, 1, &part);
	}
}

static errcode_t give_group(struct search *s, uint32_t group)
{
	const struct image_geometry *geo = image_geometry(s->img);
	const struct owned_block desc = { .kind = OWNER_DESCRIPTORS };
	struct owned_block who = { .kind = OWNER_INODE_TABLE, .group = group };
	struct group_super super;
	struct group_info g;
	errcode_t err = read_group_super(&super, s->img, group);

	if (!err && super.has_super)
		give_one(s->o, super.super, OWNER_SUPER, group);
	if (!err && super.old_desc)
		give_parts(s->o, super.old_desc, super.old_blocks, &desc,
			   super.per_block, geo->groups);
	if (!err && super.new_desc) {
		who.kind = OWNER_DESCRIPTORS;
		who.first = group / super.per_block * super.per_block;
		give_parts(s->o, super.new_desc, 1, &who, super.per_block,
			   geo->groups - who.first);
	}
	if (!err)
		err = read_group(&g, s->img, group);
	if (err)
		return err;
	give_one(s->o, g.block_bitmap, OWNER_BLOCK_BITMAP, group);
	give_one(s->o, g.inode_bitmap, OWNER_INODE_BITMAP, group);
	who.kind = OWNER_INODE_TABLE;
	who.first = group * geo->inodes_per_group + 1;
	give_parts(s->o, g.inode_table, g.inode_table_blocks, &who,
		   geo->block_size / geo->inode_size, geo->inodes_per_group);
	return 0;
}

static errcode_t meet_extent(void *arg, const struct extent *e)
{
	const struct search *s = arg;
	const struct owned_block who = {
		.kind = OWNER_DATA, .first = s->inode->ino,
		.mode = s->inode->mode,
	};

	give(s->o, e->pblk, e->len, &who);
	return 0;
}

static errcode_t meet_meta(void *arg, uint64_t pblk)
{
	const struct search *s = arg;

	give_one(s->o, pblk, OWNER_MAPPING, s->inode->ino);
	return 0;
}

static errcode_t meet_inode(void *arg, const struct inode_info *i)
{
	struct search *s = arg;
	const struct map_visitor v = {
		.extent = meet_extent, .meta = meet_meta, .arg = s,
		.budget = &s->budget,
	};
	errcode_t err = s->progress ? progress_check(s->progress) : 0;

	if (err)
		return err;
	s->inode = i;
	if (i->file_acl)
		give_one(s->o, i->file_acl, OWNER_XATTR, i->ino);
	err = read_map(s->img, i, &v);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	s->o->damaged = true;
	return 0;
}

static bool of_inode(const struct owned_block *b)
{
	return b->kind >= OWNER_MAPPING;
}

static int by_ino(const void *a, const void *b)
{
	const struct sought_path *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* Find a path for each inode that owns a block. */
static errcode_t find_paths(struct owners *o, struct image *img)
{
	size_t i, n = 0;
	errcode_t err;

	if (!o->n)
		return 0;
	o->paths = calloc(o->n, sizeof(*o->paths));
	if (!o->paths)
		return diag_nomem(image_diag(img));
	for (i = 0; i < o->n; i++)
		if (of_inode(&o->blocks[i]))
			o->paths[n++].ino = o->blocks[i].first;
	if (n)
		qsort(o->paths, n, sizeof(*o->paths), by_ino);
	for (i = 0; i < n; i++)
		if (!i || o->paths[i].ino != o->paths[o->n_paths - 1].ino)
			o->paths[o->n_paths++].ino = o->paths[i].ino;
	err = resolve_inodes(o->paths, o->n_paths, img);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	o->damaged = true;
	return 0;
}

errcode_t owners_find(struct owners *o, struct image *img,
		      const struct progress *progress)
{
	const struct image_geometry *geo = image_geometry(img);
	struct search s = { .o = o, .img = img, .progress = progress,
			    .budget = geo->blocks };
	errcode_t err = 0;
	uint32_t group;

	sort_blocks(o);
	for (group = 0; !err && o->n && group < geo->groups; group++)
		err = give_group(&s, group);
	if (!err && o->n)
		err = read_inodes(img, meet_inode, &s);
	if (!err)
		err = find_paths(o, img);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	o->damaged = true;
	return 0;
}
