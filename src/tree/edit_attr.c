// SPDX-License-Identifier: GPL-2.0-or-later
/* Edits of what an inode has besides names and content. */
#include <errno.h>
#include <string.h>

#include "tree/edit.h"
#include "tree/node.h"
#include "tree/stage.h"

static const char access_acl[] = "system.posix_acl_access";
static const char default_acl[] = "system.posix_acl_default";

/* Find the inode whose attributes are to change. */
static errcode_t find_inode(struct tree *t, const char *path, bool follow,
			    struct tree_inode **ret)
{
	struct node *n;
	errcode_t err;

	err = edit_lookup(t, path, follow, &n);
	if (err)
		return err;
	tree_note_change(t, n->inode);
	inode_touch(t, n->inode);
	*ret = n->inode;
	return 0;
}

errcode_t edit_chmod(struct tree *t, const char *path, uint32_t mode)
{
	struct xattr_builder b = { 0 };
	struct tree_inode *inode;
	errcode_t err;

	err = find_inode(t, path, true, &inode);
	if (err)
		return err;
	err = xattr_builder_add_set(&b, inode->xattrs);
	if (!err) {
		xattr_builder_chmod(&b, mode);
		err = tree_set_xattrs(t, inode, &b);
	}
	if (!err)
		inode->mode = (inode->mode & S_IFMT) | (mode & 07777);
	xattr_builder_release(&b);
	return err;
}

errcode_t edit_chown(struct tree *t, const char *path, uint32_t uid,
		     uint32_t gid)
{
	struct tree_inode *inode;
	errcode_t err;

	err = find_inode(t, path, true, &inode);
	if (err)
		return err;
	if (uid != UINT32_MAX)
		inode->uid = uid;
	if (gid != UINT32_MAX)
		inode->gid = gid;
	if (S_ISDIR(inode->mode))
		return 0;
	/* Without execution by the group the bit once meant locking. */
	if (inode->mode & S_IXGRP)
		inode->mode &= ~(uint32_t)S_ISGID;
	inode->mode &= ~(uint32_t)S_ISUID;
	return 0;
}

errcode_t edit_touch(struct tree *t, const char *path, struct timestamp time)
{
	struct tree_inode *inode;
	errcode_t err;

	err = find_inode(t, path, true, &inode);
	if (!err)
		stage_time(t, inode, time);
	return err;
}

/* Whether @inode may have an attribute of this name set, or taken away. */
static errcode_t check_xattr(const struct tree_inode *inode, const char *name,
			     bool take)
{
	bool folder = S_ISDIR(inode->mode);

	if (!folder && !S_ISREG(inode->mode) && !strncmp(name, "user.", 5))
		return EPERM;
	if (!folder && !take && !strcmp(name, default_acl))
		return EACCES;
	return 0;
}

/* Set the attribute, or with @take take it away. */
static errcode_t change_xattr(struct tree *t, const char *path,
			      const char *name, bool take, const void *value,
			      size_t len)
{
	struct xattr_builder b = { 0 };
	struct tree_inode *inode;
	uint32_t mode;
	errcode_t err;

	err = find_inode(t, path, true, &inode);
	if (!err)
		err = check_xattr(inode, name, take);
	if (err)
		return err;
	mode = inode->mode;
	err = xattr_builder_add_set(&b, inode->xattrs);
	if (!err && take)
		err = xattr_builder_remove(&b, name);
	else if (!err)
		err = xattr_builder_add(&b, name, value, len);
	if (err)
		goto out;
	if (!strcmp(name, access_acl))
		xattr_builder_settle(&b, &mode);
	err = tree_set_xattrs(t, inode, &b);
	if (!err)
		inode->mode = mode;
out:
	xattr_builder_release(&b);
	return err;
}

errcode_t edit_setxattr(struct tree *t, const char *path, const char *name,
			const void *value, size_t len)
{
	return change_xattr(t, path, name, false, value, len);
}

errcode_t edit_rmxattr(struct tree *t, const char *path, const char *name)
{
	return change_xattr(t, path, name, true, NULL, 0);
}

errcode_t edit_chattr(struct tree *t, const char *path, char op,
		      uint32_t flags)
{
	struct tree_inode *inode;
	errcode_t err;

	err = find_inode(t, path, false, &inode);
	if (err)
		return err;
	if (!S_ISREG(inode->mode) && !S_ISDIR(inode->mode))
		return EOPNOTSUPP;
	if (op == '-') {
		inode->fs_flags &= ~flags;
		return 0;
	}
	if (flags != stage_flags(inode->mode, flags))
		return EOPNOTSUPP;
	inode->fs_flags = op == '=' ? flags : inode->fs_flags | flags;
	return 0;
}
