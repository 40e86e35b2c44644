// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exact size.
 *
 * A frame of B blocks has F(B) fixed blocks and a journal of J(B); the tree
 * demands D, whatever the frame.  B can only do when need(B) = F + J + D <= B,
 * and does when every object then finds a whole place.
 *
 * need() is not monotone over all sizes: a new group adds tables, may be too
 * small to stand, and changes the rounding of inodes.  Inside one group count
 * it never falls, so there a step from B to need(B) leaps over nothing that
 * could do; no step leaps over the beginning of the next group.  Thus the
 * first B that does, from below, is the least.  Where need() is met but an
 * object finds no whole place, the sizes of the same need() follow, in whose
 * frames only the last gap grows: if the longest of them does, the least is
 * found between by halving, else the search goes on behind them.
 *
 * With bigalloc all of these are whole clusters, and so are the steps.
 */
#include "pack/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/number.h"
#include "pack/allocate.h"
#include "pack/frame.h"
#include "pack/live_frame.h"

/* Superblock, descriptors and two bitmaps: no frame has fewer, with a table. */
enum { LEAST_FIXED = 4 };

/* How the inodes follow from the size; fixed for one search. */
struct solver {
	struct plan *p;
	uint64_t unit;		/* blocks of a cluster; all sizes are multiples
				 * of it */
	uint64_t limit;		/* blocks */
	uint64_t percent_e6;	/* inodes over the least: percent, times 10^6 */
	uint64_t need;		/* of the last frame tried */
};

/* Down to whole clusters. */
static uint64_t whole(const struct solver *s, uint64_t blocks)
{
	return blocks - blocks % s->unit;
}

static uint64_t middle(const struct solver *s, uint64_t lo, uint64_t hi)
{
	return lo + whole(s, (hi - lo) / 2);
}

static uint64_t least_inodes(const struct plan *p)
{
	return p->last_ino;
}

static uint64_t inodes_for(const struct solver *s, uint64_t blocks)
{
	return frame_inodes(&s->p->frame, &s->p->options->inodes, blocks,
			    least_inodes(s->p), s->percent_e6);
}

static uint64_t journal_for(const struct plan *p, uint64_t blocks)
{
	return frame_journal(&p->frame, p->options, blocks);
}

/* Blocks that the tree takes in any frame. */
static uint64_t tree_blocks(const struct plan *p)
{
	return p->data_blocks + p->dir_blocks + p->map_blocks +
	       ((uint64_t)p->n_xattr_blocks << p->format.cluster_bits);
}

/* Blocks that the tree and a journal of @journal take in the frame @g. */
static errcode_t demand(struct plan *p, const struct geometry *g,
			uint64_t journal, uint64_t *ret)
{
	const struct plan_object *o = &p->objects[0];
	uint64_t map = 0;
	errcode_t err;

	err = plan_set_journal(p, journal);
	if (!err)
		err = plan_map_blocks(p, o, NULL, 0, &map);
	if (err)
		return err;
	map += geometry_resize_blocks(g);
	*ret = tree_blocks(p) + o->space + (map << p->format.cluster_bits);
	return 0;
}

/* Make the frame of @blocks and see what it needs. */
static errcode_t frame(struct solver *s, uint64_t blocks, struct geometry *g)
{
	struct geometry_options o = s->p->frame;
	uint64_t own = 0;
	errcode_t err;

	o.blocks = blocks;
	o.inodes = inodes_for(s, blocks);
	err = progress_check(s->p->progress);
	if (!err)
		err = geometry_init(g, &o);
	if (err)
		return err;
	err = demand(s->p, g, journal_for(s->p, blocks), &own);
	s->need = g->fixed_blocks + own;
	if (err)
		geometry_release(g);
	return err;
}

/* Try exactly @blocks; on success the plan has the solution.
 * Return: 0; E4PACK_ET_TOO_SMALL: no frame of exactly that size;
 * E4PACK_ET_NO_SPACE: need is over it; E4PACK_ET_SCATTERED; other codes. */
