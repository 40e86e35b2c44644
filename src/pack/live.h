/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image that takes form while it is filled: its free space is known from
 * the beginning, so that blocks can be allocated before the end.  See live.c
 * for what is kept.
 */
#ifndef E4PACK_PACK_LIVE_H
#define E4PACK_PACK_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "alloc/mballoc.h"
#include "base/diag.h"
#include "e4pack.h"
#include "tree/tree.h"

/* Where blocks and inode numbers come from; all get live.space_arg.  A new
 * image has them from its frame, one that is edited from its groups. */
struct live_space_ops {
	/* Serve the whole of @req, in as many runs as it takes; with @data
	 * the beginning of it will do.
	 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE; with nothing changed. */
	errcode_t (*allocate)(void *arg, struct run_list *out,
			      const struct alloc_request *req, bool data);
	/* Blocks of @inode are not in use any more.  *@reusable: how many of
	 * them may be given again before the end.
	 * Return: 0 or ENOMEM. */
	errcode_t (*release)(void *arg, const struct tree_inode *inode,
			     uint64_t pblk, uint64_t len, uint64_t *reusable);
	/* Find a number for an inode, made in folder @dir (NULL: nobody knows
	 * where).  Return: 0; ENOMEM; E4PACK_ET_NO_INODES. */
	errcode_t (*take_number)(void *arg, const struct tree_inode *inode,
				 const struct tree_inode *dir, uint32_t *ino);
	/* The last name of @inode is gone.  Return: 0 or ENOMEM. */
	errcode_t (*give_number)(void *arg, const struct tree_inode *inode);
	/* delay_ops.forget_blocks().  NULL: nothing is on disk. */
	errcode_t (*forget)(void *arg, const struct tree_inode *inode,
			    uint32_t lblk, uint32_t len);
	/* A file is not open any more.  NULL: that changes nothing. */
	void (*close)(void *arg, const struct tree_inode *inode);
	/* delay_ops.query_blocks().  NULL: no file has a mapping yet. */
	errcode_t (*query)(void *arg, const struct tree_inode *inode,
			   struct es_extent *e);
};

/* What is kept of an inode beside the tree, by its serial. */
struct live_inode {
	uint32_t promised;	/* clusters of metadata in reserve.meta */
	uint32_t in_use;	/* those of them that it has by now */
	bool dirty;		/* is in the list of dirty files */
	bool touched;		/* is in the list of those that changed */
};

struct live {
	const struct e4pack_options *options;
	const struct format *format;
	struct diag *diag;
	struct tree *tree;
	const struct live_space_ops *space;
	void *space_arg;
	bool keep_touched;	/* fill the list of touched inodes */
	bool closed;		/* who allocates has no file open */
	errcode_t failed;	/* what a step that cannot fail met */

	struct live_inode *inodes;	/* by serial */
	size_t n_inodes, cap_inodes;
	struct tree_inode **dirty;	/* files in the order in which they
					 * became so */
	size_t n_dirty, cap_dirty;
	struct tree_inode **touched;	/* all that ever changed, in order */
	size_t n_touched, cap_touched;
	uint64_t in_use;	/* clusters of metadata of all inodes */
	uint64_t flushes;	/* passes that placed something */
};

/* Whether these options need an image that is live. */
bool live_is_needed(const struct e4pack_options *o);

/* Let the delay of l->tree allocate through @l, whose members up to space_arg
 * are set, and settle what the tree has already.  reserve.free is set.
 * Return: as live_settle(); live_release() in any case. */
errcode_t live_begin(struct live *l);
void live_release(struct live *l);

/* Settle what changed since the last call: new inodes get their numbers,
 * metadata its promise, and what is over the dirty limit its place.  To be
 * called after each step that stages something.
 * Return: 0; E4PACK_ET_NO_SPACE; E4PACK_ET_NO_INODES; E4PACK_ET_XATTRS;
 * ENOMEM; what the tree met when it read the image; a program error. */
errcode_t live_settle(struct live *l);

/* Give all delayed blocks of the file @n, or of every file, their places.
 * Return: as live_settle(). */
errcode_t live_fsync(struct live *l, struct node *n);
errcode_t live_sync(struct live *l);

/* A file is not open any more: what was allocated ahead for it goes. */
void live_close(struct live *l, struct tree_inode *inode);

/* Blocks, as df shows them. */
struct live_space {
	uint64_t free;		/* that nothing has */
	uint64_t dirty;		/* promised to delayed data */
	uint64_t reserved;	/* promised in all: dirty, and metadata that
				 * comes with it */
};

void live_space(const struct live *l, struct live_space *s);

#endif
