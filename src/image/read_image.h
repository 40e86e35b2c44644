/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of struct image, for the readers of this room only. */
#ifndef E4PACK_IMAGE_READ_IMAGE_H
#define E4PACK_IMAGE_READ_IMAGE_H

#include <ext2fs/ext2fs.h>

#include "image/image.h"
#include "image/overlay.h"
#include "image/read_name.h"

enum { IMAGE_CHUNK = 65536, IMAGE_CHUNKS = 32 };

/* One slot of the read cache. */
struct image_chunk {
	uint8_t *data;		/* IMAGE_CHUNK bytes, or NULL */
	uint64_t number;	/* which chunk of the image */
	bool valid;
};

struct image {
	struct image_geometry geo;
	struct diag *diag;
	const char *path;
	ext2_filsys fs;		/* superblock and group descriptors */
	uint64_t offset;	/* bytes before block 0 */
	uint64_t bytes;		/* of the whole file or device */
	struct overlay overlay;	/* read instead; empty for most images */
	struct name_cache *names;	/* asked for before, or NULL */
	int fd;
	bool csum_told[IMAGE_CSUMS];
	bool edited;		/* what has a wrong checksum is refused */
	struct image_chunk chunks[IMAGE_CHUNKS];	/* by number % slots */
};

/* Read @len bytes at @position of the image, through its overlay; both are
 * whole blocks where there is one.  Return: 0, an errno or E4PACK_ET_SHORT. */
errcode_t image_fetch(struct image *img, uint64_t position, size_t len,
		      void *data);

#endif
