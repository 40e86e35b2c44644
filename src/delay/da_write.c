// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Writing and preallocating, as the ES tree, the reservation and the content
 * see it.
 *
 * A call is staged whole or not at all: what it inserted is remembered piece
 * by piece, and taken back in reverse order when a later step fails.  Each
 * step has made memory for its own undoing ready, so that taking back cannot
 * fail.
 *
 *			hole		delayed	unwritten	written
 *	write		delayed		stays	written		stays
 *	fallocate	delayed		stays	stays		stays
 *
 * A write leaves its bytes in the content, zeros included; fallocate leaves
 * none.  So no status of its own is needed for blocks that are delayed but
 * hold nothing: they are those that the content does not touch, and become
 * unwritten when they are placed.
 *
 * On a live image blocks may be allocated at once: those of a write that does
 * not delay, and those of fallocate.  They are staged as delayed first, which
 * makes the promise for all of them, and then placed as unwritten, so a claim
 * cannot be refused half way.
 */
#include "delay/delayed_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "delay/da_inline.h"
#include "delay/da_map.h"
#include "delay/da_trace.h"

/* What one call has changed so far. */
struct staged {
	bool preallocate;		/* there are no bytes to come */
	bool now;			/* blocks come before the call ends */
	struct da_untold untold;	/* what it promised, if so */
	struct es_extent *pieces;	/* as inserted (delayed), or as they
					 * were before (unwritten) */
	size_t n, cap;
};

/* Take a piece that is delayed back to a hole.  With a map on disk it must
 * be a known one: the map may still tell blocks that were removed since. */
static void unstage_delayed(struct delay *d, struct delayed_file *f,
			    const struct es_extent *e,
			    struct da_untold *untold)
{
	struct es_extent hole = { e->lblk, e->len, 0, ES_HOLE };
	struct rsvd_count rc;
	errcode_t err;

	rsvd_count_init(&rc, d->cluster_bits);
	if (!untold)
		DA_TRACE(d, f, TRACE_ES_REMOVE_EXTENT, e->lblk, e->len);
	if (f->on_disk)
		err = es_insert_extent(&f->es, &d->es_stats, &hole, &rc);
	else
		err = es_remove_extent(&f->es, &d->es_stats, e->lblk, e->len,
				       &rc);
	assert(!err);
	(void)err;
	da_release_space(d, f, get_rsvd(&rc, &f->es, &f->pending,
					&d->es_stats), untold);
	da_check(d, f);
	da_shrink(d);
}

static struct da_untold *untold_of(struct staged *staged)
{
	staged->untold.pieces = staged->pieces;
	staged->untold.n = staged->n;
	return staged->now ? &staged->untold : NULL;
}

static void unstage(struct delay *d, struct delayed_file *f,
		    struct staged *staged)
{
	errcode_t err;

	while (staged->n--) {
		struct es_extent *e = &staged->pieces[staged->n];

		if (e->status & ES_DELAYED) {
			unstage_delayed(d, f, e, untold_of(staged));
			continue;
		}
		if (trace_on(d->trace))
			da_trace_es(d, f, TRACE_ES_INSERT_EXTENT, e);
		err = es_insert_extent(&f->es, &d->es_stats, e, NULL);
		assert(!err);
		(void)err;
	}
}

/* Map the first piece of @map and note what that changed.  With bytes to
 * come, unwritten blocks become written. */
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
	if (!map->inserted &&
	    (staged->preallocate || map->status != ES_UNWRITTEN))
		return 0;
	e = (struct es_extent){ map->lblk, map->len, map->pblk, map->status };
	if (map->inserted) {
		staged->pieces[staged->n++] = e;
		return 0;
	}
	err = delayed_file_load(f, d);
	if (!err)
		err = es_stats_prepare(&d->es_stats, 2 * ES_NODES_PER_CHANGE);
	if (err)
		return err;
	staged->pieces[staged->n++] = e;
	e.status = ES_WRITTEN;
	f->pinned = true;
	if (trace_on(d->trace))
		da_trace_converted(d, f, &e);
	return es_insert_extent(&f->es, &d->es_stats, &e, NULL);
}

/* Stage the blocks of bytes [@pos, @pos + @len); *@last is the status that
 * the last of them had or got. */
static errcode_t stage_blocks(struct delay *d, struct delayed_file *f,
			      uint64_t pos, uint64_t len, uint32_t *last,
			      struct staged *staged)
{
	uint64_t lblk, end;
	errcode_t err = 0;

	if (__builtin_add_overflow(pos, len, &end))
		return EFBIG;
	lblk = pos >> d->block_bits;
	end = ((end - 1) >> d->block_bits) + 1;
	if (end > ES_MAX_BLOCKS)
		return EFBIG;
	while (!err && lblk < end) {
		struct da_map map = { .untold = untold_of(staged),
				      .lblk = lblk, .len = end - lblk };

		err = stage_piece(d, f, &map, staged);
		*last = map.status;
		lblk += map.len;
	}
	return err;
}

/* Let the sizes follow a call that reached @end and whose last block was
 * @last: the one on disk where that is one of @on_disk. */
static void extend(struct delayed_file *f, uint64_t end, uint32_t last,
		   uint32_t on_disk)
{
	if (end > f->size)
		f->size = end;
	if (end > f->disksize && (last & on_disk))
		f->disksize = end;
}

/* Stage the bytes of @range over whatever is there. */
static errcode_t write_delayed(struct delay *d, struct delayed_file *f,
			       const struct content_range *range)
{
	struct staged staged = { .n = 0 };
	uint32_t last = 0;
	errcode_t err;

	err = stage_blocks(d, f, range->offset, range->len, &last, &staged);
	if (!err)
		err = content_set(&f->content, range);
	if (err)
		unstage(d, f, &staged);
	else
		extend(f, range->offset + range->len, last, ES_WRITTEN);
	free(staged.pieces);
	return err;
}

