/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an entry says of an inode, brought into the inode: attributes,
 * symlink target, device number, content. */
#ifndef E4PACK_TREE_STAGE_H
#define E4PACK_TREE_STAGE_H

#include "source/entry.h"
#include "tree/tree.h"

/* Attributes that may be refused, settled before anything is changed. */
struct stage_attributes {
	struct xattr_set *xattrs;	/* interned */
	uint32_t fs_flags;
};

/* Return: the most bytes that the target of a symbolic link may have. */
size_t stage_target_max(const struct tree *t);

/* Whether a device node can have these numbers. */
bool stage_device_fits(uint32_t major, uint32_t minor);

/* Whether an inode can have this owner. */
bool stage_owner_fits(uint32_t uid, uint32_t gid);

/* Return: what of the FS_*_FL in @flags an inode of @mode can keep. */
uint32_t stage_flags(uint32_t mode, uint32_t flags);

/* Give @inode the times of something whose mtime is @time and of which no
 * other time is known. */
void stage_time(const struct tree *t, struct tree_inode *inode,
		struct timestamp time);

/* Copy @target, of at most stage_target_max() bytes, into @inode, a symbolic
 * link.  Return: 0 or ENOMEM. */
errcode_t stage_target(struct tree *t, struct tree_inode *inode,
		       const char *target);

/* Check that @e is something an image can hold.  Reports.
 * Return: 0, E4PACK_ET_BAD_ENTRY or E4PACK_ET_TOO_BIG. */
errcode_t stage_check(const struct tree *t, const struct entry *e);

/* Settle the attributes of @e.  Reports.
 * Return: 0, ENOMEM, E4PACK_ET_BAD_ENTRY, E4PACK_ET_TOO_BIG, or
 * E4PACK_ET_STRICT where one would have to be left out. */
errcode_t stage_prepare(struct tree *t, const struct entry *e,
			struct stage_attributes *attrs);

/* Give @inode mode, owner, times and the rest of the attributes of @e. */
void stage_apply(struct tree *t, struct tree_inode *inode,
		 const struct entry *e, const struct stage_attributes *attrs);

/* Replace the content of a regular file by that of @e.  Reports.
 * Return: 0, ENOMEM, EFBIG or E4PACK_ET_NO_SPACE. */
errcode_t stage_content(struct tree *t, struct tree_inode *inode,
			const struct entry *e);

/* The same without a report, for callers with a better subject than e->path. */
errcode_t stage_fill(struct tree *t, struct tree_inode *inode,
		     const struct entry *e);

/* Make an inode from @e, to be named in @dir; inode_drop() it if it gets none.
 * Reports.  Return: as stage_content(). */
errcode_t stage_inode(struct tree *t, const struct node *dir,
		      const struct entry *e,
		      const struct stage_attributes *attrs,
		      struct tree_inode **ret);

/* Make a copy of @from, to be named in @dir, that shares where the bytes are.
 * Reports with @subject.  Return: as stage_content(). */
errcode_t stage_copy(struct tree *t, const struct node *dir,
		     const char *subject, const struct tree_inode *from,
		     struct tree_inode **ret);

#endif
