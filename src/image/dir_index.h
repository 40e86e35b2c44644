/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of dir_edit.h: the hash index of a folder, read from the top. */
#ifndef E4PACK_IMAGE_DIR_INDEX_H
#define E4PACK_IMAGE_DIR_INDEX_H

#include "image/dir_edit.h"

enum { DIR_INDEX_LEVELS = 3 };	/* of index blocks, with large_dir */

/* One index block on the way down. */
struct dir_index_frame {
	uint8_t *block;		/* a copy */
	uint32_t entries;	/* bytes before entry 0 */
	uint32_t count;		/* entries in use */
	uint32_t at;		/* the one that was followed */
};

/* The way to a leaf. */
struct dir_index {
	struct dir_edit *d;
	struct dir_index_frame frames[DIR_INDEX_LEVELS];
	uint32_t levels;	/* frames in use */
	uint32_t hash;		/* that was looked for */
	uint32_t leaf;		/* logical block */
};

/* Find the leaf for a name.  Reports; dir_index_release() in any case. */
errcode_t dir_index_probe(struct dir_index *x, struct dir_edit *d,
			  const char *name, size_t len);

/* Go on to the next leaf; *@more false if that cannot hold the hash.
 * Reports. */
errcode_t dir_index_next(struct dir_index *x, bool *more);
void dir_index_release(struct dir_index *x);

/* Check the checksum of index block @block, which is the root or not.
 * Reports. */
errcode_t dir_index_check_csum(const struct dir_edit *d, const uint8_t *block,
			       bool is_root);

/* Make the checksum of the index root @block right. */
void dir_index_set_csum(const struct dir_edit *d, uint8_t *block);

/* Inside of dir_edit.c: where block @lblk of the folder lies.  Reports. */
errcode_t dir_edit_place(const struct dir_edit *d, uint32_t lblk,
			 uint64_t *pblk);

#endif
