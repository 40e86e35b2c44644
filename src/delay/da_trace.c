// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the trace points of this room say.  They stand where the kernel has
 * them, and say what the kernel would of the same step; what is not done here
 * is not told.  So a new file, of which no map on disk could know anything,
 * is never seen to be asked for, and delayed blocks become written in one
 * step, as in the kernel without dioread_nolock.
 */
#include "delay/da_trace.h"

#include <errno.h>

#include "alloc/mballoc.h"
#include "base/errors.h"
#include "delay/da_map.h"

_Static_assert((int)ES_WRITTEN == (int)TRACE_ES_WRITTEN &&
	       (int)ES_UNWRITTEN == (int)TRACE_ES_UNWRITTEN &&
	       (int)ES_DELAYED == (int)TRACE_ES_DELAYED &&
	       (int)ES_HOLE == (int)TRACE_ES_HOLE &&
	       (int)ES_REFERENCED == (int)TRACE_ES_REFERENCED,
	       "the trace writes the bits as they are");

enum { SECTOR_BITS = 9, PAGE_BITS = 12, SYNC_ALL = 1 };

static struct delayed_identity identity(const struct delay *d,
					const struct delayed_file *f)
{
	struct delayed_identity id = { 0, 0 };

	if (d->identify)
		d->identify(f, &id);
	return id;
}

uint32_t da_trace_ino(const struct delay *d, const struct delayed_file *f)
{
	return identity(d, f).ino;
}

uint32_t da_trace_mode(const struct delay *d, const struct delayed_file *f)
{
	return identity(d, f).mode;
}

uint64_t da_trace_sectors(const struct delay *d, const struct delayed_file *f)
{
	return (uint64_t)f->allocated <<
	       (d->cluster_bits + d->block_bits - SECTOR_BITS);
}

int da_trace_return(errcode_t err)
{
	if (err == E4PACK_ET_NO_SPACE)
		return -ENOSPC;
	return err < 256 ? -(int)err : -EIO;
}

void da_trace_es(const struct delay *d, const struct delayed_file *f,
		 enum trace_event event, const struct es_extent *e)
{
	static const struct es_extent none;

	if (!e)
		e = &none;
	DA_TRACE(d, f, event, e->lblk, e->len, e->pblk, e->status);
}

void da_trace_converted(const struct delay *d, const struct delayed_file *f,
			const struct es_extent *e)
{
	uint32_t flags = TRACE_MAP_CREATE | TRACE_MAP_UNWRITTEN |
			 TRACE_MAP_CONVERT | TRACE_MAP_IO_SUBMIT |
			 TRACE_MAP_EX_NOCACHE;

	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_ENTER, e->lblk, e->len, flags);
	DA_TRACE(d, f, TRACE_EXT_HANDLE_UNWRITTEN_EXTENTS, e->lblk, e->pblk,
		 e->len, flags | TRACE_MAP_METADATA_NOFAIL, e->len, e->pblk);
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_EXIT, flags, e->lblk, e->pblk,
		 e->len, TRACE_MAPPED_MAPPED, e->len);
	da_trace_es(d, f, TRACE_ES_INSERT_EXTENT, e);
}

void da_trace_lookup(const struct delay *d, const struct delayed_file *f,
		     const struct es_extent *e)
{
	if (e)
		DA_TRACE(d, f, TRACE_ES_LOOKUP_EXTENT_EXIT, 1, e->lblk, e->len,
			 e->pblk, e->status);
	else
		DA_TRACE(d, f, TRACE_ES_LOOKUP_EXTENT_EXIT, 0, 0, 0, 0, 0);
}

void da_trace_space(const struct delay *d, const struct delayed_file *f,
		    enum trace_event event, uint32_t n, uint32_t reserved)
{
	uint64_t sectors = da_trace_sectors(d, f);
	uint32_t mode = da_trace_mode(d, f);

	if (event == TRACE_DA_UPDATE_RESERVE_SPACE)
		DA_TRACE(d, f, event, mode, sectors, n, reserved, 1);
	else
		DA_TRACE(d, f, event, mode, sectors, n, reserved);
}

