/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of an image, changed where it lies: names are taken out of their
 * block, and put into a block that has room.  Where none has, the folder is
 * to be built anew, see dirblock.h.
 */
#ifndef E4PACK_IMAGE_DIR_EDIT_H
#define E4PACK_IMAGE_DIR_EDIT_H

#include "image/changes.h"
#include "image/dirblock.h"
#include "image/read_inode.h"

/* One folder, of blocks; not for inline data. */
struct dir_edit {
	struct changes *changes;
	struct inode_info inode;
	struct extent *extents;	/* where its blocks lie, ascending */
	size_t n, cap;
	uint32_t blocks;	/* that its size covers */
};

/* Begin with the folder @inode as it is on disk.  Reports.
 * Return: 0 with @d to dir_edit_release(); ENOMEM; E4PACK_ET_BAD_IMAGE; or as
 * read_map(). */
errcode_t dir_edit_init(struct dir_edit *d, struct changes *changes,
			const struct inode_info *inode);
void dir_edit_release(struct dir_edit *d);

/* Find the inode that has a name; *@ino 0 for none.  Reports. */
errcode_t dir_edit_find(struct dir_edit *d, const char *name, size_t len,
			uint32_t *ino);

/* Take a name out.  Reports; E4PACK_ET_BAD_IMAGE if it is not there. */
errcode_t dir_edit_remove(struct dir_edit *d, const char *name, size_t len);

/* Put a name, which is not there, in; *@done false where there is no room for
 * it.  Reports. */
errcode_t dir_edit_add(struct dir_edit *d, const struct dir_name *name,
		       bool *done);

/* Let ".." be inode @ino.  Reports. */
errcode_t dir_edit_set_parent(struct dir_edit *d, uint32_t ino);

#endif
