/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In what two inodes of two images differ. */
#ifndef E4PACK_REPORT_DIFF_INODE_H
#define E4PACK_REPORT_DIFF_INODE_H

#include "base/buf.h"
#include "image/read_inode.h"
#include "report/diff_blocks.h"
#include "report/file_extents.h"

/* Ways to differ; a set of them is the sum of 1 << way. */
enum diff_way {
	DIFF_TYPE,		/* then nothing else is compared */
	DIFF_CONTENT,		/* the bytes of a file, the target of a link */
	DIFF_DEVICE,
	DIFF_MODE,		/* permissions */
	DIFF_UID, DIFF_GID,
	DIFF_MTIME,
	DIFF_XATTRS,
	DIFF_FLAGS,		/* those that chattr(1) knows */
	DIFF_LINKS,		/* how many names, and which together */
	DIFF_LAYOUT,		/* where its blocks lie */
	DIFF_WAYS
};

enum {
	DIFF_IS_CONTENT = 1 << DIFF_TYPE | 1 << DIFF_CONTENT |
			  1 << DIFF_DEVICE,
	DIFF_IS_LAYOUT = 1 << DIFF_LAYOUT,
};

/* One image of the two; kept from inode to inode for its memory. */
struct diff_side {
	struct image *img;
	const struct inode_info *inode;
	struct file_extents extents;	/* of the inode ... */
	struct buf bytes;	/* ... or its data, where it has them itself */
	bool in_inode;
	size_t at;		/* extent that was looked at last */
	uint8_t *chunk;		/* a piece of the content */
	uint64_t budget;	/* mapping blocks, see read_map.h */
	struct xattr_list *xattrs;
};

struct diff_pair {
	struct diff_side a, b;
	const struct diff_blocks *blocks;
	const struct progress *progress;
	uint64_t to_read;	/* blocks of content, a bound for hostile
				 * images whose files share blocks */
	bool told;		/* that it was reached */
};

/* Make a pair for @a and @b, compared block by block with the result
 * @blocks. */
void diff_pair_init(struct diff_pair *p, struct image *a, struct image *b,
		    const struct diff_blocks *blocks,
		    const struct progress *progress);
void diff_pair_release(struct diff_pair *p);

/* Find the ways in which inode @i of the first and @j of the second image
 * differ.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE when one of them could not be read as a
 * whole; ENOMEM; E4PACK_ET_INTERRUPTED (not told); or as image_read(). */
errcode_t diff_inodes(uint32_t *ways, struct diff_pair *p,
		      const struct inode_info *i, const struct inode_info *j);

/* Inner, diff_content.c: whether the content differs, of inodes of the same
 * type, and whether the places of its blocks do. */
errcode_t diff_content(uint32_t *ways, struct diff_pair *p);

/* Inner, diff_xattr.c: whether the attributes differ. */
errcode_t diff_xattrs(uint32_t *ways, struct diff_pair *p);
void xattr_list_free(struct xattr_list *l);

#endif
