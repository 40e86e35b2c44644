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
 * Margins, as the kernel has them (kernel_margins)
 *	data	free >= n + dirty + meta + resv + root
 *		without root where the writer may use what root may
 *	meta	free >= n + dirty + meta
 *	nonda	2 free < 3 dirty: too little is left to go on promising.
 *		The kernel also asks for free < dirty + (what its per-CPU
 *		counts may be off by); counts here are exact, and free <
 *		dirty is the weaker condition.
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

static uint64_t available(const struct reserve *r, uint64_t margin)
{
	uint64_t spoken = r->dirty + r->meta + margin;

	if (!r->unbounded)
		return r->free > spoken ? r->free - spoken : 0;
	if (!r->limit)
		return UINT64_MAX - spoken - r->claimed_total;
	spoken += r->claimed_total;
	return r->limit > spoken ? r->limit - spoken : 0;
}

uint64_t reserve_available(const struct reserve *r)
{
	uint64_t margin = r->resv + (r->use_root ? 0 : r->root);

	return available(r, r->kernel_margins ? margin : 0);
}

bool nonda_switch(const struct reserve *r)
{
	return !r->unbounded && 2 * r->free < 3 * r->dirty;
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
	if (now > old && now - old > available(r, 0)) {
		if (!r->measure)
			return E4PACK_ET_NO_SPACE;
		r->overrun = true;
	}
	r->meta -= old;
	r->meta += now;
	return 0;
}
