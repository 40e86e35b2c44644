/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inner door of inline data: files whose bytes lie in the inode. */
#ifndef E4PACK_DELAY_DA_INLINE_H
#define E4PACK_DELAY_DA_INLINE_H

#include "delay/delayed_file.h"

/* Whether @f can have its bytes up to @end in the inode. */
bool inline_data_fits(const struct delay *d, const struct delayed_file *f,
		      uint64_t end);

/* Stage @range, for whose end inline_data_fits().  Return: 0 or ENOMEM with
 * nothing changed. */
errcode_t write_inline_data(struct delayed_file *f,
			    const struct content_range *range);

/* Set the size of a file in its inode.  Return: whether it can stay there;
 * else nothing is changed. */
bool inline_data_truncate(struct delayed_file *f, uint64_t size);

/* What to go back to. */
struct inline_state {
	bool in_inode, in_blocks;
};

static inline struct inline_state inline_data_state(
						const struct delayed_file *f)
{
	return (struct inline_state){ f->in_inode, f->in_blocks };
}

/* Undo da_convert_inline_data() after what it was for has failed. */
void unconvert_inline_data(struct delay *d, struct delayed_file *f,
			   struct inline_state was);

#endif