/* The first piece that ends behind @lblk. */
static size_t first_piece(const struct da_untold *u, uint32_t lblk)
{
	size_t low = 0, high = u->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct es_extent *p = &u->pieces[middle];

		if (p->lblk + p->len <= lblk)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t da_untold_in(const struct da_untold *untold,
		      const struct es_extent *e, uint32_t cluster_bits)
{
	uint64_t next = 0;
	uint32_t n = 0;
	size_t i = untold ? first_piece(untold, e->lblk) : 0;

	for (; untold && i < untold->n; i++) {
		const struct es_extent *p = &untold->pieces[i];
		uint64_t from = p->lblk > e->lblk ? p->lblk : e->lblk;
		uint64_t to = (uint64_t)p->lblk + p->len;

		if (to > (uint64_t)e->lblk + e->len)
			to = (uint64_t)e->lblk + e->len;
		if (from >= to)
			break;
		from >>= cluster_bits;
		if (from < next)
			from = next;
		next = ((to - 1) >> cluster_bits) + 1;
		n += next - from;
	}
	return n;
}

void da_trace_promise(const struct delay *d, const struct delayed_file *f,
		      enum trace_event event, uint32_t n, uint32_t most,
		      struct da_untold *untold)
{
	uint32_t hidden = untold ? untold->clusters : 0, quiet = hidden;

	if (quiet > most)
		quiet = most;
	if (quiet > n)
		quiet = n;
	if (n > quiet)
		da_trace_space(d, f, event, n - quiet, f->es.reserved - hidden);
	if (untold)
		untold->clusters -= quiet;
}

void da_trace_writepages(const struct delay *d, const struct delayed_file *f)
{
	DA_TRACE(d, f, TRACE_WRITEPAGES, INT64_MAX, 0, 0, INT64_MAX, SYNC_ALL,
		 0, 0, 0);
}

void da_trace_writepages_result(const struct delay *d,
				const struct delayed_file *f,
				const struct da_pages *pages, errcode_t err)
{
	DA_TRACE(d, f, TRACE_WRITEPAGES_RESULT, da_trace_return(err),
		 pages->written, 0, SYNC_ALL, pages->next);
}

void da_trace_folios_start(const struct delay *d,
			   const struct delayed_file *f,
			   const struct da_pages *pages, uint32_t lblk,
			   uint64_t len)
{
	uint64_t page = (uint64_t)lblk << d->block_bits >> PAGE_BITS;

	DA_TRACE(d, f, TRACE_DA_WRITE_FOLIOS_START, page << PAGE_BITS,
		 (page + 1) << PAGE_BITS, INT64_MAX - pages->written,
		 SYNC_ALL);
	DA_TRACE(d, f, TRACE_DA_WRITE_PAGES_EXTENT, lblk, len,
		 TRACE_MAPPED_DELAYED);
}

void da_trace_folios_end(const struct delay *d, const struct delayed_file *f,
			 const struct da_pages *pages, errcode_t err)
{
	uint64_t pos = pages->next << PAGE_BITS;

	DA_TRACE(d, f, TRACE_DA_WRITE_FOLIOS_END, pos, pos,
		 INT64_MAX - pages->written, da_trace_return(err));
}

void da_pages_add(struct da_pages *pages, const struct delay *d,
		  const struct es_extent *e)
{
	uint64_t pos = (uint64_t)e->lblk << d->block_bits;
	uint64_t last = pos + ((uint64_t)e->len << d->block_bits) - 1;
	uint64_t first = pos >> PAGE_BITS;

	/* Blocks of one page may be counted one after another. */
	if (first < pages->next)
		first = pages->next;
	pages->next = (last >> PAGE_BITS) + 1;
	pages->written += pages->next - first;
}

static void tell_enter(const struct delay *d, const struct delayed_file *f,
		       const struct da_request *req, uint64_t asked,
		       uint32_t flags)
{
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_ENTER, req->lblk, asked, flags);
}

static void tell_cluster(const struct delay *d, uint32_t lblk, uint64_t pblk,
			 uint64_t len)
{
	TRACE(d->trace, TRACE_GET_IMPLIED_CLUSTER_ALLOC_EXIT, lblk, pblk, len,
	      0, pblk != 0);
}

static bool inside_cluster(const struct delay *d, uint32_t lblk)
{
	return lblk & ((UINT32_C(1) << d->cluster_bits) - 1);
}

/* The kernel looks at the extent on the left, or at the first one, for a
 * block inside a cluster; then at the one on the right for any. */
void da_trace_map(const struct delay *d, const struct delayed_file *f,
		  const struct da_request *req, uint64_t asked,
		  uint32_t flags)
{
	tell_enter(d, f, req, asked, flags);
	if (inside_cluster(d, req->lblk) && (req->pleft || req->pright))
		tell_cluster(d, req->lblk, 0, asked);
	if (d->cluster_bits && req->pright)
		tell_cluster(d, req->lblk, 0, asked);
}

void da_trace_implied(const struct delay *d, const struct delayed_file *f,
		      const struct da_request *req, uint64_t asked,
		      uint32_t flags)
{
	uint32_t bits = d->cluster_bits;
	bool left = req->pleft && req->lleft >> bits == req->lblk >> bits;
	uint64_t pblk = left ? req->pleft + (req->lblk - req->lleft) :
			req->pright - (req->lright - req->lblk);

	tell_enter(d, f, req, asked, flags);
	if (!left && req->pleft && inside_cluster(d, req->lblk))
		tell_cluster(d, req->lblk, 0, asked);
	tell_cluster(d, req->lblk, pblk, req->len);
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_EXIT, flags, req->lblk, pblk,
		 req->len, TRACE_MAPPED_NEW | TRACE_MAPPED_MAPPED |
		 (flags & TRACE_MAP_UNWRITTEN ? TRACE_MAPPED_UNWRITTEN : 0),
		 req->len);
}

void da_trace_mapped(const struct delay *d, const struct delayed_file *f,
		     const struct da_request *req, uint32_t flags,
		     const struct run_list *runs, errcode_t err)
{
	uint32_t skip = req->lblk & ((UINT32_C(1) << d->cluster_bits) - 1);
	uint64_t len = 0;
	size_t i;

	if (err) {
		DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_EXIT, flags, req->lblk, 0,
			 req->len, 0, da_trace_return(err));
		return;
	}
	for (i = 0; i < runs->n; i++)
		len += runs->runs[i].len;
	len -= skip;
	if (len > req->len)
		len = req->len;
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_EXIT, flags, req->lblk,
		 runs->runs[0].start + skip, len,
		 TRACE_MAPPED_NEW | TRACE_MAPPED_MAPPED |
		 (flags & TRACE_MAP_UNWRITTEN ? TRACE_MAPPED_UNWRITTEN : 0),
		 len);
}
