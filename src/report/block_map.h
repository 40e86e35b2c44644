/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A whole image as a few thousand cells of equal size, each with the counts
 * of what its blocks are.  The memory does not depend on the image.
 */
#ifndef E4PACK_REPORT_BLOCK_MAP_H
#define E4PACK_REPORT_BLOCK_MAP_H

#include "image/format.h"
#include "image/image.h"

enum block_kind {
	BLOCKS_FILE,		/* of files, and of links that have blocks */
	BLOCKS_FRAGMENTED,	/* of files that are fragmented */
	BLOCKS_FOLDER,
	BLOCKS_JOURNAL,
	BLOCKS_OTHER,		/* metadata, and all else in use */
	BLOCKS_FREE,
	BLOCK_KINDS
};

enum { BLOCK_MAP_CELLS = 4096 };	/* the most there are */

struct block_cell {
	uint64_t blocks[BLOCK_KINDS];
	uint64_t piece;		/* of the owner, the largest; blocks */
	uint32_t owner;		/* inode; a fragmented file before others; 0 */
	uint32_t last;		/* inode that was counted last */
	uint32_t owners;	/* inodes with blocks in it */
	uint32_t skip;		/* first cell from this one on that may still
				 * take a whole run */
	enum block_kind owner_kind;
};

struct block_map {
	struct block_cell *cells;
	uint32_t n;
	uint32_t cell_bits;	/* log2 of blocks per cell */
	uint32_t cluster_bits;
	uint64_t blocks;	/* of the image */
};

/* Make a map in which nothing is counted: the fewest blocks per cell, a
 * power of 2, that need no more than BLOCK_MAP_CELLS.  Return: 0 or ENOMEM. */
errcode_t block_map_init(struct block_map *m,
			 const struct image_geometry *geo);
void block_map_release(struct block_map *m);

/* Count @len blocks from @start on, inside of the image, of inode @ino (0:
 * of none).  All of one inode come together.  The time all calls take is
 * linear in their number and the cells, also where runs overlap. */
void block_map_add(struct block_map *m, enum block_kind kind, uint32_t ino,
		   uint64_t start, uint64_t len);

/* Count the clusters of the @n extents of @ino. */
void block_map_add_extents(struct block_map *m, enum block_kind kind,
			   uint32_t ino, const struct extent *e, size_t n);

/* Call when all is counted: the rest of each cell is BLOCKS_OTHER, and the
 * sum of a cell is its size, also where runs overlapped. */
void block_map_finish(struct block_map *m);

/* Blocks in cell @i: the last one may have fewer. */
uint64_t block_map_size(const struct block_map *m, uint32_t i);

#endif
