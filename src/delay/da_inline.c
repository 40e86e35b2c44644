// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inline data: a small file has its bytes in the inode, no block and no
 * reservation.  Its content is staged as any other; only the ES tree stays
 * empty.
 *
 *	new		size any, nothing written	may become either
 *	in_inode	size <= max, blocks 0		until it is converted
 *	in_blocks	as without inline data		for good
 *
 *			new			in_inode
 *	write to e	e, size <= max: in_inode	e <= max: stays
 *			else in_blocks			else converted
 *	truncate to n	stays			n <= MAX(60, size): stays
 *						else converted
 *	fallocate	in_blocks			converted
 *	punch		in_blocks			converted
 *
 * To convert is to make block 0 delayed, with the bytes that there are: one
 * reservation, which can be refused, and then nothing has changed.  What is
 * not a write does not delay: on a live image the block is allocated at once.
 * A file that shrinks again stays in blocks, and one of size 0 in the inode.
 *
 * All this is what the kernel does, with two differences.  It keeps a file
 * that truncate made larger than max in the inode if what is written then is
 * not: here the size never goes past what the inode has.  And max is
 * what an inode has without other attributes: those share the room in the
 * order of their coming there, here they go to a block if they must, which
 * inodes with the same ones share.  Only when a file is planned are all of
 * them known; if they have no place then, it is converted there.
 */
#include "delay/da_inline.h"

#include "delay/da_map.h"

enum { HEAD = 60 };	/* bytes that i_block has for any file */

bool inline_data_fits(const struct delay *d, const struct delayed_file *f,
		      uint64_t end)
{
	return !f->in_blocks && !f->on_disk && end <= d->inline_max &&
	       f->size <= d->inline_max;
}

errcode_t write_inline_data(struct delayed_file *f,
			    const struct content_range *range)
{
	uint64_t end = range->offset + range->len;
	errcode_t err = content_set(&f->content, range);

	if (err)
		return err;
	f->in_inode = true;
	if (f->size < end)
		f->size = end;
	f->disksize = f->size;
	return 0;
}

bool inline_data_truncate(struct delayed_file *f, uint64_t size)
{
	if (!f->in_inode || (size > HEAD && size > f->size))
		return false;
	content_truncate(&f->content, size);
	f->size = size;
	f->disksize = size;
	return true;
}

/* Have bytes in block 0, so that it becomes written. */
static errcode_t touch_block(struct delay *d, struct delayed_file *f)
{
	const struct content_range zeros = {
		.len = UINT64_C(1) << d->block_bits
	};
	uint32_t next;

	if (content_touches(&f->content, d->block_bits, 0, 1, &next))
		return 0;
	return content_set(&f->content, &zeros);
}

/* Take block 0 back.  Without memory it stays, with its account in order. */
static void unconvert(struct delay *d, struct delayed_file *f,
		      struct inline_state was, struct da_untold *untold)
{
	if (was.in_inode && da_remove_blocks(d, f, 0, 1, untold))
		return;
	f->in_inode = was.in_inode;
	f->in_blocks = was.in_blocks;
}

errcode_t da_convert_inline_data(struct delay *d, struct delayed_file *f,
				 bool now)
{
	const struct es_extent first = { 0, 1, 0, ES_DELAYED };
	struct da_untold promise = { .pieces = &first, .n = 1 };
	struct da_untold *untold = now && delay_is_live(d) ? &promise : NULL;
	const struct da_how how = { .max = 1, .untold = untold };
	struct da_map map = { .untold = untold, .lblk = 0, .len = 1 };
	struct inline_state was = inline_data_state(f);
	errcode_t err = 0;

	if (was.in_inode)
		err = touch_block(d, f);
	if (!err && was.in_inode)
		err = da_map_blocks(d, f, &map);
	if (err)
		return err;
	f->in_inode = false;
	f->in_blocks = true;
	if (was.in_inode && untold)
		err = da_allocate_range(d, f, 0, 0, &how);
	if (err)
		unconvert(d, f, was, untold);
	return err;
}

void unconvert_inline_data(struct delay *d, struct delayed_file *f,
			   struct inline_state was)
{
	unconvert(d, f, was, NULL);
}
