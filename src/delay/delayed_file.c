// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files in the buffer: their lives, truncating and punching.
 *
 * What is kept: the content touches a block only if that is delayed or
 * written, and a delayed block that was written to is touched by it.  Bytes
 * that go out of such a block, with the block staying, may have been all
 * that it held: staged zeros take their place.
 *
 *	block kept is	in memory only		with a map on disk
 *	delayed		zeros if touched	zeros if touched
 *	written		nothing reads as zero	zeros
 *	unwritten, hole	nothing			nothing
 */
#include "delay/delayed_file.h"

#include <assert.h>
#include <errno.h>

#include "base/errors.h"
#include "base/number.h"
#include "delay/da_inline.h"
#include "delay/da_map.h"
#include "delay/da_trace.h"

enum { SHRINK_BATCH = 128 };	/* nodes looked at in one go */

/* Nodes of 48 bytes.  Few of them in builds that check, so that every test
 * has some dropped. */
#ifdef ENABLE_VERIFY
enum { ES_CAP = 16 };
#else
enum { ES_CAP = 131072 };
#endif

void delay_init(struct delay *d, uint32_t block_bits, uint32_t cluster_bits)
{
	*d = (struct delay){ .block_bits = block_bits,
			     .cluster_bits = cluster_bits,
			     .es_cap = ES_CAP };
	es_stats_init(&d->es_stats);
}

void delay_release(struct delay *d)
{
	es_stats_release(&d->es_stats);
}

bool delay_is_live(const struct delay *d)
{
	return d->ops && d->ops->allocate;
}

uint64_t delay_dirty_blocks(const struct delay *d)
{
	return d->reserve.dirty << d->cluster_bits;
}

void delayed_file_init(struct delayed_file *f)
{
	*f = (struct delayed_file){ .size = 0 };
	es_tree_init(&f->es);
	content_init(&f->content);
	pending_init(&f->pending);
}

void delayed_file_release(struct delayed_file *f, struct delay *d)
{
	if (f->es.all)
		DA_TRACE(d, f, TRACE_ES_REMOVE_EXTENT, 0, ES_MAX_BLOCKS);
	da_release_space(d, f, f->es.reserved, NULL);
	pending_release(&f->pending, &d->es_stats);
	es_tree_release(&f->es, &d->es_stats);
	content_release(&f->content);
	delayed_file_init(f);
}

errcode_t delayed_file_load(struct delayed_file *f, struct delay *d)
{
	uint32_t lblk = 0;
	errcode_t err = 0;

	/* Its blocks may come from disk alone, with none ever delayed. */
	f->block_bits = d->block_bits;
	f->cluster_bits = d->cluster_bits;
	if (!f->on_disk || f->loaded)
		return 0;
	f->loaded = true;
	es_unlist(&f->es, &d->es_stats);
	while (!err && lblk < ES_MAX_BLOCKS) {
		struct da_map map = { .lblk = lblk,
				      .len = ES_MAX_BLOCKS - lblk };

		err = da_look_up(d, f, &map);
		/* A cache may do without memory, this may not. */
		if (!err && (map.status & ES_MAPPED) &&
		    !es_scan_range(&f->es, ES_MAPPED, lblk, lblk))
			err = ENOMEM;
		lblk += map.len;
	}
	if (err)
		delayed_file_unload(f, d);
	return err;
}

void delayed_file_unload(struct delayed_file *f, struct delay *d)
{
	if (!f->loaded || f->pinned)
		return;
	f->loaded = false;
	es_list(&f->es, &d->es_stats);
	da_shrink(d);
}

void delayed_file_delete(struct delayed_file *f, struct delay *d)
{
	da_free_blocks(d, f);
	delayed_file_release(f, d);
}

uint64_t delayed_file_seq(const struct delayed_file *f)
{
	return f->es.seq;
}

errcode_t delayed_file_check_seq(const struct delayed_file *f, uint64_t seq)
{
	return f->es.seq == seq ? 0 : E4PACK_ET_STALE;
}

uint32_t delay_shrink(struct delay *d, uint32_t n)
{
	uint32_t dropped;

	TRACE(d->trace, TRACE_ES_SHRINK_SCAN_ENTER, n,
	      d->es_stats.reclaimable);
	dropped = es_shrink(&d->es_stats, n);
	TRACE(d->trace, TRACE_ES_SHRINK, dropped, 0, 0, 0);
	TRACE(d->trace, TRACE_ES_SHRINK_SCAN_EXIT, dropped,
	      d->es_stats.reclaimable);
	return dropped;
}

