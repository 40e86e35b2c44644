/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inode tables of a new image, with the mapping and attribute blocks
 * that the inodes point to. */
#ifndef E4PACK_PACK_INODE_TABLE_H
#define E4PACK_PACK_INODE_TABLE_H

#include "pack/plan.h"

struct inode_table_result {
	uint32_t *dirs;		/* folders per group */
	uint8_t *in_use;	/* a bit for each number from 1 to last_ino */
	uint8_t journal_i_block[60];	/* of the journal's inode */
};

/* Write every inode in use, ascending, and what it points to.  @zeroed: what
 * is not written reads as zero already.  Whatever is returned, @r is to
 * inode_table_result_release(). */
errcode_t inode_table_write(struct plan *p, const struct blockio *io,
			    bool zeroed, struct inode_table_result *r);

void inode_table_result_release(struct inode_table_result *r);

#endif
