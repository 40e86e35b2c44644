// SPDX-License-Identifier: GPL-2.0-or-later
/* What size was asked for, and what is said when it does not do. */
#include "pack/solve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/number.h"
#include "pack/live_frame.h"

/* Superblock, descriptors and two bitmaps: no frame has fewer, with a table. */
enum { LEAST_FIXED = 4 };

static uint64_t least_inodes(const struct plan *p)
{
	return p->last_ino;
}

static errcode_t solve_min(struct solver *s, uint64_t *ret)
{
	struct plan *p = s->p;
	uint64_t from = solver_tree_blocks(p) + LEAST_FIXED;

	s->percent_e6 = 0;
	from += (uint64_t)((__uint128_t)solver_inodes(s, from) *
			   p->format.inode_size / p->format.block_size);
	from += solver_journal(p, from);
	return solver_search(s, format_whole_clusters(&p->format, from), ret);
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

	s->limit = solver_whole(s, UINT64_MAX >> (p->format.block_bits + 1));
	solved = scattered ? solver_search(s, blocks + s->unit, &least) :
			     solve_min(s, &least);
	/* With -i a larger size can need more than it has. */
	if (!solved && least <= blocks)
		solved = solver_search(s, blocks + s->unit, &least);
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
	errcode_t err = solver_frame(s, *blocks, &g);

	if (err)
		return err;
	if (g.blocks != *blocks)
		diag_note(s->p->diag, DIAG_VERBOSE, NULL,
			  "the last %" PRIu64 " blocks make no group and are "
			  "left out", *blocks - g.blocks);
	*blocks = g.blocks;
	geometry_release(&g);
	return solver_try(s, *blocks);
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
	blocks = solver_whole(s, bytes >> bits);
	s->percent_e6 = (uint64_t)((__uint128_t)(blocks - least) * 100000000 /
				   least);
	if (s->percent_e6 < 5000000)
		s->percent_e6 = 5000000;
	err = solver_search(s, blocks, &blocks);
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
	s.limit = solver_whole(&s, limit >> p->format.block_bits);
	if (size.kind == E4PACK_SIZE_BYTES) {
		uint64_t blocks = solver_whole(&s, size.value >>
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
