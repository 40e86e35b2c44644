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
#include "delay/da_trace.h"

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
	struct da_pages pages = { 0, 0 };
	const struct da_how how = {
		.max = d->kernel_requests ? KERNEL_BLOCKS : 0,
		.whole_file = !d->kernel_requests,
		.map_flags = TRACE_MAP_CREATE | TRACE_MAP_DELALLOC |
			     TRACE_MAP_METADATA_NOFAIL | TRACE_MAP_IO_SUBMIT |
			     TRACE_MAP_EX_NOCACHE,
		.pages = &pages,
	};
	errcode_t err;

	if (trace_on(d->trace))
		da_trace_writepages(d, f);
	err = da_allocate_range(d, f, 0, ES_MAX_BLOCKS - 1, &how);
	if (trace_on(d->trace))
		da_trace_writepages_result(d, f, &pages, err);
	update_disksize(d, f);
	if (!err && (f->es.reserved || !RB_EMPTY(&f->pending.clusters)))
		err = E4PACK_ET_BUG;
	delayed_file_check(d, f);
	return err;
}

errcode_t writeback_sync_file(struct delay *d, struct delayed_file *f,
			      uint32_t parent)
{
	errcode_t err = 0;

	DA_TRACE(d, f, TRACE_SYNC_FILE_ENTER, parent, 0);
	if (delayed_file_delayed_blocks(f))
		err = writeback_file(d, f);
	DA_TRACE(d, f, TRACE_SYNC_FILE_EXIT, da_trace_return(err));
	return err;
}
