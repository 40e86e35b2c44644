/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file in the delayed-allocation buffer: its extent status tree, its
 * reservation, its sizes, and where its bytes are.  It has no name here.
 */
#ifndef E4PACK_DELAY_DELAYED_FILE_H
#define E4PACK_DELAY_DELAYED_FILE_H

#include <stdint.h>

#include <et/com_err.h>

#include "delay/content.h"
#include "delay/extent_status.h"
#include "delay/reserve.h"
#include "image/format.h"
#include "source/origin.h"

/* What all files of one image share. */
struct delay {
	struct reserve reserve;
	struct es_stats es_stats;
	uint32_t block_bits;	/* log2 of the block size in bytes */
	uint32_t cluster_bits;	/* log2 of blocks per cluster */
};

struct delayed_file {
	struct es_tree es;
	struct content content;
	uint64_t size;		/* i_size, bytes */
	uint64_t disksize;	/* i_disksize: size as far as mapped */
	uint32_t reserved;	/* i_reserved, clusters */
};

/* Make an empty file; allocates nothing. */
void delayed_file_init(struct delayed_file *f);

/* Free the contents; what is still reserved is released. */
void delayed_file_release(struct delayed_file *f, struct delay *d);

/* Stage @len bytes at @pos, which lie at @offset in @origin (NULL: zeros).
 * Goes through da_map_blocks() for every block of the range and records
 * where the bytes are; moves the size when the write ends past it.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE (nothing of this call stays);
 * EFBIG past the last logical block. */
errcode_t da_write(struct delay *d, struct delayed_file *f, uint64_t pos,
		   uint64_t len, struct origin *origin, uint64_t offset);

/* Set the size: growing leaves a hole, shrinking drops what lies behind and
 * releases its reservation.  Return: 0, ENOMEM or EFBIG. */
errcode_t da_truncate(struct delay *d, struct delayed_file *f, uint64_t size);

/* Blocks with status delayed. */
uint64_t delayed_file_delayed_blocks(const struct delayed_file *f);

/* Extents that the file will have when its delayed blocks are put, in
 * logical order, into @n runs: the on-disk limit counted, neighbours that
 * touch on both sides joined.  With @n 0: in one run (the ideal). */
uint64_t delayed_file_count_extents(const struct delayed_file *f,
				    const struct run *runs, size_t n);

/* Extents on disk, ascending, in an array that grows. */
struct extent_list {
	struct extent *extents;
	size_t n, cap;
};

void extent_list_release(struct extent_list *l);

/* Append every written and unwritten extent of @f, cut at the on-disk
 * limits, to @out.  Return: 0, ENOMEM, or E4PACK_ET_BUG if a block is still
 * delayed. */
errcode_t delayed_file_extents(const struct delayed_file *f,
			       struct extent_list *out);

#endif
