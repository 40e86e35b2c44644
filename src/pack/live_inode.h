/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of a live image: the numbers of inodes, and what each is promised. */
#ifndef E4PACK_PACK_LIVE_INODE_H
#define E4PACK_PACK_LIVE_INODE_H

#include "pack/live.h"

/* live_settle() without regard to the dirty limit. */
errcode_t live_inodes_settle(struct live *l);

/* Give @inode, made in folder @dir (NULL: nobody knows), a number, if it has
 * none.  Return: 0, ENOMEM, or E4PACK_ET_NO_INODES. */
errcode_t live_number(struct live *l, struct tree_inode *inode,
		      const struct tree_inode *dir);

/* Note that @inode is taken out of the list of dirty files. */
void live_inode_clean(struct live *l, const struct tree_inode *inode);

#endif
