// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of fragmentation; frag_count.h says what is counted. */
#include "report/frag_count.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"

/* The index of the fixed run that begins at @pblk, or n. */
static size_t find_fixed(const struct fixed_runs *fixed, uint64_t pblk)
{
	size_t lo = 0, hi = fixed->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (fixed->runs[mid].start < pblk)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < fixed->n && fixed->runs[lo].start == pblk ? lo : fixed->n;
}

/* Whether any allocator had to break a run of @n blocks between a piece that
 * ends before @end and the one that begins at @start. */
static bool is_unavoidable(const struct fixed_runs *fixed, uint64_t end,
			   uint64_t start, uint64_t n)
{
	size_t i = find_fixed(fixed, end);
	uint64_t gap_start = 0;

	if (i == fixed->n || fixed->runs[i].start + fixed->runs[i].len != start)
		return false;
	if (i)
		gap_start = fixed->runs[i - 1].start + fixed->runs[i - 1].len;
	return n > end - gap_start;
}

static bool continues(const struct extent *a, const struct extent *b)
{
	return a->lblk + (uint64_t)a->len == b->lblk &&
	       a->unwritten == b->unwritten;
}

/* Blocks of the clusters that @blocks blocks from @lblk on lie in. */
static uint64_t cluster_blocks(const struct fixed_runs *fixed, uint32_t lblk,
			       uint64_t blocks)
{
	uint64_t mask = (UINT64_C(1) << fixed->cluster_bits) - 1;

	return ((lblk + blocks + mask) & ~mask) - (lblk & ~mask);
}

/* Count @n extents that make one run of @blocks blocks. */
static void count_run(struct frag_counts *c, const struct extent *e, size_t n,
		      const struct fixed_runs *fixed, uint64_t blocks)
{
	const uint64_t max = e->unwritten ? EXTENT_UNWRITTEN_MAX :
					    EXTENT_WRITTEN_MAX;
	const uint64_t whole = cluster_blocks(fixed, e->lblk, blocks);
	uint64_t piece = 0, chain = 0, needed = 0;
	size_t i;

	c->ideal += div_round_up(blocks, max);
	for (i = 0; i < n; i++) {
		uint64_t end = e[i].pblk + e[i].len;

		piece += e[i].len;
		if (i + 1 < n && e[i + 1].pblk == end)
			continue;
		needed += div_round_up(piece, max);
		chain += piece;
		piece = 0;
		if (i + 1 < n &&
		    is_unavoidable(fixed, end, e[i + 1].pblk, whole))
			continue;
		c->unavoidable += needed - div_round_up(chain, max);
		needed = chain = 0;
	}
}

void frag_count(struct frag_counts *ret, const struct extent *e, size_t n,
		const struct fixed_runs *fixed)
{
	size_t first, end;

	memset(ret, 0, sizeof(*ret));
	ret->extents = n;
	for (first = 0; first < n; first = end) {
		uint64_t blocks = e[first].len;

		for (end = first + 1;
		     end < n && continues(&e[end - 1], &e[end]); end++)
			blocks += e[end].len;
		count_run(ret, e + first, end - first, fixed, blocks);
		ret->blocks += blocks;
	}
}

void frag_counts_add(struct frag_counts *sum, const struct frag_counts *more)
{
	sum->blocks += more->blocks;
	sum->extents += more->extents;
	sum->ideal += more->ideal;
	sum->unavoidable += more->unavoidable;
}

uint64_t frag_counts_excess(const struct frag_counts *c)
{
	return c->extents - c->ideal - c->unavoidable;
}

double frag_counts_score(const struct frag_counts *c)
{
	uint64_t most = c->blocks - c->ideal;

	return 100.0 * (1.0 - (double)frag_counts_excess(c) /
			      (double)(most ? most : 1));
}

double frag_counts_score_shown(const struct frag_counts *c)
{
	return (double)(uint64_t)(100.0 * frag_counts_score(c)) / 100.0;
}
