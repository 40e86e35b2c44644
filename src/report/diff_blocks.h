/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which blocks of two images have other bytes. */
#ifndef E4PACK_REPORT_DIFF_BLOCKS_H
#define E4PACK_REPORT_DIFF_BLOCKS_H

#include "base/progress.h"
#include "image/image.h"

/* Zero it, or diff_blocks_release(). */
struct diff_blocks {
	bool known;		/* the block sizes are equal, all compared */
	uint64_t compared;	/* blocks that both images have */
	uint64_t differ;	/* of them, with other bytes */
	uint64_t differ_in_use;	/* of these, in use in the second image */
	uint64_t only_first, only_second;	/* of the longer image */
	uint32_t shift;		/* log2 of blocks per bit */
	uint8_t *changed;	/* a bit for blocks of which one differs */
};

/* Compare all blocks of @a and @b where they are of one size.  What is a hole
 * in both files is not read.  Reports.
 * Return: 0; ENOMEM; E4PACK_ET_INTERRUPTED (not told); or as image_read()
 * and read_free_runs(). */
errcode_t diff_blocks_compare(struct diff_blocks *d, struct image *a,
			      struct image *b, struct progress *progress);
void diff_blocks_release(struct diff_blocks *d);

/* Whether @len blocks from @pblk on are known to be the same in both. */
bool diff_blocks_same(const struct diff_blocks *d, uint64_t pblk,
		      uint64_t len);

#endif