static errcode_t try_exact(struct solver *s, uint64_t blocks)
{
	struct geometry g;
	errcode_t err = frame(s, blocks, &g);

	if (err)
		return err;
	if (g.blocks != blocks)
		err = E4PACK_ET_TOO_SMALL;
	else if (s->need > blocks)
		err = E4PACK_ET_NO_SPACE;
	else
		err = allocate_all(s->p, &g, journal_for(s->p, blocks));
	if (err == E4PACK_ET_NO_SPACE && s->need <= blocks)
		err = E4PACK_ET_SCATTERED;
	if (err) {
		geometry_release(&g);
		return err;
	}
	geometry_release(&s->p->geometry);
	s->p->geometry = g;
	s->p->journal_blocks = journal_for(s->p, blocks);
	s->p->solved = true;
	return 0;
}

/* First size of the group after the one that @blocks ends in. */
static uint64_t next_group(const struct solver *s, uint64_t blocks)
{
	uint64_t first = geometry_first_block(&s->p->frame);
	uint64_t per_group = geometry_group_blocks(&s->p->frame);

	return first + div_round_up(blocks - first, per_group) * per_group +
	       s->unit;
}

/* From @lo (which does not do) to @hi (which does), find the least that does
 * where doing is monotone, as it is inside one group. */
static errcode_t halve(struct solver *s, uint64_t lo, uint64_t hi,
		       uint64_t *ret)
{
	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		errcode_t err = try_exact(s, mid);

		if (!err)
			hi = mid;
		else if (err == E4PACK_ET_TOO_SMALL ||
			 err == E4PACK_ET_NO_SPACE ||
			 err == E4PACK_ET_SCATTERED)
			lo = mid;
		else
			return err;
	}
	*ret = hi;
	return try_exact(s, hi);
}

/* No frame ends at @blocks: its last group is too small, or its groups cannot
 * be made small enough for the inodes.  Find the first size in that group
 * which stands. */
static errcode_t first_standing(struct solver *s, uint64_t blocks,
				uint64_t *ret)
{
	uint64_t lo = blocks, hi = next_group(s, blocks) - s->unit;
	struct geometry g;
	errcode_t err;

	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		bool stands = false;

		err = frame(s, mid, &g);
		if (!err) {
			stands = g.blocks == mid;
			geometry_release(&g);
		} else if (err != E4PACK_ET_TOO_SMALL &&
			   err != E4PACK_ET_NO_INODES) {
			return err;
		}
		if (stands)
			hi = mid;
		else
			lo = mid;
	}
	*ret = hi > blocks ? hi : blocks + s->unit;
	return 0;
}

/* The last size that needs what @blocks needs: in its frame only the gap at
 * the end is longer. */
static errcode_t same_need_until(struct solver *s, uint64_t blocks,
				 uint64_t *ret)
{
	uint64_t lo = blocks, hi = next_group(s, blocks), need = s->need;

	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		struct geometry g;
		errcode_t err = frame(s, mid, &g);

		if (err)
			return err;
		geometry_release(&g);
		if (s->need == need)
			lo = mid;
		else
			hi = mid;
	}
	*ret = lo < s->limit ? lo : s->limit;
	return 0;
}

/* Every object fits by count at @from, but not whole.  Find the least size
 * that does and needs no more than @from.
 * Return: 0; E4PACK_ET_SCATTERED with *@ret the last such size; other codes. */
static errcode_t search_whole(struct solver *s, uint64_t from, uint64_t *ret)
{
	errcode_t err = same_need_until(s, from, ret);

	if (!err)
		err = try_exact(s, *ret);
	return err ? err : halve(s, from, *ret, ret);
}

/* Find the least size at or over @from that does. */
static errcode_t search(struct solver *s, uint64_t from, uint64_t *ret)
{
	errcode_t short_of = E4PACK_ET_NO_SPACE;
	uint64_t b = from, leapt_from = 0;

	for (;;) {
		uint64_t limit_step = next_group(s, b);
		errcode_t err;

		if (b > s->limit)
			return short_of;
		err = try_exact(s, b);
		*ret = b;
		/* Many inodes make small groups, and a frame of fewer groups
		 * needs less: then the leap was too far. */
		if (!err && leapt_from && s->need < b)
			return halve(s, leapt_from, b, ret);
		leapt_from = 0;
		if (err == E4PACK_ET_SCATTERED) {
			short_of = err;
			err = search_whole(s, b, ret);
			if (err != E4PACK_ET_SCATTERED)
				return err;
			b = *ret + s->unit;
		} else if (err == E4PACK_ET_NO_SPACE) {
			leapt_from = s->need < limit_step ? b : 0;
			b = s->need < limit_step ? s->need : limit_step;
		} else if (err == E4PACK_ET_TOO_SMALL ||
			   (err == E4PACK_ET_NO_INODES && b < UINT32_MAX)) {
			err = first_standing(s, b, &b);
			if (err)
				return err;
		} else {
			return err;
		}
	}
}

