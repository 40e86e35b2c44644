// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The image behind an edit.  What is read is kept as it was, so that the end
 * of the edit can tell what became of it: an inode whose mapping, attributes
 * and names are those on disk keeps its blocks.
 */
#include "pack/edit_load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/trace.h"
#include "image/read_dir.h"
#include "image/read_inline.h"
#include "image/read_link.h"
#include "image/read_xattr.h"
#include "tree/stage.h"

/* Flags of a file that say that it is more than its bytes. */
enum { SECTOR_BITS = 9 };
enum { CASEFOLD_FL = 0x40000000, VERITY_FL = 0x00100000 };

void edit_load_init(struct edit_load *l, struct image *image,
		    struct changes *changes, struct tree *tree,
		    struct diag *diag)
{
	*l = (struct edit_load){ .image = image, .changes = changes,
				 .tree = tree, .diag = diag };
}

void disk_inode_release(struct disk_inode *d)
{
	free(d->extents);
	free(d->maps);
	free(d->values);
	free(d->forgotten);
	origin_put(d->data);
	if (d->opened)
		dir_edit_release(&d->dir);
	memset(d, 0, sizeof(*d));
}

void edit_load_release(struct edit_load *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->inodes[i])
			disk_inode_release(l->inodes[i]);
		free(l->inodes[i]);
	}
	free(l->inodes);
	memset(l, 0, sizeof(*l));
}

struct disk_inode *edit_load_find(const struct edit_load *l,
				  const struct tree_inode *inode)
{
	return inode->serial < l->n ? l->inodes[inode->serial] : NULL;
}

/* Make the entry for @inode. */
static errcode_t add_inode(struct edit_load *l,
			   const struct tree_inode *inode,
			   struct disk_inode **ret)
{
	size_t need = (size_t)inode->serial + 1;
	struct disk_inode *d;

	if (array_reserve(&l->inodes, &l->cap, need, sizeof(d)))
		return diag_nomem(l->diag);
	while (l->n < need)
		l->inodes[l->n++] = NULL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return diag_nomem(l->diag);
	l->inodes[inode->serial] = d;
	*ret = d;
	return 0;
}

struct xattr_list {
	struct xattr_builder builder;
	struct disk_inode *disk;
	struct format format;
};

/* Note a value in an inode of its own, for which every owner is charged. */
static errcode_t add_value(struct xattr_list *l, const struct xattr_entry *e,
			   bool in_block)
{
	struct disk_inode *d = l->disk;

	if (array_reserve(&d->values, &d->cap_values, d->n_values + 1,
			  sizeof(*d->values)))
		return ENOMEM;
	d->values[d->n_values++] = (struct disk_value){
		.ino = e->value_ino, .in_block = in_block,
		.len = e->x.value_len,
		.hash = xattr_value_hash(&l->format, e->x.value,
					 e->x.value_len),
	};
	d->xattr_blocks += xattr_value_blocks(&l->format, e->x.value_len);
	return 0;
}

/* Have the bytes of these values where the tree keeps them. */
static void find_values(const struct xattr_list *l,
			const struct xattr_set *set)
{
	struct disk_inode *d = l->disk;
	size_t i;
	uint32_t k;

	for (i = 0; set && i < d->n_values; i++) {
		struct disk_value *v = &d->values[i];

		for (k = 0; k < set->n && !v->x; k++) {
			const struct xattr *x = &set->entries[k];

			if (x->value_len == v->len &&
			    xattr_value_hash(&l->format, x->value,
					     x->value_len) == v->hash)
				v->x = x;
		}
	}
}

static errcode_t add_xattr(void *arg, const struct xattr_entry *e,
			   bool in_block)
{
	struct xattr_list *l = arg;
	struct xattr_set *one = malloc(sizeof(*one) + sizeof(struct xattr));
	errcode_t err;

	if (!one)
		return ENOMEM;
	l->disk->body_xattrs |= !in_block;
	one->n = 1;
	one->entries[0] = e->x;
	err = xattr_builder_add_set(&l->builder, one);
	if (!err && e->value_ino)
		err = add_value(l, e, in_block);
	free(one);
	return err;
}