void da_shrink(struct delay *d)
{
	/* An eighth less, so that not every look-up has to go around. */
	uint64_t goal = d->es_cap - d->es_cap / 8;

	if (!d->es_cap || d->es_stats.reclaimable <= d->es_cap)
		return;
	while (d->es_stats.reclaimable > goal)
		delay_shrink(d, SHRINK_BATCH);
}

uint64_t delayed_file_delayed_blocks(const struct delayed_file *f)
{
	return f->es.delayed;
}

/* Clusters that hold a block with a status in @match. */
static uint64_t count_clusters(const struct delayed_file *f, uint32_t match)
{
	uint64_t n = 0, next = 0;
	struct es_node *at = NULL;
	struct es_extent e;
	uint32_t lblk = 0;

	while (es_walk(&f->es, &at, match, lblk, &e)) {
		uint64_t first = e.lblk >> f->cluster_bits;
		uint64_t last = (e.lblk + e.len - 1) >> f->cluster_bits;

		if (first < next)
			first = next;
		n += last + 1 - first;
		next = last + 1;
		lblk = e.lblk + e.len;
	}
	return n;
}

uint64_t delayed_file_blocks(const struct delayed_file *f)
{
	uint64_t blocks = f->es.delayed;
	struct es_node *at = NULL;
	struct es_extent e;
	uint32_t lblk = 0;

	/* Nothing but delayed blocks: nothing to look for. */
	if (!f->es.reclaimable)
		return blocks;
	while (es_walk(&f->es, &at, ES_MAPPED, lblk, &e)) {
		blocks += e.len;
		lblk = e.lblk + e.len;
	}
	return blocks;
}

uint64_t delayed_file_space(const struct delayed_file *f)
{
	if (!f->cluster_bits)
		return delayed_file_blocks(f);
	return count_clusters(f, ES_MAPPED | ES_DELAYED) << f->cluster_bits;
}

uint64_t delayed_file_wanted_blocks(const struct delayed_file *f)
{
	return (uint64_t)f->es.reserved << f->cluster_bits;
}

/* Find out whether zeros must be staged where bytes of block @lblk go. */
static errcode_t needs_zeros(struct delay *d, struct delayed_file *f,
			     uint32_t lblk, bool *zeros)
{
	struct da_map map = { .lblk = lblk, .len = 1 };
	uint32_t next;
	errcode_t err;

	err = da_look_up(d, f, &map);
	if (err)
		return err;
	if (map.status == ES_DELAYED)
		*zeros = content_touches(&f->content, d->block_bits, lblk,
					 lblk + 1, &next);
	else
		*zeros = map.status == ES_WRITTEN && f->on_disk;
	return 0;
}

/* Find the parts of [@pos, @end) at its begin and its end that lie in blocks
 * which stay, and must become zeros. */
static errcode_t find_edges(struct delay *d, struct delayed_file *f,
			    uint64_t pos, uint64_t end, uint64_t *head,
			    uint64_t *tail)
{
	uint64_t block = UINT64_C(1) << d->block_bits;
	uint64_t first = div_round_up(pos, block) * block;
	uint64_t last = end / block * block;
	bool zeros = false;
	errcode_t err = 0;

	*head = *tail = 0;
	if (first != pos)
		err = needs_zeros(d, f, pos / block, &zeros);
	if (zeros)
		*head = (first < end ? first : end) - pos;
	zeros = false;
	if (!err && last != end && last >= first)
		err = needs_zeros(d, f, last / block, &zeros);
	if (zeros)
		*tail = end - last;
	return err;
}

/* Find out whether @f has blocks from @lblk on. */
static errcode_t has_blocks_from(struct delay *d, struct delayed_file *f,
				 uint32_t lblk, bool *has)
{
	errcode_t err = 0;

	*has = false;
	while (!err && !*has && lblk < ES_MAX_BLOCKS) {
		struct da_map map = { .lblk = lblk,
				      .len = ES_MAX_BLOCKS - lblk };

		err = da_look_up(d, f, &map);
		*has = !err && map.status != ES_HOLE;
		lblk += map.len;
	}
	return err;
}

