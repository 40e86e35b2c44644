// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The end of an edit, in memory: every inode that was touched is put into
 * the block of its table, and what it needs besides into blocks that were
 * free.  What did not change keeps its blocks.
 *
 *			names or mapping as they were	changed
 *	in the image	i_block, size, blocks stay	edit_dir.c, edit_map.c
 *	new					built from the tree
 *	no link left	everything it had is given back
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/read_group.h"
#include "pack/edit_run.h"
#include "tree/stage.h"

enum { EXTENTS_FL = 0x80000, SECTOR_BITS = 9, HUGE_FILE_FL = 0x40000 };

/* Where nobody shares the block with a new inode, what lies there may be
 * anything: it begins with zeros. */
errcode_t edit_find_inode(struct edit *e, uint32_t ino, bool is_new,
			  uint8_t **ret)
{
	const struct image_geometry *geo = image_geometry(e->image);
	uint32_t group = (ino - 1) / geo->inodes_per_group;
	uint64_t at = (uint64_t)((ino - 1) % geo->inodes_per_group) *
		      geo->inode_size;
	struct group_info g;
	bool alone = false;
	uint8_t *block;
	errcode_t err = read_group(&g, e->image, group);

	if (!err)
		err = changes_edit(&e->changes, g.inode_table +
				   (at >> geo->block_bits), &block);
	if (!err && is_new)
		err = group_edit_alone(e->groups, ino, &alone);
	if (err)
		return err;
	if (alone)
		memset(block, 0, geo->block_size);
	*ret = block + (at & (geo->block_size - 1));
	return 0;
}

/* The mapping of a file that changed. */
static errcode_t put_mapping(struct edit *e, struct tree_inode *inode,
			     struct disk_inode *disk, struct inode_values *v)
{
	struct delayed_file *f = &inode->file;
	struct extent_list list = { NULL, 0, 0 };
	errcode_t err = delayed_file_load(f, e->build.tree.delay);

	if (!err)
		err = delayed_file_extents(f, &list);
	if (!err && disk)
		err = edit_free_old_map(e, disk);
	v->blocks = delayed_file_space(f);
	if (!err)
		err = edit_put_map(e, inode, disk ? disk->info.generation : 0,
				   list.extents, list.n, v);
	if (e->format.extents)
		v->flags |= EXTENTS_FL;
	else
		v->flags &= ~(uint32_t)EXTENTS_FL;
	extent_list_release(&list);
	return err;
}

static errcode_t put_file(struct edit *e, struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v)
{
	v->size = inode->file.size;
	if (v->size > INT32_MAX && !e->format.large_file)
		return diag_error(e->diag, image_path(e->image),
				  E4PACK_ET_TOO_BIG, "inode %u is larger than "
				  "2 GiB, which needs the feature large_file",
				  inode->ino);
	return disk && !edit_load_is_inline(disk) && !inode->file.pinned ? 0 :
		put_mapping(e, inode, disk, v);
}

/* A link of the image never changes, but it may lose the room in its
 * inode to attributes. */
static errcode_t put_link(struct edit *e, struct tree_inode *inode,
			  struct inode_values *v)
{
	struct run_list one = { NULL, 0, 0 };
	struct extent extent = { .len = 1 };
	uint8_t *block;
	errcode_t err;

	v->size = inode->link.len;
	if (inode->link.len <= FORMAT_FAST_LINK_MAX) {
		memcpy(v->i_block, inode->link.target, inode->link.len);
		return 0;
	}
	err = edit_place(e, 1, &one);
	if (!err) {
		extent.pblk = one.runs[0].start;
		err = changes_new(&e->changes, extent.pblk, &block);
	}
	run_list_release(&one);
	if (err)
		return err;
	memcpy(block, inode->link.target, inode->link.len);
	v->blocks = UINT64_C(1) << e->format.cluster_bits;
	v->flags |= e->format.extents ? EXTENTS_FL : 0;
	return edit_put_map(e, inode, 0, &extent, 1, v);
}

