/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What given blocks of an image are.  The image is walked once for all of
 * them: memory goes with the blocks that are asked for, not with the image.
 */
#ifndef E4PACK_REPORT_OWNERS_H
#define E4PACK_REPORT_OWNERS_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"

enum owner_kind {
	OWNER_NONE,		/* not in use, as far as can be seen */
	OWNER_SUPER,		/* first: the group */
	OWNER_DESCRIPTORS,	/* first, last: the groups described */
	OWNER_RESERVED,		/* kept for more descriptors */
	OWNER_BLOCK_BITMAP,	/* first: the group */
	OWNER_INODE_BITMAP,	/* likewise */
	OWNER_INODE_TABLE,	/* first, last: inodes; group */
	OWNER_MAPPING,		/* first: the inode, of which it has a part */
	OWNER_XATTR,		/* likewise: its attributes */
	OWNER_DATA,		/* likewise: its data, whatever it is */
};

struct owned_block {
	uint64_t pblk;
	enum owner_kind kind;
	uint32_t first, last, group;
	uint32_t mode;		/* of the inode */
};

struct sought_path;

/* Zero it, then owners_want(); owners_release(). */
struct owners {
	struct owned_block *blocks;	/* ascending once found */
	size_t n, cap;
	struct sought_path *paths;	/* of the inodes, ascending */
	size_t n_paths;
	bool damaged;		/* what could not be read is not found */
};

void owners_release(struct owners *o);

/* Ask for @pblk; it may be asked for again.  Return: 0 or ENOMEM. */
errcode_t owners_want(struct owners *o, uint64_t pblk);

/* Find them all.  Reports.  Return: 0, also where the image is damaged;
 * ENOMEM; E4PACK_ET_INTERRUPTED; or as read_inodes(). */
errcode_t owners_find(struct owners *o, struct image *img,
		      const struct progress *progress);

/* Put out what block @pblk is, in words. */
void owners_text(const struct owners *o, uint64_t pblk, struct emit *out);

/* The same as a JSON object.  Return: NULL without memory. */
json_t *owners_json(const struct owners *o, uint64_t pblk);

#endif
