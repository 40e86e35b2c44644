// SPDX-License-Identifier: GPL-2.0-or-later
/* Data of an image as runs of blocks: holes need not be read. */
#include "image/read_data.h"

#include <errno.h>

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
