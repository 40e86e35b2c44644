// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data, when all attributes are known.  The data has the first right
 * to the room in the inode, and the attributes are, in this order,
 *
 *	beside it	all of them fit into what it leaves
 *	apart		all of them go to a block, without inodes of values
 *	neither		then the data leaves the inode: a file is converted,
 *			with a reservation as for a write, a folder gets
 *			blocks
 *
 * Either way one block is the most that both take: one of attributes, which
 * inodes with equal sets share, or one of data, which they do not.  All or
 * nothing, because sets that were split by what each file leaves would not
 * be equal any more.
 *
 * The root and lost+found have blocks, as mke2fs makes them.
 */
#include "pack/inline_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/inline_data.h"

errcode_t inline_folder_size(const struct node *n, const struct format *fmt,
			     uint32_t *size)
{
	struct dir_name *names;
	errcode_t err;

	*size = 0;
	if (n->inode->dir.name_bytes > inline_max(fmt))
		return 0;
	err = plan_dir_names(n, fmt, &names);
	if (err)
		return err;
	*size = inline_dir_size(fmt, names, n->inode->dir.n);
	free(names);
	return 0;
}

errcode_t inline_place(struct tree_inode *inode, const struct format *fmt,
		       size_t room, uint64_t size)
{
	struct xattr_layout l;
	errcode_t err;

	inode->xattrs_apart = false;
	inode->in_inode = xattr_fits_beside_data(NULL, room,
						 inline_rest(size));
	if (!inode->in_inode ||
	    xattr_fits_beside_data(inode->xattrs, room, inline_rest(size)))
		return 0;
	err = xattr_layout_init(&l, fmt, inode->xattrs, 0);
	if (err == E4PACK_ET_NO_SPACE || (!err && l.n_ea_inodes))
		inode->in_inode = false;
	else if (!err)
		inode->xattrs_apart = true;
	if (!err)
		xattr_layout_release(&l);
	return err == ENOMEM ? err : 0;
}

errcode_t inline_settle_file(struct tree *t, struct tree_inode *inode,
			     const struct format *fmt, size_t room)
{
	struct delayed_file *f = &inode->file;
	errcode_t err;

	inode->in_inode = f->in_inode;
	if (!f->in_inode)
		return 0;
	err = inline_place(inode, fmt, room, f->size);
	if (err || inode->in_inode)
		return err;
	tree_note_change(t, inode);
	return da_convert_inline_data(t->delay, f, false);
}

static errcode_t settle_folder(struct plan *p, struct node *n)
{
	uint32_t size;
	errcode_t err = inline_folder_size(n, &p->format, &size);

	n->inode->in_inode = false;
	if (err || !size)
		return err;
	return inline_place(n->inode, &p->format,
			    inode_xattr_room(&p->format), size);
}

static errcode_t settle(struct plan *p, struct node *n)
{
	errcode_t err = 0;
	char *path;

	if (S_ISREG(n->inode->mode))
		err = inline_settle_file(p->tree, n->inode, &p->format,
					 inode_xattr_room(&p->format));
	else if (S_ISDIR(n->inode->mode))
		err = settle_folder(p, n);
	if (!err)
		return 0;
	if (err == ENOMEM)
		return diag_nomem(p->diag);
	path = tree_path(n);
	diag_error(p->diag, path, err, "has no place in its inode beside its "
		   "attributes, and the image has no block left: use --size");
	free(path);
	return err;
}

errcode_t inline_plan_settle(struct plan *p)
{
	errcode_t err = 0;
	size_t i;

	if (!inline_max(&p->format))
		return 0;
	for (i = 0; !err && i < p->n_inodes; i++)
		err = settle(p, p->names[i]);
	return err;
}

errcode_t inline_folder_data(const struct node *n, const struct format *fmt,
			     uint8_t *out, uint64_t *ret)
{
	uint32_t count = n->inode->dir.n, size;
	struct dir_name *names;
	errcode_t err = plan_dir_names(n, fmt, &names);

	if (err)
		return err;
	size = inline_dir_size(fmt, names, count);
	inline_dir_encode(out, size, fmt, n->parent->inode->ino, names,
			  count);
	free(names);
	*ret = size;
	return 0;
}

errcode_t inline_plan_data(const struct plan *p, const struct node *n,
			   struct data_reader *reader, uint8_t *out,
			   uint64_t *size)
{
	const struct delayed_file *f = &n->inode->file;

	if (S_ISDIR(n->inode->mode))
		return inline_folder_data(n, &p->format, out, size);
	*size = f->size;
	return data_reader_read(reader, &f->content, 0, f->size, out);
}