static errcode_t solve_min(struct solver *s, uint64_t *ret)
{
	struct plan *p = s->p;
	uint64_t from = tree_blocks(p) + LEAST_FIXED;

	s->percent_e6 = 0;
	from += (uint64_t)((__uint128_t)inodes_for(s, from) *
			   p->format.inode_size / p->format.block_size);
	from += journal_for(p, from);
	return search(s, format_whole_clusters(&p->format, from), ret);
}

static char *object_path(const struct plan *p)
{
	if (p->stuck >= p->n_objects || !p->objects[p->stuck].node)
		return NULL;
	return tree_path(p->objects[p->stuck].node);
}

static errcode_t report_limit(struct solver *s, errcode_t err)
{
	struct plan *p = s->p;
	char need[NUMBER_HUMAN_LEN], have[NUMBER_HUMAN_LEN];

	number_human(need, s->need << p->format.block_bits);
	number_human(have, s->limit << p->format.block_bits);
	if (err == E4PACK_ET_SCATTERED)
		return diag_error(p->diag, NULL, err, "its files do not lie "
				  "whole in the %s that may be used: use "
				  "--max-size or another place", have);
	if (err == E4PACK_ET_NO_SPACE)
		return diag_error(p->diag, NULL, err, "needs at least %s, but "
				  "only %s may be used: use --max-size or "
				  "another place", need, have);
	if (err == E4PACK_ET_NO_INODES)
		return diag_error(p->diag, p->options->inodes.kind ==
				  E4PACK_INODES_RATIO ? "-i" : "-N", err,
				  "more inodes than the file system can hold");
	if (err == E4PACK_ET_TOO_BIG)
		return diag_error(p->diag, "-s", err, "more blocks than the "
				  "file system can count%s",
				  features_has(&p->frame.features, "64bit") ?
				  "" : ": use -O 64bit");
	if (err == ENOMEM)
		return diag_nomem(p->diag);
	if (err == E4PACK_ET_INTERRUPTED)
		return err;
	return diag_error(p->diag, NULL, err, NULL);
}

/* An absolute size that does not do: say what would. */
static errcode_t report_too_small(struct solver *s, uint64_t blocks,
				  errcode_t err)
{
	struct plan *p = s->p;
	char need[NUMBER_HUMAN_LEN], have[NUMBER_HUMAN_LEN];
	char *path = object_path(p);
	bool scattered = err == E4PACK_ET_SCATTERED;
	uint64_t least = 0;
	errcode_t solved;

	s->limit = whole(s, UINT64_MAX >> (p->format.block_bits + 1));
	solved = scattered ? search(s, blocks + s->unit, &least) :
			     solve_min(s, &least);
	/* With -i a larger size can need more than it has. */
	if (!solved && least <= blocks)
		solved = search(s, blocks + s->unit, &least);
	p->solved = false;
	number_human(need, least << p->format.block_bits);
	number_human(have, blocks << p->format.block_bits);
	if (solved)
		err = report_limit(s, solved);
	else if (scattered)
		diag_error(p->diag, path, err, "fits nowhere in one piece: "
			   "needs %s (%" PRIu64 " bytes), the image has %s: "
			   "use --size", need,
			   least << p->format.block_bits, have);
	else
		diag_error(p->diag, NULL, err, "needs %s (%" PRIu64 " bytes), "
			   "the image has %s (%" PRIu64 " bytes): use --size",
			   need, least << p->format.block_bits, have,
			   blocks << p->format.block_bits);
	free(path);
	return err;
}

