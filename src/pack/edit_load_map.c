// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings of an image that is edited, as they are on disk, and which of
 * their blocks still hold the bytes of their file. */
#include "pack/edit_load.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_map.h"

static errcode_t add_extent(void *arg, const struct extent *e)
{
	struct disk_inode *d = arg;

	if (array_reserve(&d->extents, &d->cap_extents, d->n_extents + 1,
			  sizeof(*d->extents)))
		return ENOMEM;
	d->extents[d->n_extents++] = *e;
	return 0;
}

static errcode_t add_map(void *arg, uint64_t pblk)
{
	struct disk_inode *d = arg;

	if (array_reserve(&d->maps, &d->cap_maps, d->n_maps + 1,
			  sizeof(*d->maps)))
		return ENOMEM;
	d->maps[d->n_maps++] = pblk;
	return 0;
}

errcode_t edit_load_map(struct edit_load *l, struct disk_inode *d)
{
	const struct map_visitor v = {
		.extent = add_extent, .meta = add_map, .arg = d,
	};
	errcode_t err;

	if (d->mapped)
		return 0;
	if (edit_load_is_inline(d))
		return 0;
	err = read_map(l->image, &d->info, &v);
	d->mapped = !err;
	return err == ENOMEM ? diag_nomem(l->diag) : err;
}

/* The first extent that ends behind @lblk. */
static size_t extent_from(const struct disk_inode *d, uint32_t lblk)
{
	size_t lo = 0, hi = d->n_extents;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct extent *e = &d->extents[mid];

		if ((uint64_t)e->lblk + e->len <= lblk)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const struct extent *find_extent(const struct disk_inode *d,
					uint32_t lblk)
{
	size_t i = extent_from(d, lblk);

	return i < d->n_extents && d->extents[i].lblk <= lblk ?
		&d->extents[i] : NULL;
}

errcode_t edit_load_forget(struct edit_load *l,
			   const struct tree_inode *inode, uint32_t lblk,
			   uint32_t len)
{
	struct disk_inode *d = edit_load_find(l, inode);

	if (array_reserve(&d->forgotten, &d->cap_forgotten,
			  d->n_forgotten + 1, sizeof(*d->forgotten)))
		return ENOMEM;
	d->forgotten[d->n_forgotten++] = (struct run){ lblk, len };
	return 0;
}

bool edit_load_has_bytes(const struct disk_inode *d, uint32_t lblk,
			 uint64_t pblk)
{
	const struct extent *x = d ? find_extent(d, lblk) : NULL;
	size_t i;

	if (!x || x->unwritten || x->pblk + (lblk - x->lblk) != pblk)
		return false;
	for (i = 0; i < d->n_forgotten; i++)
		if (lblk >= d->forgotten[i].start &&
		    lblk - d->forgotten[i].start < d->forgotten[i].len)
			return false;
	return true;
}

errcode_t edit_load_query(struct edit_load *l,
			  const struct tree_inode *inode,
			  struct es_extent *e)
{
	struct disk_inode *d = edit_load_find(l, inode);
	const struct extent *x;
	uint32_t lblk = e->lblk;
	size_t i;
	errcode_t err = edit_load_map(l, d);

	if (err)
		return err;
	x = find_extent(d, lblk);
	if (x) {
		*e = (struct es_extent){ x->lblk, x->len, x->pblk,
			x->unwritten ? ES_UNWRITTEN : ES_WRITTEN };
		return 0;
	}
	i = extent_from(d, lblk);
	e->lblk = i ? d->extents[i - 1].lblk + d->extents[i - 1].len : 0;
	e->len = (i < d->n_extents ? d->extents[i].lblk : ES_MAX_BLOCKS) -
		 e->lblk;
	e->pblk = 0;
	e->status = ES_HOLE;
	return 0;
}
