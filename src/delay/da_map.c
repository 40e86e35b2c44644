// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Delayed block mapping: what a write does instead of allocating.
 *
 * What is kept
 *	reserved(file) = clusters that hold a delayed block - pending clusters
 *	dirty(image)   = sum of reserved over all files
 *
 * da_map_blocks(lblk, len) answers for a first piece [lblk, lblk + n) with
 * n <= len:
 *	1 look in the ES tree: delayed, written, unwritten: done, nothing
 *	  changes; a hole bounds n
 *	2 not known: ask the map on disk, remember the answer in the tree;
 *	  a new file has no such map and what is not in the tree is a hole
 *	3 a hole: look again, since asking may have changed the tree; n ends
 *	  where the next known extent begins
 *	4 reserve, then insert [lblk, lblk + n) as delayed
 *
 * Reservation of step 4, with one block per cluster: n.  With bigalloc the
 * range meets k clusters; the inner ones are all hole, the first and the last
 * may be in one of three states:
 *	0 nothing there		needs a reservation
 *	1 holds delayed blocks	has one, or is pending: needs none
 *	2 mapped, none delayed	needs none, but becomes pending
 *	reserve  k - [state(first) > 0] - [last != first and state(last) > 0]
 * State 1 is asked for first: a cluster that is both is pending already.
 *
 * All memory is made ready before the reservation, so a piece is inserted
 * whole or nothing is changed.
 */
#include "delay/da_map.h"

#include <assert.h>
#include <stddef.h>

#include "delay/da_trace.h"

enum {
	CLUSTER_FREE = 0, CLUSTER_DELAYED = 1, CLUSTER_MAPPED = 2,
	/* For a change and for undoing it, so that undoing cannot fail. */
	NODES_READY = 2 * ES_NODES_PER_CHANGE + PENDING_PER_CHANGE,
};

void da_check(const struct delay *d, const struct delayed_file *f)
{
#ifdef ENABLE_VERIFY
	/* Verifying is linear: small trees only. */
	if (f->es.all <= 256)
		assert(da_accounting_holds(d, f));
#else
	(void)d;
	(void)f;
#endif
}

errcode_t da_reserve_space(struct delay *d, struct delayed_file *f,
			   uint32_t n)
{
	errcode_t err = reserve_space(&d->reserve, n);

	if (!err)
		f->es.reserved += n;
	return err;
}

void da_release_space(struct delay *d, struct delayed_file *f, uint32_t n,
		      struct da_untold *untold)
{
	assert(n <= f->es.reserved);
	if (trace_on(d->trace))
		da_trace_promise(d, f, TRACE_DA_RELEASE_SPACE, n, n, untold);
	f->es.reserved -= n;
	reserve_release(&d->reserve, n);
}

void da_update_reserve_space(struct delay *d, struct delayed_file *f,
			     uint32_t n, const struct es_extent *e,
			     struct da_untold *untold)
{
	assert(n <= f->es.reserved);
	if (trace_on(d->trace))
		da_trace_promise(d, f, TRACE_DA_UPDATE_RESERVE_SPACE, n,
				 da_untold_in(untold, e, d->cluster_bits),
				 untold);
	f->es.reserved -= n;
	f->allocated += n;
	reserve_claim(&d->reserve, n);
}

static uint32_t extent_end(const struct es_extent *e)
{
	return e->lblk + e->len - 1;
}

static bool find_extent_range(struct delay *d, struct delayed_file *f,
			      const struct es_extent *range,
			      struct es_extent *e)
{
	bool found;

	DA_TRACE(d, f, TRACE_ES_FIND_EXTENT_RANGE_ENTER, range->lblk);
	found = es_find_extent_range(&f->es, ES_DELAYED, range->lblk,
				     extent_end(range), e);
	if (trace_on(d->trace))
		da_trace_es(d, f, TRACE_ES_FIND_EXTENT_RANGE_EXIT,
			    found ? e : NULL);
	return found;
}

static void cache_extent(struct delay *d, struct delayed_file *f,
			 const struct es_extent *e)
{
	if (trace_on(d->trace))
		da_trace_es(d, f, TRACE_ES_CACHE_EXTENT, e);
	es_cache_extent(&f->es, &d->es_stats, e);
}

/* Cache what of the hole @hole around @lblk is free of delayed blocks.
 * Return: blocks from @lblk on that the hole goes on for. */
static uint32_t determine_insert_hole(struct delay *d,
				      struct delayed_file *f, uint32_t lblk,
				      struct es_extent hole)
{
	struct es_extent e;

