/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits of a staged tree by path, which behave as the system calls of the
 * same names do for root.  Paths have the form of entry.path; links on the
 * way are followed inside the tree, 40 in all; a link that is the last
 * component is followed where it says so.
 *
 * Nothing is reported: who runs a script knows its line.  Besides what each
 * one names, every edit may give ENOENT (also for a link that leads nowhere),
 * ENOTDIR, ELOOP and ENAMETOOLONG of its path, and ENOMEM; the tree is as it
 * was then, but for folders that "parents" made.
 *
 * A new inode inherits nothing of its folder (no group, no ACL), and the
 * flags of an inode (immutable, append only) forbid nothing here.
 */
#ifndef E4PACK_TREE_EDIT_H
#define E4PACK_TREE_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/timestamp.h"
#include "tree/tree.h"

/* What a new inode gets. */
struct edit_attributes {
	uint32_t mode;		/* permissions, up to 07777 */
	uint32_t uid, gid;
	struct timestamp time;	/* mtime, and others as the tree's options
				 * have them */
};

/* Find what has the name @path; @follow: a link that is the last component
 * is followed. */
errcode_t edit_lookup(struct tree *t, const char *path, bool follow,
		      struct node **ret);

/*
 * The edits that make something need a source to be begun
 * (E4PACK_ET_SEQUENCE), give EINVAL for an owner of -1 and, but for
 * edit_create(), EEXIST where the name is taken.
 */

/* Make a regular file, or find the one that is there, whose attributes then
 * stay, to change its content; a final link is followed.
 * Return: also EISDIR, and EINVAL for another kind of inode. */
errcode_t edit_create(struct tree *t, const char *path,
		      const struct edit_attributes *a, struct node **ret);

/* As edit_create(), for a file that has to be there. */
errcode_t edit_open(struct tree *t, const char *path, struct node **ret);

/* Make a folder.  @parents: also those above it, with the same attributes,
 * and a folder that is there, or a link to one, is no error. */
errcode_t edit_mkdir(struct tree *t, const char *path, bool parents,
		     const struct edit_attributes *a);

/* Make a symbolic link; its mode is 0777 whatever @a says.
 * Return: also ENOENT for an empty target, ENAMETOOLONG. */
errcode_t edit_symlink(struct tree *t, const char *target, const char *path,
		       const struct edit_attributes *a);

/* Make a device node, FIFO or socket; @type is its S_IFMT.
 * Return: also EINVAL for another type or a number out of range. */
errcode_t edit_mknod(struct tree *t, const char *path, uint32_t type,
		     uint32_t major, uint32_t minor,
		     const struct edit_attributes *a);

/* Give the inode of @old, itself if it is a link, a further name.
 * Return: also EPERM for a folder, EMLINK over FORMAT_LINK_MAX names. */
errcode_t edit_link(struct tree *t, const char *old, const char *new);

/* Move a name, in place of what @new names; two names of one inode both stay.
 * Return: also EBUSY for the root; EPERM for lost+found; EINVAL for a folder
 * into itself; EISDIR; ENOTDIR; ENOTEMPTY. */
errcode_t edit_rename(struct tree *t, const char *old, const char *new);

/* Take a name away, and with the last one the file.  Return: also EISDIR. */
errcode_t edit_unlink(struct tree *t, const char *path);

/* Take an empty folder away.  Return: also EBUSY for the root; EPERM for
 * lost+found; ENOTDIR; ENOTEMPTY. */
errcode_t edit_rmdir(struct tree *t, const char *path);

/* Take a name away with all that is below it.
 * Return: also EBUSY for the root; EPERM for lost+found. */
errcode_t edit_remove_tree(struct tree *t, const char *path);

/* Each of these follows a link that is the last component, but edit_chattr(),
 * which gives EOPNOTSUPP for whatever is neither file nor folder. */

/* Set the permissions, up to 07777; an access ACL goes with them. */
errcode_t edit_chmod(struct tree *t, const char *path, uint32_t mode);

/* Set the owner, UINT32_MAX: leave it; set-user-ID goes where it is no
 * folder, as does set-group-ID if the group may execute. */
errcode_t edit_chown(struct tree *t, const char *path, uint32_t uid,
		     uint32_t gid);

/* Set the times to those of something whose mtime is @time. */
errcode_t edit_touch(struct tree *t, const char *path, struct timestamp time);

/* Set an attribute "user.name"; the permissions go with an access ACL.
 * Return: also what xattr_builder_add() gives; EPERM for user. on what is
 * neither file nor folder; EACCES for a default ACL on what is no folder. */
errcode_t edit_setxattr(struct tree *t, const char *path, const char *name,
			const void *value, size_t len);

/* Take an attribute away.  Return: also ENODATA; E4PACK_ET_UNSUPPORTED or
 * E4PACK_ET_BAD_ENTRY for a name that none can have. */
errcode_t edit_rmxattr(struct tree *t, const char *path, const char *name);

/* Add (@op '+'), take away ('-') or set ('=') FS_*_FL flags.
 * Return: also EOPNOTSUPP for flags to set that the inode cannot keep. */
errcode_t edit_chattr(struct tree *t, const char *path, char op,
		      uint32_t flags);

#endif
