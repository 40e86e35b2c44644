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

/* Copy @len bytes that begin at block @pblk to @offset of the file @fd, inside
 * the kernel.  Does not report.
 * Return: 0, or where that does not work as io_copy_range(), *@done bytes
 * being copied; EOPNOTSUPP where the overlay has some of them;
 * E4PACK_ET_BAD_IMAGE for a place outside of the image. */
errcode_t read_into_file(const struct image *img, uint64_t pblk, uint64_t len,
			 int fd, uint64_t offset, uint64_t *done);

#endif