	while (find_extent_range(d, f, &hole, &e) &&
	       e.lblk <= extent_end(&hole)) {
		if (e.lblk > lblk) {
			hole.len = e.lblk - hole.lblk;
			break;
		}
		if (extent_end(&e) >= lblk)
			return extent_end(&e) + 1 - lblk;
		hole.len = extent_end(&hole) + 1 - lblk;
		hole.lblk = lblk;
	}
	cache_extent(d, f, &hole);
	return extent_end(&hole) + 1 - lblk;
}

/* Remember that @e is on disk; if other parts of it have changed since, then
 * at least what answers @map. */
static void cache_mapped(struct delay *d, struct delayed_file *f,
			 const struct es_extent *e, const struct da_map *map)
{
	struct es_extent part = { map->lblk, map->len, map->pblk, e->status };

	cache_extent(d, f, e);
	es_cache_extent(&f->es, &d->es_stats, &part);
}

static errcode_t ask_disk(struct delay *d, struct delayed_file *f,
			    struct da_map *map)
{
	struct es_extent e = { .lblk = map->lblk };
	uint32_t left;
	errcode_t err;

	err = d->ops->query_blocks(d->ops_arg, f, &e);
	if (err)
		return err;
	assert(e.len && e.lblk <= map->lblk && extent_end(&e) >= map->lblk);
	left = extent_end(&e) + 1 - map->lblk;
	map->status = e.status;
	if (e.status == ES_HOLE)
		left = determine_insert_hole(d, f, map->lblk, e);
	if (map->len > left)
		map->len = left;
	if (e.status != ES_HOLE) {
		map->pblk = e.pblk + (map->lblk - e.lblk);
		cache_mapped(d, f, &e, map);
	}
	if (!f->loaded)
		es_list(&f->es, &d->es_stats);
	da_shrink(d);
	return 0;
}

static void tell_mapped(const struct delay *d, const struct delayed_file *f,
			const struct da_map *map, errcode_t err)
{
	uint32_t is = map->status & ES_MAPPED ? TRACE_MAPPED_MAPPED : 0;

	if (map->status & ES_UNWRITTEN)
		is = TRACE_MAPPED_UNWRITTEN;
	if (err)
		is = 0;
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_EXIT, 0, map->lblk,
		 is ? map->pblk : 0, map->len, is,
		 err ? da_trace_return(err) : is ? (int)map->len : 0);
}

/* Ask the map on disk for what the ES tree does not know. */
static errcode_t query_disk(struct delay *d, struct delayed_file *f,
			    struct da_map *map)
{
	errcode_t err;

	map->status = ES_HOLE;
	if (!f->on_disk || !d->ops || !d->ops->query_blocks)
		return 0;
	DA_TRACE(d, f, TRACE_EXT_MAP_BLOCKS_ENTER, map->lblk, map->len, 0);
	err = ask_disk(d, f, map);
	if (trace_on(d->trace))
		tell_mapped(d, f, map, err);
	return err;
}

errcode_t da_look_up(struct delay *d, struct delayed_file *f,
		     struct da_map *map)
{
	struct es_extent e;
	uint32_t next, left;
	bool found;

	map->inserted = false;
	map->seq = f->es.seq;
	DA_TRACE(d, f, TRACE_ES_LOOKUP_EXTENT_ENTER, map->lblk);
	found = es_lookup_extent(&f->es, &d->es_stats, map->lblk, &e, &next);
	if (trace_on(d->trace))
		da_trace_lookup(d, f, found ? &e : NULL);
	if (found) {
		left = extent_end(&e) + 1 - map->lblk;
		map->status = e.status & ES_ANY;
		map->pblk = e.pblk + (map->lblk - e.lblk);
		if (map->len > left)
			map->len = left;
#ifdef ENABLE_VERIFY
		return da_recheck(d, f, map);
#else
		return 0;
#endif
	}
	if (next && map->len > next - map->lblk)
		map->len = next - map->lblk;
	return query_disk(d, f, map);
}

errcode_t clu_mapped(struct delay *d, struct delayed_file *f, uint32_t lclu,
		     bool *mapped, uint64_t *pblk)
{
	uint32_t first = lclu << d->cluster_bits;
	uint32_t blocks = UINT32_C(1) << d->cluster_bits, i = 0;
	errcode_t err = 0;

	*mapped = false;
	if (blocks > ES_MAX_BLOCKS - first)
		blocks = ES_MAX_BLOCKS - first;
	while (i < blocks && !*mapped) {
		struct da_map map = { .lblk = first + i, .len = blocks - i };

		err = da_look_up(d, f, &map);
		if (err)
			return err;
		*mapped = map.status & ES_MAPPED;
		*pblk = map.pblk - i;
		i += map.len;
	}
	return 0;
}

