/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the file of an image has data; all else of it reads as zeros. */
#ifndef E4PACK_IMAGE_READ_DATA_H
#define E4PACK_IMAGE_READ_DATA_H

#include "image/format.h"
#include "image/image.h"

/* Find the first run of blocks from @from on that have data in the file, as
 * far as its file system knows.  Reports.
 * Return: 0; with len 0 when there are none up to the end; or an errno. */
errcode_t read_next_data(struct run *ret, struct image *img, uint64_t from);

#endif
