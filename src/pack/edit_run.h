/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside of an edit: what its steps share. */
#ifndef E4PACK_PACK_EDIT_RUN_H
#define E4PACK_PACK_EDIT_RUN_H

#include "journal/commit.h"
#include "journal/commit_trace.h"
#include "pack/build.h"
#include "pack/edit_load.h"
#include "pack/edit_space.h"

/* An attribute block that this edit has made. */
struct edit_xattr {
	const struct xattr_set *set;
	size_t room;		/* in the inode, on which its layout depends */
	uint64_t pblk;
	uint32_t refs;
};

/* An inode that holds the value of an attribute. */
struct edit_value {
	uint32_t ino;
	const struct xattr *x;	/* has its bytes; NULL: they are not known */
	uint32_t hash;		/* of these */
	bool on_disk;		/* the image has it */
	uint64_t refs;		/* entries that have it, */
	uint64_t old_refs;	/* and before the edit */
};

struct edit {
	const struct e4pack_options *options;
	struct diag *diag;
	struct stat st;		/* of the image */
	int held;		/* the image, held against others */
	int fd;			/* what is changed: the image, or a copy */
	struct target copy;
	bool has_copy;
	struct image *image;
	struct format format;
	struct changes changes;
	struct group_edit *groups;
	struct edit_space space;
	struct edit_load load;
	struct live live;
	struct build build;	/* what stages: its tree and delay */
	struct journal_file file;	/* for the journal's io */
	struct journal journal;	/* once it was opened */
	struct commit_handle handle;	/* told to the trace, if there is one */
	struct edit_xattr *xattrs;
	size_t n_xattrs, cap_xattrs;
	struct edit_value *values;
	size_t n_values, cap_values;
	uint8_t *ibody;		/* scratch: attributes in an inode, */
	uint8_t *data;		/* and inline data */
	int64_t now;
	enum commit_state state;	/* what the image is, should it fail */
};

/* edit_flush.c: put all that was touched into the changes.  Reports. */
errcode_t edit_flush(struct edit *e);

/* The bytes of inode @ino in its table, to be changed; those of one that is
 * new mean nothing.  Reports. */
errcode_t edit_find_inode(struct edit *e, uint32_t ino, bool is_new,
			  uint8_t **ret);

/* edit_dir.c: put the names of folder @inode into the changes, and what the
 * inode says of them into @v.  @disk: NULL for a new one.  Reports. */
errcode_t edit_put_folder(struct edit *e, struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v);

/* edit_inline.c: whether folder @inode of the image has the names, and the
 * parent, that it has there. */
bool edit_folder_is_kept(const struct edit *e,
			 const struct tree_inode *inode);

/* Find out which data lie in their inodes, and delay blocks
 * for what cannot stay there.  Reports. */
errcode_t edit_settle_inline(struct edit *e);

/* Put the data of @inode, which are in it, into @v and, what system.data
 * keeps of them, e->data.  Reports. */
errcode_t edit_put_inline(struct edit *e, struct tree_inode *inode,
			  struct inode_values *v);

/* edit_map.c: map @n extents of inode @inode, in blocks of its own, into
 * v->i_block; v->blocks grows by these.  Reports. */
errcode_t edit_put_map(struct edit *e, const struct tree_inode *inode,
		       uint32_t generation, const struct extent *extents,
		       size_t n, struct inode_values *v);

/* Find places for @blocks blocks of metadata, in @out.  Reports. */
errcode_t edit_place(struct edit *e, uint64_t blocks, struct run_list *out);

/* Give back the blocks and the mapping that @disk had.  Reports. */
errcode_t edit_free_old(struct edit *e, struct disk_inode *disk);
errcode_t edit_free_old_map(struct edit *e, struct disk_inode *disk);

/* edit_xattr.c: put the attributes of @inode, which are not those on disk or
 * have lost their place to inline data, into the changes and @v; e->data has
 * these.  Reports. */
errcode_t edit_put_xattrs(struct edit *e, const struct tree_inode *inode,
			  struct disk_inode *disk, struct inode_values *v);

/* Let go of the attribute block of @disk, and of values that nobody else
 * has.  Reports. */
errcode_t edit_drop_xattrs(struct edit *e, struct disk_inode *disk);

/* edit_value.c: get to know the inodes that hold values of @disk: before any
 * of these is dropped, or taken again.  Reports. */
errcode_t edit_know_values(struct edit *e, const struct disk_inode *disk);

/* Have one entry more with the value of @x, which outlives the edit, in an
 * inode of its own: *@ino, near inode @owner.  And one less.  Report. */
errcode_t edit_take_value(struct edit *e, uint32_t owner,
			  const struct xattr *x, uint32_t *ino);
errcode_t edit_drop_value(struct edit *e, uint32_t ino);

/* Put what came of these inodes into the changes.  Reports. */
errcode_t edit_put_values(struct edit *e);

/* edit_data.c: put the bytes of files that lie over old ones into the
 * changes; and write those that go to blocks that were free.  Reports. */
errcode_t edit_overwrite(struct edit *e);
errcode_t edit_write_data(struct edit *e);

#endif
