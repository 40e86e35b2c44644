/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The content of a file, from its first byte to its size. */
#ifndef E4PACK_IMAGE_READ_FILE_H
#define E4PACK_IMAGE_READ_FILE_H

#include "image/read_inode.h"

/* Who is told.  A code other than 0 from either call ends the reading. */
struct file_visitor {
	/* The next @len bytes, at most 1 MiB; valid during the call. */
	errcode_t (*data)(void *arg, const uint8_t *data, size_t len);
	/* The next @len bytes read as zero: a hole, or unwritten. */
	errcode_t (*zero)(void *arg, uint64_t len);
	void *arg;
	uint64_t *budget;	/* as in struct map_visitor */
};

/* Read all of @i, which has data: a file or the value of an attribute.
 * Inline data and indirect blocks are read likewise.  What is encrypted is
 * given as it lies.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE also for a size that no file can have; what
 * a callback returned; or as read_map(). */
errcode_t read_file(struct image *img, const struct inode_info *i,
		    const struct file_visitor *v);

#endif
