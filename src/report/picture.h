/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a report on fragmentation, as SVG: the whole image as a map
 * of its blocks, and its free runs by length.  Its size and the memory it
 * needs are bounded, however large the image is.
 */
#ifndef E4PACK_REPORT_PICTURE_H
#define E4PACK_REPORT_PICTURE_H

#include "base/emit.h"
#include "base/target.h"
#include "report/block_map.h"
#include "report/frag.h"
#include "report/picture_label.h"

enum { FREE_CLASSES = 64 };

/* The path of an inode that a cell is of. */
struct owner_label {
	uint32_t ino;
	char text[PICTURE_LABEL_LEN];	/* empty: not known */
};

struct picture {
	struct image *img;
	const char *path;	/* of the picture */
	struct block_map map;
	/* Free runs by log2 of their length, rounded down. */
	uint64_t free_runs[FREE_CLASSES], free_blocks[FREE_CLASSES];
	struct owner_label *labels;	/* by inode number */
	size_t n_labels;
	struct target target;	/* open unless @path is "-" */
	bool to_file;
};

/* Begin a picture of @img that goes to the file @path ("-": to where the
 * report would go), which must not be the image.  A file that is there is
 * replaced when the picture is whole.  Reports.
 * Return: 0, E4PACK_ET_USAGE, ENOMEM, or as target_open(); in any case
 * picture_release() is due. */
errcode_t picture_open(struct picture *p, struct image *img,
		       const char *path);

/* Give up what picture_write() did not finish.  A zeroed one is fine. */
void picture_release(struct picture *p);

/* Count @n extents of inode @ino. */
void picture_add(struct picture *p, enum block_kind kind,
		 uint32_t ino, const struct extent *e, size_t n);

/* Count a run of free blocks. */
void picture_add_free(struct picture *p, uint64_t start, uint64_t len);

/* Call when all is counted: draw it, with the figures of @result, into the
 * file, or to @out.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE where folders were passed over in the search
 * for paths, the picture being whole; ENOMEM; or an errno of the file. */
errcode_t picture_write(struct picture *p, const struct frag_result *result,
			struct emit *out);

#endif
