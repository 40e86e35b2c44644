// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inodes of a live image.
 *
 * A number is given when an inode is made, and free again when its last name
 * goes.
 *
 * Each inode is promised the metadata that it may need, in clusters: P for
 * what is staged, of which U counts as used by now.
 *
 *			P				U
 *	folder		blocks for all its names	the same, or 0 while it
 *							fits into its inode
 *	slow link	1				1
 *	attributes	block and values, unshared	the same
 *	mapping		for mapped and delayed extents	for mapped ones
 *
 *	reserve.meta = sum of P,  live.in_use = sum of U,  U <= P
 *
 * Both are settled for what changed, so a step costs what it touches.
 */
#include "pack/live_inode.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/dirblock.h"
#include "image/inode.h"
#include "image/mapping.h"
#include "pack/inline_plan.h"
#include "pack/plan.h"

enum { MOST_COUNTED = 4096 };	/* nodes of an ES tree */

/* Have room for what is kept of @inode. */
static errcode_t reserve_serial(struct live *l, const struct tree_inode *inode)
{
	size_t need = (size_t)inode->serial + 1;
	errcode_t err;

	if (need <= l->n_inodes)
		return 0;
	err = array_reserve(&l->inodes, &l->cap_inodes, need,
			    sizeof(*l->inodes));
	if (err)
		return err;
	memset(l->inodes + l->n_inodes, 0,
	       (need - l->n_inodes) * sizeof(*l->inodes));
	l->n_inodes = need;
	return 0;
}

errcode_t live_number(struct live *l, struct tree_inode *inode,
		      const struct tree_inode *dir)
{
	return inode->ino ? 0 : l->space->take_number(l->space_arg, inode, dir,
						      &inode->ino);
}

/* Metadata blocks of the mapping. */
static errcode_t map_blocks(const struct live *l,
			    const struct delayed_file *f,
			    const struct live_inode *before, uint64_t *promised,
			    uint64_t *in_use)
{
	const struct format *fmt = l->format;
	uint64_t cuts = (f->size >> fmt->block_bits) / EXTENT_UNWRITTEN_MAX;
	struct extent_list list = { NULL, 0, 0 };
	errcode_t err;

	if (fmt->extents) {
		*promised = mapping_extent_blocks(fmt, f->es.all + cuts);
		*in_use = mapping_extent_blocks(fmt, f->es.reclaimable ?
						f->es.reclaimable + cuts : 0);
		return 0;
	}
	err = delayed_file_ranges(f, &list);
	if (!err)
		err = mapping_blocks(promised, fmt, list.extents, list.n);
	extent_list_release(&list);
	if (err)
		return err;
	*in_use = f->es.delayed ? before->in_use : *promised;
	if (*in_use > *promised)
		*in_use = *promised;
	return 0;
}

static uint64_t clusters(const struct format *fmt, uint64_t blocks)
{
	return format_whole_clusters(fmt, blocks) >> fmt->cluster_bits;
}

static errcode_t xattr_blocks(const struct live *l,
			      const struct xattr_set *set, uint64_t *ret)
{
	const struct format *fmt = l->format;
	struct xattr_layout layout;
	uint32_t i;
	errcode_t err;

	*ret = 0;
	if (!set)
		return 0;
	err = xattr_layout_init(&layout, fmt, set, inode_xattr_room(fmt));
	if (err)
		return err == E4PACK_ET_NO_SPACE ? E4PACK_ET_XATTRS : err;
	*ret = layout.has_block;
	for (i = 0; i < set->n; i++)
		if (layout.value_in_inode[i])
			*ret += clusters(fmt,
					 div_round_up(set->entries[i].value_len,
						      fmt->block_size));
	xattr_layout_release(&layout);
	return 0;
}

/* Extents that the mapping of @f may come to.  This is asked after each step:
 * those of a large tree are not counted, which takes its holes for some. */
static uint64_t extents_bound(const struct live *l,
			      const struct delayed_file *f)
{
	uint64_t cuts = (f->size >> l->format->block_bits) /
			EXTENT_UNWRITTEN_MAX, n = 0;
	struct es_extent e;
	uint32_t lblk = 0;

	if (f->es.all > MOST_COUNTED)
		return f->es.all + cuts;
	while (es_next_extent(&f->es, ES_MAPPED | ES_DELAYED, lblk, &e)) {
		n += div_round_up(e.len, EXTENT_UNWRITTEN_MAX);
		lblk = e.lblk + e.len;
	}
	return n;
}

/* Blocks that @inode, which the image has, may need to be built anew: what it
 * has there cannot be used again before the end. */
