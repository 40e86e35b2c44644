// SPDX-License-Identifier: GPL-2.0-or-later
/* The attributes of an entry: what ext4 can keep of them. */
#include <errno.h>
#include <linux/fs.h>

#include "base/errors.h"
#include "tree/node.h"
#include "tree/stage.h"

enum {
	/* What chattr(1) sets and ext4 keeps. */
	FLAGS_KEPT = FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL |
		     FS_NOATIME_FL | FS_SYNC_FL | FS_DIRSYNC_FL |
		     FS_TOPDIR_FL,
	FLAGS_OF_FOLDERS = FS_DIRSYNC_FL | FS_TOPDIR_FL,
	/* How the host lays a file out, which is no business of the image. */
	FLAGS_OF_LAYOUT = FS_EXTENT_FL | FS_INDEX_FL | FS_INLINE_DATA_FL |
			  FS_HUGE_FILE_FL,
};

uint32_t stage_flags(uint32_t mode, uint32_t flags)
{
	flags &= FLAGS_KEPT;
	return S_ISDIR(mode) ? flags : flags & ~(uint32_t)FLAGS_OF_FOLDERS;
}

static errcode_t keep_flags(const struct tree *t, const struct entry *e,
			    uint32_t *ret)
{
	uint32_t lost = e->fs_flags & ~(uint32_t)(FLAGS_KEPT |
						  FLAGS_OF_LAYOUT);

	*ret = stage_flags(e->mode, e->fs_flags);
	if (!lost)
		return 0;
	return diag_warning(t->options.diag, e->path,
			    "file flags 0x%x are left out: the image cannot "
			    "have them", lost);
}

static errcode_t add_xattr(const struct tree *t, const struct entry *e,
			   const struct entry_xattr *x,
			   struct xattr_builder *b)
{
	struct diag *diag = t->options.diag;
	errcode_t err = xattr_builder_add(b, x->name, x->value, x->len);

	switch (err) {
	case 0:
		return 0;
	case ENOMEM:
		return diag_nomem(diag);
	case E4PACK_ET_UNSUPPORTED:
		return diag_warning(diag, e->path,
				    "extended attribute %s is left out: ext4 "
				    "has no place for such a name", x->name);
	case E4PACK_ET_TOO_BIG:
		return diag_error(diag, e->path, err,
				  "extended attribute %s has %zu bytes, "
				  "65536 is the most", x->name, x->len);
	default:
		return diag_error(diag, e->path, err,
				  "extended attribute %s is malformed",
				  x->name);
	}
}

static errcode_t keep_xattrs(struct tree *t, const struct entry *e,
			     struct xattr_set **ret)
{
	struct xattr_builder b = { 0 };
	struct xattr_set *set = NULL;
	errcode_t err = 0;
	size_t i;

	for (i = 0; i < e->n_xattrs && !err; i++)
		err = add_xattr(t, e, &e->xattrs[i], &b);
	if (err)
		goto out;
	err = xattr_builder_finish(&b, &set);
	if (!err)
		err = intern_take(&t->tables->xattrs, &t->arena, &set);
	if (err)
		diag_nomem(t->options.diag);
	else
		*ret = set;
out:
	xattr_builder_release(&b);
	return err;
}

errcode_t stage_prepare(struct tree *t, const struct entry *e,
			struct stage_attributes *attrs)
{
	errcode_t err;

	err = keep_flags(t, e, &attrs->fs_flags);
	if (err)
		return err;
	return keep_xattrs(t, e, &attrs->xattrs);
}

/* Which time of an entry becomes which of an inode. */
static const uint8_t time_of[INODE_TIMES] = {
	[INODE_ATIME] = ENTRY_ATIME,
	[INODE_MTIME] = ENTRY_MTIME,
	[INODE_CTIME] = ENTRY_CTIME,
	[INODE_CRTIME] = ENTRY_CRTIME,
};

void stage_time(const struct tree *t, struct tree_inode *inode,
		struct timestamp time)
{
	if (t->options.set_times)
		tree_set_times(inode, t->options.time);
	else
		tree_set_times(inode, time);
	tree_set_time(inode, INODE_MTIME, time);
}

void stage_apply(struct tree *t, struct tree_inode *inode,
		 const struct entry *e, const struct stage_attributes *attrs)
{
	int i;

	tree_note_change(t, inode);
	inode->mode = e->mode;
	inode->uid = e->uid;
	inode->gid = e->gid;
	inode->fs_flags = attrs->fs_flags;
	inode->xattrs = attrs->xattrs;
	stage_time(t, inode, e->times[ENTRY_MTIME]);
	if (t->options.set_times || !t->options.times_source)
		return;
	for (i = 0; i < INODE_TIMES; i++)
		if (e->has_time[time_of[i]])
			tree_set_time(inode, i, e->times[time_of[i]]);
}