/* Make holes again of what was staged and allocated.  What there is no memory
 * for stays, delayed or unwritten, with its account in order. */
static void give_back(struct delay *d, struct delayed_file *f,
		      struct staged *staged)
{
	size_t i;

	for (i = staged->n; i > 0; i--) {
		const struct es_extent *e = &staged->pieces[i - 1];

		da_remove_blocks(d, f, e->lblk, e->len, untold_of(staged));
	}
}

/* Allocate the holes under @range as unwritten, and write. */
static errcode_t write_now(struct delay *d, struct delayed_file *f,
			   const struct content_range *range)
{
	struct staged staged = { .preallocate = true, .now = true };
	struct da_how how = {
		.max = d->kernel_requests ? 1 : 0,
		.map_flags = TRACE_MAP_CREATE,
	};
	uint32_t last;
	size_t i;
	errcode_t err;

	err = stage_blocks(d, f, range->offset, range->len, &last, &staged);
	if (err) {
		unstage(d, f, &staged);
		goto out;
	}
	how.untold = untold_of(&staged);
	for (i = 0; !err && i < staged.n; i++) {
		const struct es_extent *e = &staged.pieces[i];

		err = da_allocate_range(d, f, e->lblk, e->lblk + e->len - 1,
					&how);
	}
	if (!err)
		err = write_delayed(d, f, range);
	if (err)
		give_back(d, f, &staged);
	else
		extend(f, range->offset + range->len, last, ES_ANY);
out:
	free(staged.pieces);
	return err;
}

/* Make a write in one way or the other. */
static errcode_t write_once(struct delay *d, struct delayed_file *f,
			    const struct content_range *range, bool now)
{
	struct inline_state was = inline_data_state(f);
	errcode_t err;

	if (inline_data_fits(d, f, range->offset + range->len))
		return write_inline_data(f, range);
	err = da_convert_inline_data(d, f, now);
	if (err)
		return err;
	err = now ? write_now(d, f, range) : write_delayed(d, f, range);
	if (err)
		unconvert_inline_data(d, f, was);
	return err;
}

/* The same, again where that may help. */
static errcode_t write_range(struct delay *d, struct delayed_file *f,
			     const struct content_range *range, bool now)
{
	uint64_t origin_end, end;
	int tries = 0;
	errcode_t err;

	if (!range->len)
		return 0;
	if (__builtin_add_overflow(range->origin_offset, range->len,
				   &origin_end) ||
	    __builtin_add_overflow(range->offset, range->len, &end))
		return EFBIG;
	DA_TRACE(d, f, now ? TRACE_WRITE_BEGIN : TRACE_DA_WRITE_BEGIN,
		 range->offset, range->len);
	do
		err = write_once(d, f, range, now);
	while (err == E4PACK_ET_NO_SPACE && should_retry_alloc(d, &tries));
	if (!err)
		DA_TRACE(d, f, now ? TRACE_WRITE_END : TRACE_DA_WRITE_END,
			 range->offset, range->len, range->len);
	delayed_file_check(d, f);
	return err;
}

errcode_t da_write(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len, struct origin *origin, uint64_t offset)
{
	struct content_range range = { pos, len, offset, origin };
	bool now = d->nodelalloc;

	if (d->reserve.kernel_margins)
		now = now || nonda_switch(&d->reserve) ||
		      f->verity_in_progress;
	return write_range(d, f, &range, now && delay_is_live(d));
}

errcode_t da_write_now(struct delay *d, struct delayed_file *f, uint64_t pos,
		       uint64_t len, struct origin *origin, uint64_t offset)
{
	struct content_range range = { pos, len, offset, origin };

	return write_range(d, f, &range, delay_is_live(d));
}

static errcode_t preallocate(struct delay *d, struct delayed_file *f,
			     uint64_t pos, uint64_t len)
{
	struct staged staged = { .preallocate = true,
				 .now = delay_is_live(d) };
	struct da_how how = {
		.max = d->kernel_requests ? EXTENT_UNWRITTEN_MAX : 0,
		.exact = true,
		.map_flags = TRACE_MAP_CREATE | TRACE_MAP_NO_NORMALIZE,
	};
	struct inline_state was = inline_data_state(f);
	uint32_t last = 0;
	errcode_t err;

	err = da_convert_inline_data(d, f, true);
	if (err)
		return err;
	err = stage_blocks(d, f, pos, len, &last, &staged);
	if (err) {
		unstage(d, f, &staged);
	} else if (staged.now) {
		how.untold = untold_of(&staged);
		err = da_allocate_range(d, f, pos >> d->block_bits,
					(pos + len - 1) >> d->block_bits,
					&how);
		last = ES_MAPPED;
		if (err)
			give_back(d, f, &staged);
	}
	if (!err)
		extend(f, pos + len, last, ES_MAPPED);
	else
		unconvert_inline_data(d, f, was);
	free(staged.pieces);
	return err;
}

errcode_t da_fallocate(struct delay *d, struct delayed_file *f, uint64_t pos,
		       uint64_t len)
{
	int tries = 0;
	errcode_t err;

	if (!len)
		return EINVAL;
	if (d->no_unwritten)
		return EOPNOTSUPP;
	do
		err = preallocate(d, f, pos, len);
	while (err == E4PACK_ET_NO_SPACE && should_retry_alloc(d, &tries));
	delayed_file_check(d, f);
	return err;
}