/* Try @blocks, less those at the end that make no group. */
static errcode_t try_groups(struct solver *s, uint64_t *blocks)
{
	struct geometry g;
	errcode_t err = frame(s, *blocks, &g);

	if (err)
		return err;
	if (g.blocks != *blocks)
		diag_note(s->p->diag, DIAG_VERBOSE, NULL,
			  "the last %" PRIu64 " blocks make no group and are "
			  "left out", *blocks - g.blocks);
	*blocks = g.blocks;
	geometry_release(&g);
	return try_exact(s, *blocks);
}

static errcode_t solve_absolute(struct solver *s, uint64_t blocks,
				uint64_t least)
{
	bool wish = s->p->options->inodes.kind == E4PACK_INODES_DEFAULT;
	errcode_t err;

	if (least && blocks > least)
		s->percent_e6 = (uint64_t)((__uint128_t)(blocks - least) *
					   100000000 / least);
	if (s->percent_e6 < 5000000)
		s->percent_e6 = 5000000;
	err = try_groups(s, &blocks);
	/* The headroom in inodes is a wish; the size is an order. */
	if (err == E4PACK_ET_NO_SPACE || err == E4PACK_ET_SCATTERED ||
	    (wish && err == E4PACK_ET_NO_INODES)) {
		s->percent_e6 = 0;
		err = try_groups(s, &blocks);
	}
	if (err == E4PACK_ET_NO_SPACE || err == E4PACK_ET_SCATTERED ||
	    err == E4PACK_ET_TOO_SMALL ||
	    (wish && err == E4PACK_ET_NO_INODES))
		return report_too_small(s, blocks, err);
	return err ? report_limit(s, err) : 0;
}

static errcode_t solve_over_min(struct solver *s, uint64_t least,
				const struct e4pack_size *size)
{
	uint32_t bits = s->p->format.block_bits;
	uint64_t bytes = least << bits, more, blocks;
	errcode_t err;

	if (size->kind == E4PACK_SIZE_MIN_BYTES)
		more = size->value;
	else
		more = (uint64_t)((__uint128_t)bytes * size->value / 100);
	if (__builtin_add_overflow(bytes, more, &bytes))
		bytes = UINT64_MAX;
	blocks = whole(s, bytes >> bits);
	s->percent_e6 = (uint64_t)((__uint128_t)(blocks - least) * 100000000 /
				   least);
	if (s->percent_e6 < 5000000)
		s->percent_e6 = 5000000;
	err = search(s, blocks, &blocks);
	return err ? report_limit(s, err) : 0;
}

struct e4pack_size plan_size(const struct plan *p)
{
	if (p->options->size.kind == E4PACK_SIZE_DEFAULT)
		return (struct e4pack_size){ E4PACK_SIZE_MIN_PERCENT, 10 };
	return p->options->size;
}

/* A count of inodes is an order, not a wish. */
static errcode_t check_inodes(const struct plan *p)
{
	const struct e4pack_inodes *o = &p->options->inodes;

	if (o->kind != E4PACK_INODES_COUNT || o->value >= least_inodes(p))
		return 0;
	return diag_error(p->diag, "-N", E4PACK_ET_NO_INODES,
			  "needs %" PRIu64 " inodes, %" PRIu64 " were asked "
			  "for", least_inodes(p), o->value);
}

errcode_t plan_solve(struct plan *p, uint64_t limit)
{
	struct solver s = {
		.p = p, .unit = UINT64_C(1) << p->format.cluster_bits,
	};
	const struct e4pack_size size = plan_size(p);
	uint64_t least = 0;
	errcode_t err;

	if (p->live)
		return live_frame_solve(p->live, p);
	err = check_inodes(p);
	if (err)
		return err;
	s.limit = whole(&s, limit >> p->format.block_bits);
	if (size.kind == E4PACK_SIZE_BYTES) {
		uint64_t blocks = whole(&s, size.value >>
					p->format.block_bits);

		s.limit = blocks;
		err = solve_min(&s, &least);
		/* That nothing under the size does is an answer, too. */
		if (err == ENOMEM || err == E4PACK_ET_INTERRUPTED)
			return report_limit(&s, err);
		return solve_absolute(&s, blocks, err ? 0 : least);
	}
	err = solve_min(&s, &least);
	if (err)
		return report_limit(&s, err);
	if (size.kind == E4PACK_SIZE_MIN)
		return 0;
	return solve_over_min(&s, least, &size);
}
