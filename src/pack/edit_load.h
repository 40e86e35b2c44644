/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tree and the delayed files of an edit ask of the image: names,
 * inodes and mappings, read when they are needed and kept as they were. */
#ifndef E4PACK_PACK_EDIT_LOAD_H
#define E4PACK_PACK_EDIT_LOAD_H

#include "image/changes.h"
#include "image/dir_edit.h"
#include "image/read_inode.h"
#include "tree/tree.h"

/* The value of an attribute that has an inode of its own. */
struct disk_value {
	uint32_t ino;
	bool in_block;		/* where the attribute lies */
	const struct xattr *x;	/* of the set */
	uint32_t len, hash;	/* of its bytes, to find it there */
};

/* An inode as it is on disk. */
struct disk_inode {
	struct inode_info info;
	const struct xattr_set *xattrs;	/* as the tree interned them */
	bool body_xattrs;	/* some of these lie in the inode */
	uint64_t xattr_blocks;	/* that it counts for their sake */
	struct disk_value *values;
	size_t n_values, cap_values;
	bool kept;		/* its inline data stay as they lie */
	uint32_t room;		/* bytes behind its fields, for attributes */
	struct origin *data;	/* inline data of a file, owned ... */
	uint64_t data_len;	/* ... and how many bytes of it count */
	struct extent *extents;	/* its mapping, once it was asked for */
	size_t n_extents, cap_extents;
	uint64_t *maps;		/* blocks that hold the mapping */
	size_t n_maps, cap_maps;
	bool mapped;		/* the mapping was read */
	struct run *forgotten;	/* blocks of the file that were a hole at some
				 * time of the edit, any order */
	size_t n_forgotten, cap_forgotten;
	struct dir_edit dir;	/* a folder, once it was looked into */
	bool opened;		/* it was */
};

struct edit_load {
	struct image *image;
	struct changes *changes;
	struct diag *diag;
	struct tree *tree;
	struct disk_inode **inodes;	/* by the serial of the tree's inode;
					 * NULL for new ones */
	size_t n, cap;
};

void edit_load_init(struct edit_load *l, struct image *image,
		    struct changes *changes, struct tree *tree,
		    struct diag *diag);
void edit_load_release(struct edit_load *l);

/* The calls for tree_options.image, with the struct edit_load. */
extern const struct tree_image edit_load_image;

/* Free what @d owns, and set it to zeros. */
void disk_inode_release(struct disk_inode *d);

/* Return: what is kept of @inode, or NULL for a new one. */
struct disk_inode *edit_load_find(const struct edit_load *l,
				  const struct tree_inode *inode);

/* Whether the data of @d lie in the inode. */
static inline bool edit_load_is_inline(const struct disk_inode *d)
{
	return d && d->info.flags & INODE_FLAG_INLINE;
}

/* Have the mapping of @d in it, which is empty for inline data.  Reports. */
errcode_t edit_load_map(struct edit_load *l, struct disk_inode *d);

/* Note that blocks of @inode became a hole.  Return: 0 or ENOMEM. */
errcode_t edit_load_forget(struct edit_load *l,
			   const struct tree_inode *inode, uint32_t lblk,
			   uint32_t len);

/* Whether block @pblk on disk holds the bytes that the file @d (NULL: a new
 * one) has in block @lblk, as far as the edit does not change them. */
bool edit_load_has_bytes(const struct disk_inode *d, uint32_t lblk,
			 uint64_t pblk);

/* Have the folder @d open for changes.  Reports. */
errcode_t edit_load_folder(struct edit_load *l, struct disk_inode *d);

/* delay_ops.query_blocks() for the file of @inode.  Reports. */
errcode_t edit_load_query(struct edit_load *l,
			  const struct tree_inode *inode,
			  struct es_extent *e);

#endif