static errcode_t load_xattrs(struct edit_load *l, struct tree_inode *inode,
			     struct disk_inode *d)
{
	struct xattr_list list = { .disk = d };
	errcode_t err;

	image_format(l->image, &list.format);
	if (d->info.file_acl)
		d->xattr_blocks = UINT64_C(1) << list.format.cluster_bits;
	err = read_xattrs(l->image, &d->info, add_xattr, &list);
	if (!err && list.builder.n)
		err = tree_set_xattrs(l->tree, inode, &list.builder);
	xattr_builder_release(&list.builder);
	find_values(&list, inode->xattrs);
	d->xattrs = inode->xattrs;
	return err == ENOMEM ? diag_nomem(l->diag) : err;
}

static errcode_t load_link(struct edit_load *l, struct tree_inode *inode,
			   struct disk_inode *d)
{
	struct buf target = BUF_INIT;
	errcode_t err = read_link(&target, l->image, &d->info);

	if (!err) {
		inode->link.target = arena_dup(&l->tree->arena,
					       buf_str(&target),
					       target.len + 1);
		inode->link.len = (uint32_t)target.len;
		if (!inode->link.target)
			err = diag_nomem(l->diag);
	}
	buf_release(&target);
	return err;
}

/* A file in its inode is staged as one that was written anew: what changes
 * it finds its bytes. */
static errcode_t load_inline_file(struct edit_load *l,
				  struct tree_inode *inode,
				  struct disk_inode *d)
{
	struct content_range all = { .len = 0 };
	struct buf data = BUF_INIT;
	errcode_t err = read_inline(&data, l->image, &d->info);

	if (err)
		return err;
	inode->file.in_inode = true;
	all.len = data.len < d->info.size ? data.len : d->info.size;
	if (all.len) {
		d->data = all.origin = origin_memory(data.data, all.len);
		d->data_len = all.len;
		err = all.origin ? content_set(&inode->file.content, &all) :
				   ENOMEM;
	}
	buf_release(&data);
	return err ? diag_nomem(l->diag) : 0;
}

static errcode_t load_file(struct edit_load *l, struct tree_inode *inode,
			   struct disk_inode *d)
{
	const struct delay *delay = l->tree->delay;

	inode->file.size = d->info.size;
	inode->file.disksize = d->info.size;
	inode->file.block_bits = (uint8_t)delay->block_bits;
	inode->file.cluster_bits = (uint8_t)delay->cluster_bits;
	/* With the blocks of its mapping, which nobody has counted. */
	inode->file.allocated = (uint32_t)(d->info.sectors >>
		(delay->block_bits + delay->cluster_bits - SECTOR_BITS));
	if (edit_load_is_inline(d))
		return load_inline_file(l, inode, d);
	inode->file.on_disk = true;
	return 0;
}

/* What the type has. */
static errcode_t load_type(struct edit_load *l, struct tree_inode *inode,
			   struct disk_inode *d)
{
	const struct inode_info *i = &d->info;

	switch (i->mode & S_IFMT) {
	case S_IFDIR:
		inode->dir.disk_blocks = edit_load_is_inline(d) ? 1 :
			(uint32_t)(i->size >>
				   image_geometry(l->image)->block_bits);
		return 0;
	case S_IFREG:
		return load_file(l, inode, d);
	case S_IFLNK:
		return load_link(l, inode, d);
	case S_IFCHR:
	case S_IFBLK:
		inode_get_device(i->i_block, &inode->dev.major,
				 &inode->dev.minor);
		return 0;
	default:
		return 0;
	}
}

static errcode_t load_room(struct edit_load *l, struct disk_inode *d)
{
	struct format fmt;
	const uint8_t *raw;
	errcode_t err = read_inode_raw(&raw, l->image, d->info.ino);

	image_format(l->image, &fmt);
	if (!err)
		d->room = (uint32_t)inode_change_room(raw, &fmt);
	return err;
}

