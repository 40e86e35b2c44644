// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The aggressive recheck of --enable-verify: what the ES tree answers is asked
 * of the map on disk again.
 *
 *	the tree says	the disk must say
 *	written		written, at the same places
 *	unwritten	unwritten, at the same places
 *	hole, delayed	hole
 *
 * Only while the mapping is the one on disk: a pinned file has another, and
 * its tree is all that knows it.
 */
#include "delay/da_map.h"

#include <stddef.h>

#include "base/errors.h"

/* Whether the disk, which has @e at @lblk, and @map say the same. */
static bool agree(const struct da_map *map, const struct es_extent *e,
		  uint32_t lblk)
{
	uint64_t pblk = map->pblk + (lblk - map->lblk);

	if (!(map->status & ES_MAPPED))
		return e->status == ES_HOLE;
	return e->status == map->status && e->pblk + (lblk - e->lblk) == pblk;
}

errcode_t da_recheck(const struct delay *d, const struct delayed_file *f,
		     const struct da_map *map)
{
	uint32_t end = map->lblk + map->len, lblk = map->lblk;
	errcode_t err;

	if (!f->on_disk || f->pinned || !d->ops || !d->ops->query_blocks)
		return 0;
	while (lblk < end) {
		struct es_extent e = { .lblk = lblk };

		err = d->ops->query_blocks(d->ops_arg, f, &e);
		if (err)
			return err;
		if (!agree(map, &e, lblk))
			return E4PACK_ET_BUG;
		lblk = e.lblk + e.len;
	}
	return 0;
}
