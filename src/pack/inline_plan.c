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

errcode_t inline_plan_folder(const struct node *n, const struct format *fmt,
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

/* Find a place for the attributes of an inode with @size bytes of data in it.
 * Return: 0 with in_inode false when there is none; ENOMEM. */
static errcode_t place_xattrs(const struct plan *p, struct tree_inode *inode,
			      uint64_t size)
{
	size_t room = inode_xattr_room(&p->format);
	struct xattr_layout l;
	errcode_t err;

	if (xattr_fits_beside_data(inode->xattrs, room, inline_rest(size)))
		return 0;
	err = xattr_layout_init(&l, &p->format, inode->xattrs, 0);
	if (err == E4PACK_ET_NO_SPACE || (!err && l.n_ea_inodes))
		inode->in_inode = false;
	else if (!err)
		inode->xattrs_apart = true;
	if (!err)
		xattr_layout_release(&l);
	return err == ENOMEM ? err : 0;
}

static errcode_t settle_file(struct plan *p, struct tree_inode *inode)
{
	struct delayed_file *f = &inode->file;
	errcode_t err;

	inode->in_inode = f->in_inode;
	if (!f->in_inode)
		return 0;
	err = place_xattrs(p, inode, f->size);
	if (err || inode->in_inode)
		return err;
	tree_note_change(p->tree, inode);
	return da_convert_inline_data(p->tree->delay, f, false);
}

static errcode_t settle_folder(struct plan *p, struct node *n)
{
	uint32_t size;
	errcode_t err = inline_plan_folder(n, &p->format, &size);

	n->inode->in_inode = !err && size;
	return n->inode->in_inode ? place_xattrs(p, n->inode, size) : err;
}

static errcode_t settle(struct plan *p, struct node *n)
{
	errcode_t err = 0;
	char *path;

	if (S_ISREG(n->inode->mode))
		err = settle_file(p, n->inode);
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

static errcode_t folder_data(const struct plan *p, const struct node *n,
			     uint8_t *out, uint64_t *ret)
{
	uint32_t count = n->inode->dir.n, size;
	struct dir_name *names;
	errcode_t err = plan_dir_names(n, &p->format, &names);

	if (err)
		return err;
	size = inline_dir_size(&p->format, names, count);
	inline_dir_encode(out, size, &p->format, n->parent->inode->ino, names,
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
		return folder_data(p, n, out, size);
	*size = f->size;
	return data_reader_read(reader, &f->content, 0, f->size, out);
}
