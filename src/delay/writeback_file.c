// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writeback of one file on a live image: what fsync, sync and the dirty limit
 * do.
 *
 *				requests
 *	best fit		one for all delayed blocks of the file, though
 *				holes may lie between them
 *	as the kernel does	one for each run of blocks that become the
 *				same, at most 2048 blocks
 *
 * i_disksize follows up to the first block that is delayed still: all of
 * i_size, unless a request failed.
 */
#include "delay/writeback.h"

#include "base/errors.h"
#include "delay/da_map.h"

enum { KERNEL_BLOCKS = 2048 };	/* of one request at most */

static void update_disksize(const struct delay *d, struct delayed_file *f)
{
	uint64_t placed = f->size;
	struct es_extent e;

	if (f->es.delayed && es_next_extent(&f->es, ES_DELAYED, 0, &e) &&
	    (uint64_t)e.lblk << d->block_bits < placed)
		placed = (uint64_t)e.lblk << d->block_bits;
	if (f->disksize < placed)
		f->disksize = placed;
}

errcode_t writeback_file(struct delay *d, struct delayed_file *f)
{
	const struct da_how how = {
		.max = d->kernel_requests ? KERNEL_BLOCKS : 0,
		.whole_file = !d->kernel_requests,
	};
	errcode_t err;

	err = da_allocate_range(d, f, 0, ES_MAX_BLOCKS - 1, &how);
	update_disksize(d, f);
	if (!err && (f->reserved || !RB_EMPTY(&f->pending.clusters)))
		err = E4PACK_ET_BUG;
	delayed_file_check(d, f);
	return err;
}
