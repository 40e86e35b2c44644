// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files in the buffer: writing, truncating and punching as the ES tree, the
 * reservation and the content see it.
 *
 * A write is staged whole or not at all: what it inserted is remembered piece
 * by piece, and taken back in reverse order when a later step fails.  Each
 * step has made memory for its own undoing ready, so that taking back cannot
 * fail.
 */
#include "delay/delayed_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "delay/da_map.h"

/* What one write has changed so far. */
struct staged {
	struct es_extent *pieces;	/* as inserted (delayed), or as they
					 * were before (unwritten) */
	size_t n, cap;
};

void delay_init(struct delay *d, uint32_t block_bits, uint32_t cluster_bits)
{
	*d = (struct delay){ .block_bits = block_bits,
			     .cluster_bits = cluster_bits };
	es_stats_init(&d->es_stats);
}

void delay_release(struct delay *d)
{
	es_stats_release(&d->es_stats);
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
	da_release_space(d, f, f->reserved);
	pending_release(&f->pending, &d->es_stats);
	es_tree_release(&f->es, &d->es_stats);
	content_release(&f->content);
	delayed_file_init(f);
}

uint64_t delayed_file_seq(const struct delayed_file *f)
{
	return f->es.seq;
}

errcode_t delayed_file_check_seq(const struct delayed_file *f, uint64_t seq)
{
	return f->es.seq == seq ? 0 : E4PACK_ET_STALE;
}

uint32_t delayed_file_shrink(struct delay *d, struct delayed_file *f,
			     uint32_t n)
{
	/* The places of pending clusters are looked for in the tree. */
	if (!f->on_disk || f->pinned || !RB_EMPTY(&f->pending.clusters))
		return 0;
	return es_shrink(&f->es, &d->es_stats, n);
}

uint64_t delayed_file_delayed_blocks(const struct delayed_file *f)
{
	return f->es.delayed;
}

uint64_t delayed_file_wanted_blocks(const struct delayed_file *f)
{
	return (uint64_t)f->reserved << f->cluster_bits;
}

/* Take a piece that is delayed back to a hole.  With a map on disk it must
 * be a known one: the map may still tell blocks that were removed since. */
static void unstage_delayed(struct delay *d, struct delayed_file *f,
			    const struct es_extent *e)
{
	struct es_extent hole = { e->lblk, e->len, 0, ES_HOLE };
	struct rsvd_count rc;
	errcode_t err;

	rsvd_count_init(&rc, d->cluster_bits);
	if (f->on_disk)
		err = es_insert_extent(&f->es, &d->es_stats, &hole, &rc);
	else
		err = es_remove_extent(&f->es, &d->es_stats, e->lblk, e->len,
				       &rc);
	assert(!err);
	(void)err;
	da_release_space(d, f, get_rsvd(&rc, &f->es, &f->pending,
					&d->es_stats));
	da_check(d, f);
}

static void unstage(struct delay *d, struct delayed_file *f,
		    struct staged *staged)
{
	errcode_t err;

	while (staged->n--) {
		struct es_extent *e = &staged->pieces[staged->n];

		if (e->status & ES_DELAYED) {
			unstage_delayed(d, f, e);
			continue;
		}
		err = es_insert_extent(&f->es, &d->es_stats, e, NULL);
		assert(!err);
		(void)err;
	}
}

/* Map the first piece of @map for writing and note what that changed.
 * Unwritten blocks become written: their bytes are staged from now on. */
static errcode_t stage_piece(struct delay *d, struct delayed_file *f,
			     struct da_map *map, struct staged *staged)
{
	struct es_extent e;
	errcode_t err;

	err = array_reserve(&staged->pieces, &staged->cap, staged->n + 1,
			    sizeof(*staged->pieces));
	if (!err)
		err = da_map_blocks(d, f, map);
	if (err)
		return err;
	if (!map->inserted && map->status != ES_UNWRITTEN)
		return 0;
	e = (struct es_extent){ map->lblk, map->len, map->pblk, map->status };
	if (map->inserted) {
		staged->pieces[staged->n++] = e;
		return 0;
	}
	err = es_stats_prepare(&d->es_stats, 2 * ES_NODES_PER_CHANGE);
	if (err)
		return err;
	staged->pieces[staged->n++] = e;
	e.status = ES_WRITTEN;
	f->pinned = true;
	return es_insert_extent(&f->es, &d->es_stats, &e, NULL);
}

/* Stage blocks [@lblk, @lblk + @len); *@last is the status that the last of
 * them had or got. */
static errcode_t stage_blocks(struct delay *d, struct delayed_file *f,
			      uint32_t lblk, uint32_t len, uint32_t *last,
			      struct staged *staged)
{
	errcode_t err = 0;

