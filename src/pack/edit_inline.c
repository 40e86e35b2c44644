// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data in an edit.
 *
 *	in the image	what changed		becomes
 *	inline		neither data nor	left as it lies, however its
 *			attributes		maker split them
 *	inline		either			put anew, by the rules of
 *						inline_plan.c, or given
 *						blocks
 *	blocks		anything		blocks
 *	new					as in a new image
 *
 * A file that leaves its inode has a delayed block, so that all is settled
 * before delayed blocks get their places.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/inline_data.h"
#include "pack/edit_run.h"
#include "pack/inline_plan.h"

/* Whether the bytes of a file are those that were read. */
static bool file_is_kept(const struct delayed_file *f,
			 const struct disk_inode *d)
{
	struct content_range r;

	if (!f->in_inode || f->size != d->info.size ||
	    content_count(&f->content) != (d->data != NULL))
		return false;
	return !content_next(&f->content, 0, &r) ||
	       (r.origin == d->data && !r.offset && !r.origin_offset &&
		r.len == d->data_len);
}

bool edit_folder_is_kept(const struct edit *e, const struct tree_inode *inode)
{
	struct names_cursor c = names_begin(&inode->dir.children);
	struct node *n;

	if (!names_empty(&inode->dir.gone))
		return false;
	while ((n = names_next(&c)))
		if (!n->on_disk)
			return false;
	return inode->dir.node->on_disk || inode == e->build.tree.root->inode;
}

static bool is_kept(const struct edit *e, const struct tree_inode *inode,
		    const struct disk_inode *d)
{
	if (inode->xattrs != d->xattrs)
		return false;
	if (S_ISREG(inode->mode))
		return file_is_kept(&inode->file, d);
	return !S_ISDIR(inode->mode) || edit_folder_is_kept(e, inode);
}

/* e2fsck wants blocks there. */
static bool is_lost_found(const struct node *n)
{
	static const char name[] = "lost+found";

	return n->parent->parent == n->parent &&
	       n->name_len == sizeof(name) - 1 &&
	       !memcmp(n->name, name, sizeof(name) - 1);
}

static errcode_t settle_folder(struct edit *e, struct tree_inode *inode,
			       size_t room)
{
	struct node *n = inode->dir.node;
	uint32_t size;
	errcode_t err = tree_load_folder(&e->build.tree, n);

	inode->in_inode = false;
	if (err || is_lost_found(n))
		return err;
	err = inline_folder_size(n, &e->format, &size);
	return err || !size ? err : inline_place(inode, &e->format, room,
						 size);
}

static errcode_t settle(struct edit *e, struct tree_inode *inode)
{
	struct disk_inode *d = edit_load_find(&e->load, inode);
	size_t room = d ? d->room : inode_xattr_room(&e->format);

	if (d && (!edit_load_is_inline(d) || is_kept(e, inode, d))) {
		d->kept = edit_load_is_inline(d);
		inode->in_inode = d->kept;
		return 0;
	}
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		return inline_settle_file(&e->build.tree, inode, &e->format,
					  room);
	case S_IFDIR:
		return settle_folder(e, inode, room);
	case S_IFLNK:
		return d ? inline_place(inode, &e->format, room,
					inode->link.len) : 0;
	default:
		return 0;
	}
}

errcode_t edit_settle_inline(struct edit *e)
{
	errcode_t err = 0;
	size_t i;

	if (!e->format.inline_data)
		return 0;
	for (i = 0; !err && i < e->live.n_touched; i++)
		if (e->live.touched[i]->links)
			err = settle(e, e->live.touched[i]);
	return err;
}

static errcode_t put_file(struct edit *e, const struct delayed_file *f)
{
	struct data_reader reader = { .diag = e->diag };
	errcode_t err = data_reader_read(&reader, &f->content, 0, f->size,
					 e->data);

	return data_reader_release(&reader, err);
}

errcode_t edit_put_inline(struct edit *e, struct tree_inode *inode,
			  struct inode_values *v)
{
	errcode_t err = 0;

	memset(e->data, 0, INLINE_HEAD);
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		v->size = inode->file.size;
		err = put_file(e, &inode->file);
		break;
	case S_IFDIR:
		err = inline_folder_data(inode->dir.node, &e->format, e->data,
					 &v->size);
		break;
	case S_IFLNK:
		v->size = inode->link.len;
		memcpy(e->data, inode->link.target, inode->link.len);
		break;
	}
	if (err == ENOMEM)
		diag_nomem(e->diag);
	memcpy(v->i_block, e->data, INLINE_HEAD);
	v->flags |= INODE_FLAG_INLINE;
	return err;
}