static errcode_t load(void *arg, struct tree_inode *inode)
{
	struct edit_load *l = arg;
	struct disk_inode *d = NULL;
	errcode_t err = add_inode(l, inode, &d);
	int i;

	TRACE(l->tree->delay->trace, TRACE_LOAD_INODE, inode->ino);
	if (!err)
		err = read_inode(&d->info, l->image, inode->ino);
	if (!err)
		err = load_room(l, d);
	if (err)
		return err;
	if (!d->info.links)
		return image_bad(l->image, "inode %u has a name and no link "
				 "count: run e2fsck", inode->ino);
	tree_set_mode(inode, d->info.mode);
	inode->uid = d->info.uid;
	inode->gid = d->info.gid;
	inode->links = d->info.links;
	inode->fs_flags = stage_flags(d->info.mode, d->info.flags);
	for (i = 0; i < INODE_TIMES; i++)
		tree_set_time(inode, i, d->info.times[i]);
	err = load_type(l, inode, d);
	return err ? err : load_xattrs(l, inode, d);
}

/* A seal, or a key that is not known here, bars the content. */
static errcode_t open_content(void *arg, const struct tree_inode *inode)
{
	const struct edit_load *l = arg;
	const struct disk_inode *d = edit_load_find(l, inode);

	if (!(d->info.flags & (INODE_FLAG_ENCRYPT | VERITY_FL)))
		return 0;
	return diag_error(l->diag, image_path(l->image),
			  E4PACK_ET_UNSUPPORTED, "inode %u is %s: its content "
			  "cannot be changed", d->info.ino,
			  d->info.flags & VERITY_FL ? "sealed by verity" :
						      "encrypted");
}

/* Folders whose names nobody can look up without a key, or the rules of the
 * letters, are refused by name.  Their inodes and ".." can be changed. */
static errcode_t check_folder(const struct edit_load *l,
			      const struct disk_inode *d)
{
	const char *what = d->info.flags & INODE_FLAG_ENCRYPT ? "encrypted" :
			   d->info.flags & CASEFOLD_FL ? "case-insensitive" : NULL;

	if (!what)
		return 0;
	return diag_error(l->diag, image_path(l->image),
			  E4PACK_ET_UNSUPPORTED, "folder inode %u is %s: such "
			  "folders cannot be edited yet", d->info.ino, what);
}

errcode_t edit_load_folder(struct edit_load *l, struct disk_inode *d)
{
	errcode_t err;

	if (d->opened)
		return 0;
	err = dir_edit_init(&d->dir, l->changes, &d->info);
	d->opened = !err;
	return err;
}

struct search {
	const char *name;
	size_t len;
	uint32_t *ino;
};

static errcode_t compare_item(void *arg, const struct dir_item *item)
{
	const struct search *s = arg;

	if (item->len == s->len && !memcmp(item->name, s->name, s->len))
		*s->ino = item->ino;
	return 0;
}

static errcode_t look_up(void *arg, const struct tree_inode *dir,
			 const char *name, size_t len, uint32_t *ino)
{
	struct edit_load *l = arg;
	struct disk_inode *d = edit_load_find(l, dir);
	struct search s = { name, len, ino };
	errcode_t err;

	*ino = 0;
	err = check_folder(l, d);
	if (err)
		return err;
	if (edit_load_is_inline(d))
		return read_dir(l->image, &d->info, compare_item, &s);
	err = edit_load_folder(l, d);
	return err ? err : dir_edit_find(&d->dir, name, len, ino);
}

struct listing {
	tree_listed *listed;
	void *arg;
};

static errcode_t tell_item(void *arg, const struct dir_item *item)
{
	struct listing *g = arg;

	return dir_item_is_dot(item) ? 0 :
		g->listed(g->arg, item->name, item->len, item->ino);
}

static errcode_t list(void *arg, const struct tree_inode *dir,
		      tree_listed *listed, void *listed_arg)
{
	struct edit_load *l = arg;
	struct disk_inode *d = edit_load_find(l, dir);
	struct listing g = { listed, listed_arg };
	errcode_t err = check_folder(l, d);

	return err ? err : read_dir(l->image, &d->info, tell_item, &g);
}

const struct tree_image edit_load_image = { look_up, list, load,
					    open_content };
