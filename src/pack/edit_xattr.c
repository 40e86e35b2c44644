// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes in an edit.  A block that other inodes share loses one of them;
 * one that nobody else has is given back.  Sets that are equal share the
 * block that this edit makes for them.
 */
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/inline_data.h"
#include "pack/edit_run.h"

errcode_t edit_drop_xattrs(struct edit *e, struct disk_inode *disk)
{
	uint64_t pblk = disk->info.file_acl, reusable;
	uint32_t refs;
	uint8_t *block;
	errcode_t err;

	if (!pblk)
		return 0;
	err = changes_edit(&e->changes, pblk, &block);
	if (err)
		return err;
	refs = xattr_block_refs(block);
	if (refs > 1) {
		xattr_block_set_refs(block, &e->format, pblk, refs - 1);
		return 0;
	}
	changes_drop(&e->changes, pblk);
	return edit_space_release_blocks(&e->space, pblk, UINT64_C(1) <<
					 e->format.cluster_bits, &reusable);
}

/* The block for one more inode with @set, laid out as @l. */
static errcode_t share_block(struct edit *e, const struct xattr_set *set,
			     const struct xattr_layout *l, size_t room,
			     uint64_t *pblk)
{
	struct run_list one = { NULL, 0, 0 };
	struct edit_xattr *x = NULL;
	uint8_t *block;
	size_t i;
	errcode_t err = 0;

	for (i = 0; i < e->n_xattrs && !x; i++)
		if (e->xattrs[i].set == set && e->xattrs[i].room == room &&
		    e->xattrs[i].refs < XATTR_REFS_MAX)
			x = &e->xattrs[i];
	if (!x) {
		err = array_reserve(&e->xattrs, &e->cap_xattrs,
				    e->n_xattrs + 1, sizeof(*e->xattrs));
		if (err)
			return diag_nomem(e->diag);
		err = edit_place(e, 1, &one);
		if (err)
			return err;
		x = &e->xattrs[e->n_xattrs++];
		*x = (struct edit_xattr){ set, room, one.runs[0].start, 0 };
		run_list_release(&one);
	}
	err = changes_new(&e->changes, x->pblk, &block);
	if (err)
		return err;
	xattr_encode_block(block, &e->format, set, l, NULL, x->pblk,
			   ++x->refs);
	*pblk = x->pblk;
	return 0;
}

static errcode_t report(struct edit *e, const struct tree_inode *inode,
			errcode_t err)
{
	return diag_error(e->diag, image_path(e->image), err, "the attributes "
			  "of inode %u do not fit", inode->ino);
}

/* Put the in-inode area: inline data, and what of the attributes lies there. */
static void put_body(struct edit *e, const struct tree_inode *inode,
		     size_t room, const struct xattr_layout *l,
		     struct inode_values *v)
{
	const struct xattr data = xattr_data(e->data + INLINE_HEAD,
					     inline_rest(v->size));

	v->ibody = e->ibody;
	v->ibody_len = room;
	xattr_encode_ibody(e->ibody, room, &e->format,
			   inode->in_inode ? &data : NULL,
			   l ? inode->xattrs : NULL, l, NULL);
}

/* Whether the attributes lie in their block as they would be put there. */
static bool block_stays(const struct tree_inode *inode,
			const struct disk_inode *disk)
{
	return disk && disk->info.file_acl && inode->xattrs == disk->xattrs &&
	       !disk->body_xattrs && inode->in_inode && inode->xattrs_apart;
}

errcode_t edit_put_xattrs(struct edit *e, const struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v)
{
	size_t room = disk ? disk->room : inode_xattr_room(&e->format);
	size_t own = inode->in_inode && inode->xattrs_apart ? 0 : room;
	uint64_t ratio = UINT64_C(1) << e->format.cluster_bits;
	struct xattr_layout layout;
	errcode_t err = 0;

	if (!inode->xattrs || block_stays(inode, disk))
		put_body(e, inode, room, NULL, v);
	if (block_stays(inode, disk)) {
		v->blocks += disk->xattr_blocks;
		return 0;
	}
	if (disk)
		err = edit_drop_xattrs(e, disk);
	v->file_acl = 0;
	if (err || !inode->xattrs)
		return err;
	err = xattr_layout_init(&layout, &e->format, inode->xattrs, own);
	if (err)
		return report(e, inode, err);
	if (layout.n_ea_inodes)
		err = diag_error(e->diag, image_path(e->image),
				 E4PACK_ET_UNSUPPORTED, "inode %u: a value "
				 "that needs an inode of its own cannot be "
				 "added yet", inode->ino);
	if (!err)
		put_body(e, inode, room, &layout, v);
	if (!err && layout.has_block) {
		err = share_block(e, inode->xattrs, &layout, own,
				  &v->file_acl);
		v->blocks += ratio;
	}
	xattr_layout_release(&layout);
	return err;
}
