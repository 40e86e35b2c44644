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
 * More inodes than the groups can hold make all groups smaller, in steps of 8
 * blocks: the sizes that stand lie in stretches then, each of which ends with
 * a whole last group.  Such a stretch takes the place of a group.
 *
 * With bigalloc all of these are whole clusters, and so are the steps.
 */
#include "pack/solve.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/number.h"
#include "pack/allocate.h"
#include "pack/frame.h"

/* What libext2fs makes groups smaller by. */
enum { GROUP_STEP = 8 };

static uint64_t middle(const struct solver *s, uint64_t lo, uint64_t hi)
{
	return lo + solver_whole(s, (hi - lo) / 2);
}

uint64_t solver_inodes(const struct solver *s, uint64_t blocks)
{
	return frame_inodes(&s->p->frame, &s->p->options->inodes, blocks,
			    s->p->last_ino, s->percent_e6);
}

uint64_t solver_journal(const struct plan *p, uint64_t blocks)
{
	return frame_journal(&p->frame, p->options, blocks);
}

uint64_t solver_tree_blocks(const struct plan *p)
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
	*ret = solver_tree_blocks(p) + o->space +
	       (map << p->format.cluster_bits);
	return 0;
}

errcode_t solver_frame(struct solver *s, uint64_t blocks, struct geometry *g)
{
	struct geometry_options o = s->p->frame;
	uint64_t own = 0;
	errcode_t err;

	o.blocks = blocks;
	o.inodes = solver_inodes(s, blocks);
	err = progress_check(s->p->progress);
	if (!err)
		err = geometry_init(g, &o);
	if (err)
		return err;
	err = demand(s->p, g, solver_journal(s->p, blocks), &own);
	s->need = g->fixed_blocks + own;
	s->groups = g->groups;
	s->group_blocks = g->group_blocks;
	if (err)
		geometry_release(g);
	return err;
}

errcode_t solver_try(struct solver *s, uint64_t blocks)
{
	struct geometry g;
	errcode_t err = solver_frame(s, blocks, &g);

	if (err)
		return err;
	if (g.blocks != blocks)
		err = E4PACK_ET_TOO_SMALL;
	else if (s->need > blocks)
		err = E4PACK_ET_NO_SPACE;
	else
		err = allocate_all(s->p, &g, solver_journal(s->p, blocks));
	if (err == E4PACK_ET_NO_SPACE && s->need <= blocks)
		err = E4PACK_ET_SCATTERED;
	if (err) {
		geometry_release(&g);
		return err;
	}
	geometry_release(&s->p->geometry);
	s->p->geometry = g;
	s->p->journal_blocks = solver_journal(s->p, blocks);
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

/* Whether the groups of the last frame are smaller than they could be. */
static bool is_shrunk(const struct solver *s)
{
	return s->group_blocks < geometry_group_blocks(&s->p->frame);
}

/* The end of the stretch that @blocks lies in or before, by the number of
 * groups of the last frame. */
static uint64_t stretch_end(const struct solver *s, uint64_t blocks)
{
	uint64_t first = geometry_first_block(&s->p->frame);
	uint64_t step = (uint64_t)s->groups * GROUP_STEP;

	return first + div_round_up(blocks - first, step) * step;
}

/* First size that may need less than @blocks, whose frame is the last one. */
static uint64_t next_frame(const struct solver *s, uint64_t blocks)
{
	uint64_t group = next_group(s, blocks), next;

	if (!is_shrunk(s))
		return group;
	next = stretch_end(s, blocks) + s->unit;
	return next < group ? next : group;
}

/* From @lo (which does not do) to @hi (which does), find the least that does
 * where doing is monotone, as it is inside one group. */
static errcode_t halve(struct solver *s, uint64_t lo, uint64_t hi,
		       uint64_t *ret)
{
	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		errcode_t err = solver_try(s, mid);

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
	return solver_try(s, hi);
}

/* Whether a frame can be made of @blocks and, if that is asked, ends there.
 * Return: 0, E4PACK_ET_TOO_SMALL if not; other codes. */
static errcode_t look_at(struct solver *s, uint64_t blocks, bool ends)
{
	struct geometry g;
	errcode_t err = solver_frame(s, blocks, &g);

	if (err == E4PACK_ET_NO_INODES)
		return E4PACK_ET_TOO_SMALL;
	if (err)
		return err;
	if (ends && g.blocks != blocks)
		err = E4PACK_ET_TOO_SMALL;
	geometry_release(&g);
	return err;
}

/* The least size over @lo, up to @hi, that look_at() is content with; @hi if
 * none is. */
static errcode_t first_good(struct solver *s, uint64_t lo, uint64_t hi,
			    bool ends, uint64_t *ret)
{
	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		errcode_t err = look_at(s, mid, ends);

		if (err && err != E4PACK_ET_TOO_SMALL)
			return err;
		if (err)
			lo = mid;
		else
			hi = mid;
	}
	*ret = hi;
	return 0;
}

/* No frame ends at @blocks: it cannot be made, as groups cannot be made small
 * enough for the inodes, or its last group is too small.  Find the first size
 * in that group, or in the same stretch, without that fault. */
static errcode_t first_standing(struct solver *s, uint64_t blocks,
				uint64_t *ret)
{
	uint64_t hi = next_group(s, blocks) - s->unit, end;
	errcode_t err;

	if (hi <= blocks) {
		*ret = blocks + s->unit;
		return 0;
	}
	err = look_at(s, blocks, false);
	if (err == E4PACK_ET_TOO_SMALL)
		return first_good(s, blocks, hi, false, ret);
	if (err)
		return err;
	if (is_shrunk(s)) {
		end = stretch_end(s, blocks);
		err = end < hi ? look_at(s, end, true) : 0;
		if (err && err != E4PACK_ET_TOO_SMALL)
			return err;
		if (!err && end < hi)
			hi = end;
	}
	return first_good(s, blocks, hi, true, ret);
}

/* The last size that needs what @blocks needs: in its frame only the gap at
 * the end is longer. */
static errcode_t same_need_until(struct solver *s, uint64_t blocks,
				 uint64_t *ret)
{
	uint64_t lo = blocks, hi = next_frame(s, blocks), need = s->need;

	while (hi - lo > s->unit) {
		uint64_t mid = middle(s, lo, hi);
		struct geometry g;
		errcode_t err = solver_frame(s, mid, &g);

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
		err = solver_try(s, *ret);
	return err ? err : halve(s, from, *ret, ret);
}

errcode_t solver_search(struct solver *s, uint64_t from, uint64_t *ret)
{
	errcode_t short_of = E4PACK_ET_NO_SPACE;
	uint64_t b = from, leapt_from = 0;

	for (;;) {
		uint64_t limit_step;
		errcode_t err;

		if (b > s->limit)
			return short_of;
		err = solver_try(s, b);
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
			limit_step = next_frame(s, b);
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
