// SPDX-License-Identifier: GPL-2.0-or-later
/* Data of an image where its file has it: holes need not be read, and blocks
 * may go to another file past our memory. */
#include "image/read_data.h"

#include <errno.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"
#include "image/read_image.h"

/* Of the overlay and of the file what comes first: blocks from @from on. */
static void add_overlay(struct run *ret, const struct overlay *o,
			uint64_t from)
{
	size_t i = overlay_from(o, from);

	if (i < o->n && o->blocks[i].home < ret->start) {
		ret->start = o->blocks[i].home;
		ret->len = 1;
	}
}

errcode_t read_next_data(struct run *ret, struct image *img, uint64_t from)
{
	const uint32_t bits = img->geo.block_bits;
	const uint64_t size = img->offset + (img->geo.blocks << bits);
	uint64_t start, end;
	errcode_t err = io_next_data(img->fd, img->offset + (from << bits),
				     size, &start, &end);

	ret->start = img->geo.blocks;
	ret->len = 0;
	if (err && err != ENXIO)
		return diag_error(img->diag, img->path, err,
				  "its holes cannot be found");
	/* A block that has data in part is one that has data. */
	if (!err) {
		ret->start = (start - img->offset) >> bits;
		ret->len = div_round_up(end - img->offset,
					img->geo.block_size) - ret->start;
	}
	add_overlay(ret, &img->overlay, from);
	return 0;
}

errcode_t read_into_file(const struct image *img, uint64_t pblk, uint64_t len,
			 int fd, uint64_t offset, uint64_t *done)
{
	const struct image_geometry *geo = &img->geo;

	*done = 0;
	if (pblk >= geo->blocks ||
	    len > (geo->blocks - pblk) << geo->block_bits)
		return E4PACK_ET_BAD_IMAGE;
	if (overlay_has(&img->overlay, pblk,
			div_round_up(len, geo->block_size)))
		return EOPNOTSUPP;
	return io_copy_range(img->fd, img->offset + (pblk << geo->block_bits),
			     fd, offset, len, done);
}
