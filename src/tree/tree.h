/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The staged tree: names, the inodes behind them, and the rules by which
 * sources merge.  It knows neither blocks nor images; file content is handed
 * to delay/ as it comes.
 */
#ifndef E4PACK_TREE_TREE_H
#define E4PACK_TREE_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/timestamp.h"
#include "delay/delayed_file.h"
#include "image/inode.h"
#include "image/xattr.h"
#include "source/source.h"
#include "tree/names.h"

struct node;
struct inode_chunk;

/* An inode as staged.  Shared by all its names. */
struct tree_inode {
	struct xattr_set *xattrs;	/* interned: equal sets are the same
					 * pointer; NULL: none */
	union {		/* see tree_time() */
		int64_t sec;			/* all times are the same, ... */
		struct timestamp *each;		/* @own_times */
	} times;
	uint32_t nsec;			/* ... with @times.sec */
	uint32_t ino;			/* 0 until numbers are given */
	uint32_t uid, gid;
	uint32_t links;			/* names; of a folder 2 + subfolders;
					 * 0: replaced, not in the image */
	uint32_t fs_flags;		/* EXT4_*_FL a user may set */
	uint32_t serial;		/* its place in the order of making,
					 * which numbers begin with: stands
					 * for @ino in a trace until then */
	uint16_t mode;			/* with its type bits */
	bool content_changed : 1;	/* no longer what its source has: no
					 * name joins it by host identity */
	bool own_times : 1;		/* has room for times that differ */
	bool changed : 1;		/* is in the list of changed ones */
	bool on_disk : 1;		/* comes from the image that is edited */
	bool in_inode : 1;		/* planned: inline data ... */
	bool xattrs_apart : 1;		/* ... that leaves all attributes to
					 * a block */
	union {
		struct {
			struct names children;
			uint32_t n;		/* children */
			uint64_t name_bytes;	/* on-disk bytes of their
						 * entries, see dirblock.h */
			struct node *node;	/* its name, once it has one */
			/* Of a folder on disk, whose children are only those
			 * that were asked for: */
			struct names gone;	/* names that it has on disk
						 * and lost since */
			uint32_t disk_blocks;	/* that it has there */
			bool partial;	/* it may have more names there */
		} dir;
		struct {
			char *target;		/* NUL-ended, in the arena */
			uint32_t len;		/* bytes */
		} link;
		struct {
			uint32_t major, minor;
		} dev;
		struct delayed_file file;
	};
};

/* One name.  The root has no name and is its own parent. */
struct node {
	struct node *parent;
	struct tree_inode *inode;
	uint32_t source;	/* number of the source that named it last,
				 * 0: none (made for a child's sake) */
	uint8_t name_len;
	bool on_disk;		/* the folder has the name on disk */
	char name[];		/* not NUL-ended */
};

/* Told one name of a folder.  A code other than 0 ends the listing. */
typedef errcode_t tree_listed(void *arg, const char *name, size_t len,
			      uint32_t ino);

/* What the tree asks of an image that is edited.  All report. */
struct tree_image {
	/* Find the inode that folder @dir has on disk under a name; *@ino 0
	 * without one. */
	errcode_t (*look_up)(void *arg, const struct tree_inode *dir,
			     const char *name, size_t len, uint32_t *ino);
	/* Tell all names of @dir on disk but "." and "..", in any order. */
	errcode_t (*list)(void *arg, const struct tree_inode *dir,
			  tree_listed *listed, void *listed_arg);
	/* Fill in all of @inode, whose number is set, that is not names: the
	 * mode first, by tree_set_mode(). */
	errcode_t (*load)(void *arg, struct tree_inode *inode);
	/* Whether the content of @inode, a file on disk, may be changed.
	 * NULL: it may.  Return: 0, or why not. */
	errcode_t (*open)(void *arg, const struct tree_inode *inode);
};

struct tree_options {
	struct diag *diag;
	struct timestamp default_time;	/* of folders no source names */
	bool touch;	/* an edit sets the times of what it changes to
			 * @default_time, as the system calls do; without, they
			 * stay as they were given, so that a new image does
			 * not depend on how it came about */
	bool list_changes;	/* for tree_next_changed() */
	bool keep_dir_symlinks;	/* resolve a path through a staged link */
	bool times_source;	/* atime, ctime, crtime as the source has
				 * them, not mtime */
	bool set_times;		/* atime, ctime and crtime of every entry are
				 * @time */
	struct timestamp time;
	uint32_t block_size;
	const struct tree_image *image;	/* NULL: the tree begins empty */
	void *image_arg;		/* first argument of its calls */
};