errcode_t da_truncate(struct delay *d, struct delayed_file *f, uint64_t size)
{
	uint64_t first = div_round_up(size, UINT64_C(1) << d->block_bits);
	uint64_t end = first << d->block_bits, head = 0, tail;
	bool shrinks = size < f->size;
	errcode_t err = 0;

	if (first > ES_MAX_BLOCKS)
		return EFBIG;
	if (inline_data_truncate(f, size))
		return 0;
	if (f->in_inode)
		err = da_convert_inline_data(d, f, true);
	/* With the same size, what was allocated past the end goes. */
	if (!err && size == f->size)
		err = has_blocks_from(d, f, first, &shrinks);
	if (!err && shrinks)
		DA_TRACE(d, f, TRACE_TRUNCATE_ENTER, da_trace_sectors(d, f));
	if (!err && shrinks)
		err = find_edges(d, f, size, end, &head, &tail);
	if (!err && head)
		err = content_prepare(&f->content);
	if (!err && shrinks && first < ES_MAX_BLOCKS)
		err = da_remove_blocks(d, f, first, ES_MAX_BLOCKS - first,
				       NULL);
	if (!err && shrinks)
		content_truncate(&f->content, size);
	if (!err && head)
		err = content_punch(&f->content, size, head, head, 0);
	if (shrinks)
		DA_TRACE(d, f, TRACE_TRUNCATE_EXIT, da_trace_sectors(d, f));
	if (err)
		return err;
	f->size = size;
	f->disksize = size;
	delayed_file_check(d, f);
	return 0;
}

errcode_t da_punch(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len)
{
	uint64_t block = UINT64_C(1) << d->block_bits;
	uint64_t first = div_round_up(pos, block), end, limit, head, tail;
	struct inline_state was = inline_data_state(f);
	errcode_t err;

	if (!len)
		return 0;
	err = da_convert_inline_data(d, f, true);
	if (err || pos >= f->size)
		return err;
	/* Past the end, the rest of the last block counts as punched. */
	limit = div_round_up(f->size, block) * block;
	if (__builtin_add_overflow(pos, len, &end) || end > f->size)
		end = limit;
	err = find_edges(d, f, pos, end, &head, &tail);
	if (!err && (head || tail || content_count(&f->content)))
		err = content_prepare(&f->content);
	if (!err && first < end / block)
		err = da_remove_blocks(d, f, first, end / block - first,
				       NULL);
	if (!err)
		err = content_punch(&f->content, pos, end - pos, head, tail);
	if (err)
		unconvert_inline_data(d, f, was);
	delayed_file_check(d, f);
	return err;
}

/* Whether every block with content is delayed or written. */
static bool content_has_blocks(const struct delay *d,
			       const struct delayed_file *f)
{
	struct content_range r;
	struct es_extent e;
	uint64_t pos = 0;

	while (content_next(&f->content, pos, &r)) {
		uint64_t lblk, end = r.offset + r.len;

		lblk = r.offset >> d->block_bits;
		while (lblk << d->block_bits < end) {
			if (!es_next_extent(&f->es, ES_DELAYED | ES_WRITTEN,
					    lblk, &e) || e.lblk > lblk)
				return false;
			lblk = (uint64_t)e.lblk + e.len;
		}
		pos = end;
	}
	return true;
}

/* Whether a file that is in its inode has its bytes there and no block. */
static bool inline_data_holds(const struct delay *d,
			      const struct delayed_file *f)
{
	struct es_extent e;

	return !f->in_blocks && !f->on_disk && f->size <= d->inline_max &&
	       !es_next_extent(&f->es, ES_MAPPED | ES_DELAYED, 0, &e);
}

bool delayed_file_verify(const struct delay *d, const struct delayed_file *f)
{
	return da_accounting_holds(d, f) &&
	       (f->in_inode ? inline_data_holds(d, f) :
		f->on_disk || content_has_blocks(d, f));
}

void delayed_file_check(const struct delay *d, const struct delayed_file *f)
{
#ifdef ENABLE_VERIFY
	/* Verifying is linear: small files only. */
	if (f->es.all <= 256 && content_count(&f->content) <= 256)
		assert(delayed_file_verify(d, f));
#else
	(void)d;
	(void)f;
#endif
}

bool da_accounting_holds(const struct delay *d, const struct delayed_file *f)
{
	const struct reserve *r = &d->reserve;
	struct es_node *n;
	uint64_t pending = 0;

	if (!es_tree_verify(&f->es))
		return false;
	RB_FOREACH(n, es_head, (struct es_head *)&f->pending.clusters) {
		uint32_t lblk = n->lblk << d->cluster_bits;

		if (!es_scan_clu(&f->es, ES_DELAYED, d->cluster_bits, lblk))
			return false;
		/* The disk may be all that knows its place. */
		if ((!f->on_disk || f->loaded) &&
		    !es_scan_clu(&f->es, ES_MAPPED, d->cluster_bits, lblk))
			return false;
		pending++;
	}
	return f->es.reserved == count_clusters(f, ES_DELAYED) - pending &&
	       (f->on_disk ||
		f->allocated == count_clusters(f, ES_MAPPED)) &&
	       f->es.reserved <= r->dirty &&
	       (r->unbounded || r->overrun ||
		r->free >= r->dirty + r->meta) &&
	       r->reserved_total - r->claimed_total == r->dirty;
}
