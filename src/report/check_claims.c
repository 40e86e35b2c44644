// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose is each block?  Every block of a clean image has one owner or none:
 *
 *	in use = fixed + data + mappings + xattr blocks, without overlap
 *
 * so a bit for each cluster is enough: a claim that finds its bit set is a
 * fault of the later one, and what is set in the end is what the block
 * bitmaps have to say.  Two extents of one file may meet inside a cluster;
 * who claims them leaves the shared one out.
 */
#include <inttypes.h>

#include "report/check.h"

uint64_t claim_blocks(struct check *c, uint32_t ino, uint64_t pblk,
		      uint64_t len, bool *taken)
{
	const uint32_t shift = c->geo->cluster_bits;
	const uint64_t start = pblk >> shift;
	const uint64_t n = ((pblk + len - 1) >> shift) - start + 1;
	uint64_t first = 0, twice = bits_add_run(&c->blocks, start, n, &first);

	*taken = twice;
	if (!twice)
		return n;
	first <<= shift;
	if (first < pblk)
		first = pblk;
	fault_inode(c->faults, ino, "block %" PRIu64 " belongs to something "
		    "else, too (%" PRIu64 " of a run of %" PRIu64 " %s)",
		    first, twice, n, shift ? "clusters" : "blocks");
	return n;
}
