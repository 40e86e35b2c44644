// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The promise.
 *
 * What is kept
 *	free >= dirty + meta		(bounded)
 *	used <= limit			(unbounded, limit not 0)
 *	with used = claimed_total + dirty + meta
 *
 *	free	clusters that no block of the image uses
 *	dirty	clusters promised to delayed blocks: the sum of what each
 *		file has reserved
 *	meta	blocks promised to metadata; each is counted as one cluster,
 *		since metadata blocks share no cluster with others
 *
 * Arithmetic
 *	reserve n	dirty += n, refused if that breaks the inequality
 *	release n	dirty -= n
 *	claim n		dirty -= n and free -= n: both sides go down alike,
 *			so a claim never fails and flush never runs out
 *	meta a -> b	meta += b - a, refused like a reservation
 *
 *	reserved_total - claimed_total = dirty, at any time.
 *
 * A reservation is made whole or not at all: there is nothing to undo.  The
 * allocator keeps the free blocks themselves; free here is their number, and
 * whoever frees blocks, or allocates some without a promise, says so by
 * changing it.
 */
#include "delay/reserve.h"

#include <assert.h>

#include "base/errors.h"

uint64_t reserve_available(const struct reserve *r)
{
	uint64_t spoken = r->dirty + r->meta;

	if (!r->unbounded)
		return r->free > spoken ? r->free - spoken : 0;
	if (!r->limit)
		return UINT64_MAX - spoken - r->claimed_total;
	spoken += r->claimed_total;
	return r->limit > spoken ? r->limit - spoken : 0;
}

errcode_t reserve_space(struct reserve *r, uint64_t n)
{
	if (n > reserve_available(r)) {
		if (!r->measure)
			return E4PACK_ET_NO_SPACE;
		r->overrun = true;
	}
	r->dirty += n;
	r->reserved_total += n;
	return 0;
}

void reserve_release(struct reserve *r, uint64_t n)
{
	assert(n <= r->dirty);
	r->dirty -= n;
	r->reserved_total -= n;
}

void reserve_claim(struct reserve *r, uint64_t n)
{
	assert(n <= r->dirty);
	r->dirty -= n;
	r->claimed_total += n;
	if (r->unbounded)
		return;
	assert(n <= r->free);
	r->free -= n;
}

errcode_t reserve_meta(struct reserve *r, uint64_t old, uint64_t now)
{
	assert(old <= r->meta);
	if (now > old && now - old > reserve_available(r)) {
		if (!r->measure)
			return E4PACK_ET_NO_SPACE;
		r->overrun = true;
	}
	r->meta -= old;
	r->meta += now;
	return 0;
}
