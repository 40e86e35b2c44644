/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first look at a file that may be an image; trusts nothing in it. */
#ifndef E4PACK_IMAGE_READ_SUPER_H
#define E4PACK_IMAGE_READ_SUPER_H

#include "image/image.h"

/* The file as it was opened. */
struct super_source {
	const char *path;
	struct diag *diag;
	uint64_t offset;	/* bytes before the image */
	uint64_t bytes;		/* of the whole file or device */
	int fd;
};

/* Read and check the superblock; @geo gets all but csum_seed.  Reports.
 * Return: as image_open(). */
errcode_t read_super(struct image_geometry *geo,
		     const struct super_source *src);

/* Check the 1024 bytes at @bytes as read_super() does.  Reports.
 * Return: as image_open(). */
errcode_t check_super(struct image_geometry *geo, const uint8_t *bytes,
		      const struct super_source *src);

/* Return: what the file looks like ("xfs"), or NULL when it cannot be told. */
const char *read_sniff(const struct super_source *src);

#endif
