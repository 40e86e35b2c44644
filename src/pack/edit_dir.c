// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders in an edit.
 *
 *	names gone	are taken out of their leaf
 *	names added	are put into the leaf they belong to
 *	no room there	the folder is built anew, with its index, in blocks
 *			that were free, and its old blocks are given back
 *
 * Blocks that were changed before the room ran out are forgotten: what is
 * given back needs no change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/dirblock.h"
#include "pack/allocate.h"
#include "pack/edit_run.h"
#include "pack/plan.h"

enum {
	INDEX_FL = 0x1000,
	SEARCHES_MAX = 65536,	/* blocks that adds may look through */
};

static struct dir_name name_of(const struct edit *e, const struct node *n)
{
	return (struct dir_name){
		.name = n->name, .len = n->name_len, .ino = n->inode->ino,
		.file_type = e->format.filetype ?
			dir_file_type(n->inode->mode) : 0,
	};
}

/* How many names are added. */
static uint64_t count_added(const struct tree_inode *dir)
{
	struct names_cursor c = names_begin(&dir->dir.children);
	struct node *n;
	uint64_t added = 0;

	while ((n = names_next(&c)))
		added += !n->on_disk;
	return added;
}

/* Change the folder where it lies; *@done false if it has no room. */
static errcode_t change_in_place(struct edit *e, struct tree_inode *inode,
				 struct disk_inode *disk, bool *done)
{
	struct names_cursor c;
	struct node *n;
	errcode_t err = edit_load_folder(&e->load, disk);

	*done = true;
	if (!err && count_added(inode) * disk->dir.blocks > SEARCHES_MAX)
		*done = false;
	if (err || !*done)
		return err;
	c = names_begin(&inode->dir.gone);
	while ((n = names_next(&c))) {
		err = dir_edit_remove(&disk->dir, n->name, n->name_len);
		if (err)
			return err;
	}
	c = names_begin(&inode->dir.children);
	while ((n = names_next(&c))) {
		const struct dir_name name = name_of(e, n);

		if (n->on_disk)
			continue;
		err = dir_edit_add(&disk->dir, &name, done);
		if (err || !*done)
			return err;
	}
	if (inode->dir.node->on_disk || inode == e->build.tree.root->inode)
		return 0;
	return dir_edit_set_parent(&disk->dir,
				   inode->dir.node->parent->inode->ino);
}

/* Forget what was changed in its blocks. */
static void forget_changes(struct edit *e, const struct disk_inode *disk)
{
	size_t i;
	uint32_t k;

	for (i = 0; i < disk->dir.n; i++)
		for (k = 0; k < disk->dir.extents[i].len; k++)
			changes_drop(&e->changes,
				     disk->dir.extents[i].pblk + k);
}

/* Put the blocks at @blocks, in logical order, to @runs. */
static errcode_t put_runs(struct edit *e, const struct run_list *runs,
			  const uint8_t *blocks, uint64_t n)
{
	uint8_t *block;
	uint64_t i, k;
	errcode_t err = 0;

	for (i = 0; !err && i < runs->n; i++) {
		for (k = 0; !err && n && k < runs->runs[i].len; k++, n--) {
			err = changes_new(&e->changes,
					  runs->runs[i].start + k, &block);
			if (!err)
				memcpy(block, blocks, e->format.block_size);
			blocks += e->format.block_size;
		}
	}
	return err;
}

/* Encode the folder into new blocks, and map them. */
static errcode_t encode(struct edit *e, struct tree_inode *inode,
			uint32_t generation, const struct dir_layout *layout,
			const struct dir_name *names, struct inode_values *v)
{
	struct extent_list list = { NULL, 0, 0 };
	struct run_list runs = { NULL, 0, 0 };
	uint8_t *blocks = calloc(layout->blocks, e->format.block_size);
	errcode_t err = blocks ? 0 : diag_nomem(e->diag);

	if (!err)
		err = edit_place(e, layout->blocks, &runs);
	if (!err) {
		dir_encode(layout, blocks, &e->format, inode->ino, generation,
			   inode->dir.node->parent->inode->ino, names);
		err = put_runs(e, &runs, blocks, layout->blocks);
	}
	if (!err)
		err = allocate_plain_extents(&list, runs.runs, runs.n,
					     (uint32_t)layout->blocks);
	v->size = layout->blocks << e->format.block_bits;
	v->blocks = format_whole_clusters(&e->format, layout->blocks);
	v->flags |= layout->indexed ? INDEX_FL : 0;
	if (!err)
		err = edit_put_map(e, inode, generation, list.extents, list.n,
				   v);
	extent_list_release(&list);
	run_list_release(&runs);
	free(blocks);
	return err;
}

static errcode_t build_anew(struct edit *e, struct tree_inode *inode,
			    uint32_t generation, struct inode_values *v)
{
	struct dir_layout layout;
	struct dir_name *names;
	errcode_t err = tree_load_folder(&e->build.tree, inode->dir.node);

	if (err)
		return err;
	err = plan_dir_layout(&layout, &names, inode->dir.node, &e->format);
	if (err)
		return diag_error(e->diag, image_path(e->image), err, "folder "
				  "inode %u cannot hold its names",
				  inode->ino);
	err = encode(e, inode, generation, &layout, names, v);
	dir_layout_release(&layout);
	free(names);
	return err;
}

errcode_t edit_put_folder(struct edit *e, struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v)
{
	bool done;
	errcode_t err;

	if (!disk || edit_load_is_inline(disk))
		return build_anew(e, inode, disk ? disk->info.generation : 0,
				  v);
	if (edit_folder_is_kept(e, inode))
		return 0;
	err = change_in_place(e, inode, disk, &done);
	if (err || done)
		return err;
	forget_changes(e, disk);
	err = edit_free_old(e, disk);
	v->flags &= ~(uint32_t)INDEX_FL;
	return err ? err : build_anew(e, inode, disk->info.generation, v);
}
