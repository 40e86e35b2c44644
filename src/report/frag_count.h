/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How far the layout of a file is from the best one there could be.  Pure:
 * it works on lists of extents and knows no image.
 *
 * For each run of logically adjacent blocks of one status, n blocks long and
 * lying in contiguous pieces p1, p2, ..., with M = 32768 (unwritten: 32767):
 *
 *	ideal	     ceil(n / M)
 *	unavoidable  for each chain of pieces between whose neighbours nothing
 *		     but fixed metadata lies, where n is more than the gap in
 *		     front of that metadata holds:
 *		     sum of ceil(piece / M) - ceil(sum of pieces / M)
 *		     (with bigalloc, n and what is in its clusters around it)
 *
 * so that ideal + unavoidable <= the least number of extents that describes
 * the layout <= extents, the number stored.
 */
#ifndef E4PACK_REPORT_FRAG_COUNT_H
#define E4PACK_REPORT_FRAG_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "image/format.h"

struct frag_counts {
	uint64_t blocks;	/* mapped, without those of the mapping */
	uint64_t extents, ideal, unavoidable;
};

/* What stands in the way: runs sorted, neither touching nor overlapping. */
struct fixed_runs {
	const struct run *runs;
	size_t n;
	uint32_t cluster_bits;	/* log2 of blocks per cluster */
};

/* Count @n extents, ascending and not overlapping, of one file. */
void frag_count(struct frag_counts *ret, const struct extent *e, size_t n,
		const struct fixed_runs *fixed);

/* Add @more to @sum. */
void frag_counts_add(struct frag_counts *sum, const struct frag_counts *more);

/* extents - ideal - unavoidable: what a better layout would save. */
uint64_t frag_counts_excess(const struct frag_counts *c);

/* 100 where nothing could be saved, 0 where each block has an extent. */
double frag_counts_score(const struct frag_counts *c);

/* The same with two digits behind the point, rounded down: 100.00 says that
 * nothing could be saved, however large the image. */
double frag_counts_score_shown(const struct frag_counts *c);

#endif
