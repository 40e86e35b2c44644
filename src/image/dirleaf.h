/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block of a folder that holds names: records end to end, the last one
 * stretched to the end, then the checksum where metadata_csum is on.
 */
#ifndef E4PACK_IMAGE_DIRLEAF_H
#define E4PACK_IMAGE_DIRLEAF_H

#include "image/dirblock.h"

enum {
	DIRLEAF_DOTS = 24,	/* bytes of "." and ".." in block 0 */
	DIRLEAF_TAIL = 12,	/* bytes of the checksum record */
};

/* Fills one block after the other. */
struct dirleaf {
	const struct format *fmt;
	uint32_t seed;		/* of the folder's checksums */
	uint8_t *block;
	uint32_t used;		/* bytes of records */
	uint32_t last;		/* where the last record begins */
};

/* Return: the bytes that a name of @len bytes takes. */
static inline uint32_t dirleaf_record(uint8_t len)
{
	return (8u + len + 3) & ~3u;
}

/* Return: the bytes for records in one block. */
static inline uint32_t dirleaf_room(const struct format *fmt)
{
	return fmt->block_size - (fmt->metadata_csum ? DIRLEAF_TAIL : 0);
}

/* Write a record of @rec_len bytes at @at; the bytes behind the name stay. */
void dirleaf_put(uint8_t *at, const struct format *fmt, uint32_t rec_len,
		 const struct dir_name *name);

/* Write "." and ".." to the 24 bytes at @at; ".." takes @rec_len bytes. */
void dirleaf_put_dots(uint8_t *at, const struct format *fmt,
		      uint32_t rec_len, uint32_t ino, uint32_t parent);

/* Begin an empty block. */
void dirleaf_begin(struct dirleaf *d, uint8_t *block);

/* Add "." and ".." to a block just begun. */
void dirleaf_add_dots(struct dirleaf *d, uint32_t ino, uint32_t parent);

/* Whether @name has room in the block. */
bool dirleaf_fits(const struct dirleaf *d, const struct dir_name *name);

/* Add @name, which fits. */
void dirleaf_add(struct dirleaf *d, const struct dir_name *name);

/* Finish the block; without a record it is an empty one. */
void dirleaf_end(struct dirleaf *d);

#endif