struct tree {
	struct tree_options options;
	struct delay *delay;	/* not owned */
	struct arena arena;
	struct node *root;
	struct inode_chunk *inodes;	/* newest first */
	uint32_t n_inodes;	/* in them */
	struct tree_inode **changed;	/* oldest first, each once, so that
					 * n_inodes of them have room */
	size_t first_changed, n_changed, cap_changed;
	uint32_t source;	/* number of the source being merged */
	bool source_is_archive;
	uint32_t made_parents;	/* folders that no source names */
	uint32_t last_serial;	/* of an inode */
	/* Gives a number to an inode that is made in folder @dir (NULL: the
	 * root itself).  NULL: it comes later. */
	void (*number)(void *arg, struct tree_inode *inode,
		       const struct tree_inode *dir);
	void *number_arg;
	struct tree_tables *tables;	/* inner: hard links, xattr sets */
	errcode_t failed;	/* the image could not be read, and a name may
				 * seem missing for that: told, and nothing
				 * that came of it may reach the image */
};

/* Time INODE_* of @inode. */
static inline struct timestamp tree_time(const struct tree_inode *inode,
					 int which)
{
	if (inode->own_times)
		return inode->times.each[which];
	return (struct timestamp){ inode->times.sec, inode->nsec };
}

static inline void tree_times(const struct tree_inode *inode,
			      struct timestamp out[INODE_TIMES])
{
	int i;

	for (i = 0; i < INODE_TIMES; i++)
		out[i] = tree_time(inode, i);
}

/* Set it; without times of their own, all of them. */
static inline void tree_set_time(struct tree_inode *inode, int which,
				 struct timestamp time)
{
	if (inode->own_times) {
		inode->times.each[which] = time;
	} else {
		inode->times.sec = time.sec;
		inode->nsec = time.nsec;
	}
}

/* Set all times to the same one. */
void tree_set_times(struct tree_inode *inode, struct timestamp time);

/* The number that a trace has for @inode. */
static inline uint32_t tree_inode_number(const struct tree_inode *inode)
{
	return inode->ino ? inode->ino : inode->serial;
}

/* Make a tree with an unnamed root: that of options->image, or 0755 0:0.
 * @delay must outlive it; from now on it knows who its files are.  Reports.
 * Return: 0, ENOMEM, or what the image's calls returned. */
errcode_t tree_init(struct tree *t, struct delay *delay,
		    const struct tree_options *options);
void tree_release(struct tree *t);

/* The entries that follow come from a further source. */
void tree_begin_source(struct tree *t, bool is_archive);

/* Set the type and the permissions of an inode that is being loaded. */
void tree_set_mode(struct tree_inode *inode, uint32_t mode);

/* Make what @b has collected the attributes of @inode; @b is empty then.
 * Return: 0 or ENOMEM. */
errcode_t tree_set_xattrs(struct tree *t, struct tree_inode *inode,
			  struct xattr_builder *b);

/* Have every name of folder @dir in the tree.  Reports.
 * Return: 0, ENOMEM, or what the image's calls returned. */
errcode_t tree_load_folder(struct tree *t, struct node *dir);

/* Merge one entry by the rules of the manual (later wins); file content is
 * staged through da_write().  Reports with the path as subject.
 * Return: 0, or a code with the tree still consistent. */
errcode_t tree_add(struct tree *t, const struct entry *e);

/* Note that @inode, its names or its content are not what they were.  Every
 * merge does so for what it touches, and every edit, edit_open() and
 * edit_create() for the content that is to change. */
void tree_note_change(struct tree *t, struct tree_inode *inode);

/* Take the inode out of the list that was noted first, new ones and those
 * that lost their last name among them.  Return: it, or NULL. */
struct tree_inode *tree_next_changed(struct tree *t);

/* Look @path up (form of entry.path).  Return: the node, or NULL. */
struct node *tree_find(struct tree *t, const char *path);

/* Make lost+found (0700 0:0) if no source named it.  Reports; also
 * E4PACK_ET_BAD_TYPE when it is there and no folder. */
errcode_t tree_finish(struct tree *t);

/* Return: the path of @n from the root ("" for the root) to free(), or NULL
 * without memory. */
char *tree_path(const struct node *n);

/* Called for each name of the tree.  A code other than 0 ends the walk. */
typedef errcode_t tree_visit(void *arg, struct node *n);

/* Visit every node in the byte order of full paths: the root, then "a-b"
 * before "a/b", as strcmp() has it.
 * Return: 0, ENOMEM, or what @visit returned. */
errcode_t tree_walk(const struct tree *t, tree_visit *visit, void *arg);

#endif