static errcode_t put_content(struct edit *e, struct tree_inode *inode,
			     struct disk_inode *disk, struct inode_values *v)
{
	if (disk && disk->kept)
		return 0;
	if (inode->in_inode)
		return edit_put_inline(e, inode, v);
	v->flags &= ~(uint32_t)INODE_FLAG_INLINE;
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		return put_file(e, inode, disk, v);
	case S_IFDIR:
		if (e->format.extents && (!disk || edit_load_is_inline(disk)))
			v->flags |= EXTENTS_FL;
		return edit_put_folder(e, inode, disk, v);
	case S_IFLNK:
		return disk && !edit_load_is_inline(disk) ? 0 :
			put_link(e, inode, v);
	case S_IFCHR:
	case S_IFBLK:
		if (!disk)
			inode_set_device(v->i_block, inode->dev.major,
					 inode->dev.minor);
		return 0;
	default:
		return 0;
	}
}

/* What the image has of the inode, to begin with: the blocks without those
 * of attributes. */
static void take_old(const struct edit *e, const struct disk_inode *disk,
		     struct inode_values *v)
{
	const struct inode_info *i = &disk->info;

	v->flags = i->flags & ~stage_flags(i->mode, UINT32_MAX) &
		   ~(uint32_t)HUGE_FILE_FL;
	v->size = i->size;
	v->blocks = i->sectors >> (e->format.block_bits - SECTOR_BITS);
	v->blocks -= v->blocks < disk->xattr_blocks ? v->blocks :
						      disk->xattr_blocks;
	v->file_acl = i->file_acl;
	memcpy(v->i_block, i->i_block, sizeof(v->i_block));
}

/* Whether the attributes in the inode or beside it are to be written. */
static bool xattrs_change(const struct tree_inode *inode,
			  const struct disk_inode *disk)
{
	if (!disk)
		return inode->xattrs || inode->in_inode;
	return inode->xattrs != disk->xattrs ||
	       (edit_load_is_inline(disk) && !disk->kept);
}

static errcode_t put_inode(struct edit *e, struct tree_inode *inode)
{
	struct disk_inode *disk = edit_load_find(&e->load, inode);
	struct inode_values v = {
		.mode = inode->mode, .uid = inode->uid, .gid = inode->gid,
		.links = inode->links,
	};
	uint8_t *raw;
	errcode_t err;

	if (disk)
		take_old(e, disk, &v);
	v.flags |= inode->fs_flags;
	tree_times(inode, v.times);
	err = put_content(e, inode, disk, &v);
	if (!err)
		err = edit_find_inode(e, inode->ino, !disk, &raw);
	if (!err && xattrs_change(inode, disk))
		err = edit_put_xattrs(e, inode, disk, &v);
	else if (disk)
		v.blocks += disk->xattr_blocks;
	if (err)
		return err;
	if (disk)
		inode_change(raw, &e->format, inode->ino, &v);
	else
		inode_encode(raw, &e->format, inode->ino, &v);
	return 0;
}

/* The last name of an inode of the image is gone.  The blocks of a file have
 * been given back already. */
static errcode_t drop_inode(struct edit *e, struct tree_inode *inode)
{
	struct disk_inode *disk = edit_load_find(&e->load, inode);
	bool folder = S_ISDIR(inode->mode);
	uint8_t *raw;
	errcode_t err = 0;

	if (!disk)
		return 0;
	if (S_ISREG(inode->mode))
		err = edit_free_old_map(e, disk);
	else if (folder || S_ISLNK(inode->mode))
		err = edit_free_old(e, disk);
	if (!err)
		err = edit_drop_xattrs(e, disk);
	if (!err)
		err = edit_find_inode(e, disk->info.ino, false, &raw);
	if (err)
		return err;
	inode_delete(raw, &e->format, disk->info.ino, (uint32_t)e->now);
	return group_edit_give_inode(e->groups, disk->info.ino, folder);
}

errcode_t edit_flush(struct edit *e)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < e->live.n_touched; i++) {
		struct tree_inode *inode = e->live.touched[i];

		err = inode->links ? put_inode(e, inode) :
				     drop_inode(e, inode);
	}
	if (!err)
		err = edit_put_values(e);
	if (!err)
		err = edit_overwrite(e);
	return err ? err : group_edit_finish(e->groups);
}
