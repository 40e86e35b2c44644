// SPDX-License-Identifier: GPL-2.0-or-later
/* Data of the image's file as runs of blocks: holes need not be read. */
#include "image/read_data.h"

#include <errno.h>

#include "base/fileio.h"
#include "base/number.h"
#include "image/read_image.h"

errcode_t read_next_data(struct run *ret, struct image *img, uint64_t from)
{
	const uint32_t bits = img->geo.block_bits;
	const uint64_t size = img->offset + (img->geo.blocks << bits);
	uint64_t start, end;
	errcode_t err = io_next_data(img->fd, img->offset + (from << bits),
				     size, &start, &end);

	ret->start = img->geo.blocks;
	ret->len = 0;
	if (err == ENXIO)
		return 0;
	if (err)
		return diag_error(img->diag, img->path, err,
				  "its holes cannot be found");
	/* A block that has data in part is one that has data. */
	ret->start = (start - img->offset) >> bits;
	ret->len = div_round_up(end - img->offset, img->geo.block_size) -
		   ret->start;
	return 0;
}
