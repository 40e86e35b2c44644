// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking up the blocks of an overlay. */
#include "image/overlay.h"

#include <stdlib.h>
#include <string.h>

void overlay_release(struct overlay *o)
{
	free(o->blocks);
	memset(o, 0, sizeof(*o));
}

size_t overlay_from(const struct overlay *o, uint64_t pblk)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (o->blocks[mid].home < pblk)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool overlay_has(const struct overlay *o, uint64_t pblk, uint64_t count)
{
	size_t i = overlay_from(o, pblk);

	return i < o->n && o->blocks[i].home - pblk < count;
}
