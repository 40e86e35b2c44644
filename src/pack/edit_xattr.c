// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes in an edit.  A block that other inodes share loses one of them;
 * one that nobody else has is given back.  Sets that are equal share the
 * block that this edit makes for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/inline_data.h"
#include "pack/edit_run.h"

static errcode_t drop_values(struct edit *e, const struct disk_inode *disk,
			     bool in_block)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < disk->n_values; i++)
		if (disk->values[i].in_block == in_block)
			err = edit_drop_value(e, disk->values[i].ino);
	return err;
}

static errcode_t drop_block(struct edit *e, const struct disk_inode *disk)
{
	uint64_t pblk = disk->info.file_acl, reusable;
	uint32_t refs;
	uint8_t *block;
	errcode_t err = changes_edit(&e->changes, pblk, &block);

	if (err)
		return err;
	refs = xattr_block_refs(block);
	if (refs > 1) {
		xattr_block_set_refs(block, &e->format, pblk, refs - 1);
		return 0;
	}
	changes_drop(&e->changes, pblk);
	err = drop_values(e, disk, true);
	return err ? err : edit_space_release_blocks(&e->space, pblk,
						     UINT64_C(1) <<
						     e->format.cluster_bits,
						     &reusable);
}

errcode_t edit_drop_xattrs(struct edit *e, struct disk_inode *disk)
{
	errcode_t err = edit_know_values(e, disk);

	if (!err)
		err = drop_values(e, disk, false);
	if (!err && disk->info.file_acl)
		err = drop_block(e, disk);
	return err;
}

/* The attributes of one inode on their way. */
struct xattr_put {
	struct edit *e;
	const struct tree_inode *inode;
	struct xattr_layout layout;
	size_t room;		/* for which it was made */
	uint32_t *value_ino;	/* per attribute: where its value lies */
};

/* Have inodes for the values of entries in the block, or in the inode. */
static errcode_t take_values(struct xattr_put *p, bool in_block)
{
	const struct xattr_set *set = p->inode->xattrs;
	errcode_t err = 0;
	uint32_t i;

	for (i = 0; !err && i < set->n; i++)
		if (p->layout.value_in_inode[i] &&
		    !!p->layout.entry_in_block[i] == in_block)
			err = edit_take_value(p->e, p->inode->ino,
					      &set->entries[i],
					      &p->value_ino[i]);
	return err;
}

static errcode_t make_block(struct xattr_put *p, uint64_t *pblk)
{
	struct edit *e = p->e;
	struct run_list one = { NULL, 0, 0 };
	uint8_t *block;
	errcode_t err = take_values(p, true);

	if (!err)
		err = array_reserve(&e->xattrs, &e->cap_xattrs,
				    e->n_xattrs + 1, sizeof(*e->xattrs)) ?
			diag_nomem(e->diag) : edit_place(e, 1, &one);
	if (err)
		return err;
	*pblk = one.runs[0].start;
	run_list_release(&one);
	err = changes_new(&e->changes, *pblk, &block);
	if (err)
		return err;
	xattr_encode_block(block, &e->format, p->inode->xattrs, &p->layout,
			   p->value_ino, *pblk, 1);
	e->xattrs[e->n_xattrs++] = (struct edit_xattr){
		p->inode->xattrs, p->room, *pblk, 1
	};
	return 0;
}

/* The block for one more inode with these attributes. */
static errcode_t share_block(struct xattr_put *p, uint64_t *pblk)
{
	struct edit *e = p->e;
	uint8_t *block;
	errcode_t err;
	size_t i;

	for (i = 0; i < e->n_xattrs; i++) {
		struct edit_xattr *x = &e->xattrs[i];

		if (x->set != p->inode->xattrs || x->room != p->room ||
		    x->refs >= XATTR_REFS_MAX)
			continue;
		*pblk = x->pblk;
		err = changes_new(&e->changes, x->pblk, &block);
		if (!err)
			xattr_block_set_refs(block, &e->format, x->pblk,
					     ++x->refs);
		return err;
	}
	return make_block(p, pblk);
}

/* Put the in-inode area: inline data, and what of the attributes lies there. */
static void put_body(struct edit *e, const struct tree_inode *inode,
		     size_t room, const struct xattr_put *p,
		     struct inode_values *v)
{
	const struct xattr data = xattr_data(e->data + INLINE_HEAD,
					     inline_rest(v->size));

	v->ibody = e->ibody;
	v->ibody_len = room;
	xattr_encode_ibody(e->ibody, room, &e->format,
			   inode->in_inode ? &data : NULL,
			   p ? inode->xattrs : NULL, p ? &p->layout : NULL,
			   p ? p->value_ino : NULL);
}

/* Put a set that is laid out; @room is that of the inode. */
static errcode_t put_set(struct xattr_put *p, size_t room,
			 struct inode_values *v)
{
	const struct xattr_set *set = p->inode->xattrs;
	const struct format *fmt = &p->e->format;
	errcode_t err = take_values(p, false);
	uint32_t i;

	if (!err)
		put_body(p->e, p->inode, room, p, v);
	for (i = 0; !err && i < set->n; i++)
		if (p->layout.value_in_inode[i])
			v->blocks += xattr_value_blocks(fmt,
					set->entries[i].value_len);
	if (err || !p->layout.has_block)
		return err;
	v->blocks += UINT64_C(1) << fmt->cluster_bits;
	return share_block(p, &v->file_acl);
}

/* Whether the attributes lie in their block as they would be put there. */
static bool block_stays(const struct tree_inode *inode,
			const struct disk_inode *disk)
{
	return disk && disk->info.file_acl && inode->xattrs == disk->xattrs &&
	       !disk->body_xattrs && inode->in_inode && inode->xattrs_apart;
}

static errcode_t lay_out(struct xattr_put *p)
{
	const struct xattr_set *set = p->inode->xattrs;
	struct diag *diag = p->e->diag;
	errcode_t err = xattr_layout_init(&p->layout, &p->e->format, set,
					  p->room);

	if (err)
		return err == ENOMEM ? diag_nomem(diag) :
			diag_error(diag, image_path(p->e->image), err,
				   "the attributes of inode %u do not fit",
				   p->inode->ino);
	p->value_ino = calloc(set->n, sizeof(*p->value_ino));
	return p->value_ino ? 0 : diag_nomem(diag);
}

errcode_t edit_put_xattrs(struct edit *e, const struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v)
{
	size_t room = disk ? disk->room : inode_xattr_room(&e->format);
	struct xattr_put p = {
		.e = e, .inode = inode,
		.room = inode->in_inode && inode->xattrs_apart ? 0 : room,
	};
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
	err = lay_out(&p);
	if (!err)
		err = put_set(&p, room, v);
	xattr_layout_release(&p.layout);
	free(p.value_ino);
	return err;
}