static void count_anew(const struct live *l, const struct tree_inode *inode,
		       uint64_t *promised)
{
	const struct format *fmt = l->format;
	uint64_t blocks = 0;

	if (S_ISDIR(inode->mode))
		blocks = inode->dir.disk_blocks +
			 dir_blocks_bound(fmt, inode->dir.name_bytes, 1);
	else if (S_ISREG(inode->mode) && inode->file.pinned)
		*promised = fmt->extents ?
			mapping_extent_blocks(fmt, extents_bound(l,
							&inode->file)) :
			div_round_up(inode->file.size >> fmt->block_bits,
				     fmt->block_size / 8) + 3;
	*promised += clusters(fmt, blocks);
}

/* Clusters of a folder that is new. */
static errcode_t count_folder(const struct live *l,
			      const struct tree_inode *inode,
			      uint64_t *promised, uint64_t *in_use)
{
	const struct format *fmt = l->format;
	uint32_t in_inode = 0;
	errcode_t err = 0;

	*promised = clusters(fmt, dir_blocks_bound(fmt, inode->dir.name_bytes,
						   plan_dir_least(inode, fmt)));
	/* These two have blocks in any case. */
	if (inode != l->tree->root->inode &&
	    inode->ino != FORMAT_LOST_FOUND_INO)
		err = inline_folder_size(inode->dir.node, fmt, &in_inode);
	*in_use = in_inode ? 0 : *promised;
	return err;
}

/* Metadata clusters of @inode: promised ones and those in use. */
static errcode_t count_blocks(const struct live *l,
			      const struct tree_inode *inode,
			      uint64_t *promised, uint64_t *in_use)
{
	uint64_t xattrs;
	errcode_t err;

	*promised = *in_use = 0;
	if (inode->on_disk) {
		count_anew(l, inode, promised);
		err = xattr_blocks(l, inode->xattrs, &xattrs);
		*promised += xattrs;
		return err;
	}
	switch (inode->mode & S_IFMT) {
	case S_IFDIR:
		err = count_folder(l, inode, promised, in_use);
		if (err)
			return err;
		break;
	case S_IFLNK:
		*promised = *in_use =
			inode->link.len > FORMAT_FAST_LINK_MAX;
		break;
	case S_IFREG:
		err = map_blocks(l, &inode->file, &l->inodes[inode->serial],
				 promised, in_use);
		if (err)
			return err;
		break;
	}
	err = xattr_blocks(l, inode->xattrs, &xattrs);
	*promised += xattrs;
	*in_use += xattrs;
	return err;
}

static errcode_t set_promise(struct live *l, const struct tree_inode *inode,
			     uint64_t promised, uint64_t in_use)
{
	struct live_inode *i = &l->inodes[inode->serial];
	errcode_t err;

	if (promised > UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	err = reserve_meta(&l->tree->delay->reserve, i->promised, promised);
	if (err)
		return err;
	l->in_use += in_use;
	l->in_use -= i->in_use;
	i->promised = (uint32_t)promised;
	i->in_use = (uint32_t)in_use;
	return 0;
}

/* The last name of @inode is gone. */
static errcode_t forget(struct live *l, struct tree_inode *inode)
{
	errcode_t err;

	if (!inode->ino)
		return 0;
	err = set_promise(l, inode, 0, 0);
	if (!err)
		err = l->space->give_number(l->space_arg, inode);
	inode->ino = 0;
	return err;
}

/* Remember what changed for whoever writes it. */
static errcode_t touch(struct live *l, struct tree_inode *inode)
{
	struct live_inode *i = &l->inodes[inode->serial];
	errcode_t err;

	if (i->touched || !l->keep_touched)
		return 0;
	err = array_reserve(&l->touched, &l->cap_touched, l->n_touched + 1,
			    sizeof(struct tree_inode *));
	if (err)
		return err;
	i->touched = true;
	l->touched[l->n_touched++] = inode;
	return 0;
}

static errcode_t settle(struct live *l, struct tree_inode *inode)
{
	uint64_t promised, in_use;
	errcode_t err = reserve_serial(l, inode);

	if (!err)
		err = touch(l, inode);
	if (!err && !inode->links)
		return forget(l, inode);
	if (!err)
		err = live_number(l, inode, NULL);
	if (!err)
		err = count_blocks(l, inode, &promised, &in_use);
	if (!err)
		err = set_promise(l, inode, promised, in_use);
	if (err || !S_ISREG(inode->mode) || l->inodes[inode->serial].dirty ||
	    !delayed_file_delayed_blocks(&inode->file))
		return err;
	err = array_reserve(&l->dirty, &l->cap_dirty, l->n_dirty + 1,
			    sizeof(struct tree_inode *));
	if (err)
		return err;
	l->inodes[inode->serial].dirty = true;
	l->dirty[l->n_dirty++] = inode;
	return 0;
}

void live_inode_clean(struct live *l, const struct tree_inode *inode)
{
	if (inode->ino)
		l->inodes[inode->serial].dirty = false;
}

errcode_t live_inodes_settle(struct live *l)
{
	struct tree_inode *inode;
	errcode_t err = l->failed ? l->failed : l->tree->failed;

	while (!err && (inode = tree_next_changed(l->tree)))
		err = settle(l, inode);
	return err;
}