/* The state of the cluster that holds @lblk, for a reservation. */
static errcode_t clu_state(struct delay *d, struct delayed_file *f,
			   uint32_t lblk, int *state)
{
	bool mapped;
	uint64_t pblk;
	errcode_t err;

	*state = CLUSTER_DELAYED;
	if (es_scan_clu(&f->es, ES_DELAYED, d->cluster_bits, lblk))
		return 0;
	err = clu_mapped(d, f, lblk >> d->cluster_bits, &mapped, &pblk);
	if (err)
		return err;
	*state = mapped ? CLUSTER_MAPPED : CLUSTER_FREE;
	return 0;
}

/* Count the clusters that [@lblk, @end] needs and find out which end is
 * mapped already. */
static errcode_t count_clusters(struct delay *d, struct delayed_file *f,
				uint32_t lblk, uint32_t end, uint32_t *n,
				int state[2])
{
	uint32_t first = lblk >> d->cluster_bits;
	uint32_t last = end >> d->cluster_bits;
	errcode_t err = 0;

	*n = last - first + 1;
	state[0] = state[1] = CLUSTER_FREE;
	if (!d->cluster_bits)
		return 0;
	err = clu_state(d, f, lblk, &state[0]);
	if (!err && first != last)
		err = clu_state(d, f, end, &state[1]);
	*n -= (state[0] != CLUSTER_FREE) + (state[1] != CLUSTER_FREE);
	return err;
}

/* Tell that blocks are delayed, with @n clusters reserved for them. */
static void tell_delayed(const struct delay *d, const struct delayed_file *f,
			 const struct da_map *map, uint32_t n,
			 const int state[2])
{
	if (n)
		da_trace_space(d, f, TRACE_DA_RESERVE_SPACE, n, f->es.reserved);
	DA_TRACE(d, f, TRACE_ES_INSERT_DELAYED_EXTENT, map->lblk, map->len, 0,
		 ES_DELAYED, state[0] == CLUSTER_MAPPED,
		 state[1] == CLUSTER_MAPPED);
}

/* Step 4: reserve for the blocks of @map, a hole, and make them delayed. */
static errcode_t insert_delayed_blocks(struct delay *d,
				       struct delayed_file *f,
				       const struct da_map *map)
{
	uint32_t lblk = map->lblk, len = map->len;
	uint32_t end = lblk + len - 1, n, bits = d->cluster_bits;
	int state[2];
	errcode_t err;

	err = count_clusters(d, f, lblk, end, &n, state);
	if (err)
		return err;
	err = es_stats_prepare(&d->es_stats, NODES_READY);
	if (err)
		return err;
	err = da_reserve_space(d, f, n);
	if (err)
		return err;
	if (map->untold)
		map->untold->clusters += n;
	else if (trace_on(d->trace))
		tell_delayed(d, f, map, n, state);
	err = insert_delayed_extent(&f->es, &d->es_stats, lblk, len);
	assert(!err);
	f->block_bits = d->block_bits;
	f->cluster_bits = bits;
	if (state[0] == CLUSTER_MAPPED)
		insert_pending(&f->pending, &d->es_stats, lblk >> bits);
	if (state[1] == CLUSTER_MAPPED)
		insert_pending(&f->pending, &d->es_stats, end >> bits);
	da_check(d, f);
	da_shrink(d);
	return err;
}

errcode_t da_map_blocks(struct delay *d, struct delayed_file *f,
			struct da_map *map)
{
	errcode_t err;

	err = da_look_up(d, f, map);
	if (!err && map->status == ES_HOLE)
		err = da_look_up(d, f, map);
	if (err || map->status != ES_HOLE)
		return err;
	err = insert_delayed_blocks(d, f, map);
	if (err)
		return err;
	map->inserted = true;
	map->status = ES_DELAYED;
	map->seq = f->es.seq;
	return 0;
}

errcode_t da_place_extent(struct delay *d, struct delayed_file *f,
			  const struct es_extent *e,
			  struct da_untold *untold)
{
	struct rsvd_count rc;
	uint32_t used;
	errcode_t err;

	rsvd_count_init(&rc, d->cluster_bits);
	err = es_stats_prepare(&d->es_stats, NODES_READY);
	if (err)
		return err;
	if (trace_on(d->trace))
		da_trace_es(d, f, TRACE_ES_INSERT_EXTENT, e);
	err = es_insert_extent(&f->es, &d->es_stats, e, &rc);
	assert(!err);
	used = get_rsvd(&rc, &f->es, &f->pending, &d->es_stats);
	used += revise_pending(&f->pending, &d->es_stats, &f->es,
			       d->cluster_bits, e->lblk, e->len);
	da_update_reserve_space(d, f, used, e, untold);
	f->pinned = true;
	da_check(d, f);
	return err;
}