	while (!err && len) {
		struct da_map map = { .lblk = lblk, .len = len };

		err = stage_piece(d, f, &map, staged);
		*last = map.status;
		lblk += map.len;
		len -= map.len;
	}
	return err;
}

errcode_t da_write(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len, struct origin *origin, uint64_t offset)
{
	struct content_range range = { pos, len, offset, origin };
	struct staged staged = { .n = 0 };
	uint64_t end, origin_end, first, last;
	uint32_t status = 0;
	errcode_t err;

	if (!len)
		return 0;
	if (__builtin_add_overflow(pos, len, &end) ||
	    __builtin_add_overflow(offset, len, &origin_end))
		return EFBIG;
	first = pos >> d->block_bits;
	last = (end - 1) >> d->block_bits;
	if (last >= ES_MAX_BLOCKS)
		return EFBIG;
	err = stage_blocks(d, f, first, last - first + 1, &status, &staged);
	if (!err)
		err = content_set(&f->content, &range);
	if (err)
		unstage(d, f, &staged);
	free(staged.pieces);
	if (err)
		return err;
	if (end > f->size)
		f->size = end;
	if (end > f->disksize && status == ES_WRITTEN)
		f->disksize = end;
	return 0;
}

/* Remove whole blocks [@first, @end) and then let the bytes from @pos on
 * read as zero, to @pos + @len. */
static errcode_t remove_bytes(struct delay *d, struct delayed_file *f,
			      uint64_t first, uint64_t end, uint64_t pos,
			      uint64_t len)
{
	struct content_range zeros = { pos, len, 0, NULL };
	errcode_t err = 0;

	if (f->on_disk || content_count(&f->content))
		err = content_prepare(&f->content);
	if (!err && first < end)
		err = da_remove_blocks(d, f, first, end - first);
	if (err)
		return err;
	/* What the blocks on disk hold is not zero until that is written. */
	if (f->on_disk)
		return content_set(&f->content, &zeros);
	return content_clear(&f->content, pos, len);
}

errcode_t da_truncate(struct delay *d, struct delayed_file *f, uint64_t size)
{
	uint64_t first = div_round_up(size, UINT64_C(1) << d->block_bits);
	uint64_t tail = (first << d->block_bits) - size;
	errcode_t err = 0;

	if (first > ES_MAX_BLOCKS)
		return EFBIG;
	if (size < f->size && tail && f->on_disk)
		err = remove_bytes(d, f, first, ES_MAX_BLOCKS, size, tail);
	else if (size < f->size && first < ES_MAX_BLOCKS)
		err = da_remove_blocks(d, f, first, ES_MAX_BLOCKS - first);
	if (err)
		return err;
	if (size < f->size)
		content_truncate(&f->content, size + (f->on_disk ? tail : 0));
	f->size = size;
	f->disksize = size;
	return 0;
}

errcode_t da_punch(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len)
{
	uint64_t block = UINT64_C(1) << d->block_bits, end, limit;

	if (pos >= f->size || !len)
		return 0;
	/* The rest of the last block counts as punched, too. */
	limit = div_round_up(f->size, block) * block;
	if (__builtin_add_overflow(pos, len, &end) || end >= f->size)
		end = limit;
	return remove_bytes(d, f, div_round_up(pos, block), end / block, pos,
			    end - pos);
}

/* Clusters that hold a delayed block. */
static uint64_t delayed_clusters(const struct delay *d,
				 const struct delayed_file *f)
{
	uint64_t n = 0, next = 0;
	struct es_extent e;
	uint32_t lblk = 0;

	while (es_next_extent(&f->es, ES_DELAYED, lblk, &e)) {
		uint64_t first = e.lblk >> d->cluster_bits;
		uint64_t last = (e.lblk + e.len - 1) >> d->cluster_bits;

		if (first < next)
			first = next;
		n += last + 1 - first;
		next = last + 1;
		lblk = e.lblk + e.len;
	}
	return n;
}

bool delayed_file_verify(const struct delay *d, const struct delayed_file *f)
{
	const struct reserve *r = &d->reserve;
	struct es_node *n;
	uint64_t pending = 0;

	if (!es_tree_verify(&f->es))
		return false;
	RB_FOREACH(n, es_head, (struct es_head *)&f->pending.clusters) {
		uint32_t lblk = n->lblk << d->cluster_bits;

		if (!es_scan_clu(&f->es, ES_DELAYED, d->cluster_bits, lblk) ||
		    !es_scan_clu(&f->es, ES_MAPPED, d->cluster_bits, lblk))
			return false;
		pending++;
	}
	return f->reserved == delayed_clusters(d, f) - pending &&
	       f->reserved <= r->dirty &&
	       (r->unbounded || r->free >= r->dirty + r->meta) &&
	       r->reserved_total - r->claimed_total == r->dirty;
}
