/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The paths of an image, in the byte order of full paths ("a", "a-b", "a/b"),
 * so that every listing of a tree has the same order whatever its folders
 * look like on disk.  Needs memory for the folders on the way only, and no
 * recursion: trees may be as deep as they like.
 */
#ifndef E4PACK_REPORT_WALK_H
#define E4PACK_REPORT_WALK_H

#include <stddef.h>

#include "image/read_inode.h"

/* One name.  Paths begin with '/', without one at the end; the root is "/".
 * All of it is valid during the call only. */
struct walk_item {
	const char *path;	/* NUL-ended */
	size_t len;
	size_t depth;		/* 0: where the walk began */
	const struct inode_info *inode;
};

/* A visitor's codes that are no failure. */
enum {
	WALK_STOP = -1,		/* ends the walk well */
	WALK_PRUNE = -2,	/* from enter: do not go into this folder */
};

/* Who is told.  A code other than 0 ends the walk. */
struct walk_visitor {
	/* A name, a folder before what is in it. */
	errcode_t (*enter)(void *arg, const struct walk_item *item);
	/* A folder, after what is in it.  May be NULL. */
	errcode_t (*leave)(void *arg, const struct walk_item *item);
	void *arg;
	/* Another order: all that is in a folder comes right behind it ("a",
	 * "a/b", "a-b"), names sorted in each folder. */
	bool nested;
};

/* Visit @path, whose inode is @i, and all below it.  A folder that is met a
 * second time is told as damage.  What cannot be read is told and passed
 * over.  Reports.
 * Return: 0, also after WALK_STOP; E4PACK_ET_BAD_IMAGE when something was
 * passed over; ENOMEM; what a visitor returned; or as read_dir(). */
errcode_t walk_tree(struct image *img, const char *path,
		    const struct inode_info *i,
		    const struct walk_visitor *v);

/* The same for a caller that asks for one name after the other, as one does
 * that goes through two trees at once. */
struct walk;

/* Begin at the root of @img.  Reports.
 * Return: 0 with *@ret to walk_end(), or as walk_tree(). */
errcode_t walk_begin(struct walk **ret, struct image *img);

/* Go to the next name: the root first, a folder before what is in it.
 * *@item is valid until the next call, and NULL behind the last name.
 * Reports.  Return: 0, ENOMEM, or as read_dir(). */
errcode_t walk_next(struct walk *w, const struct walk_item **item);

/* End a walk, at any time; NULL is fine.
 * Return: 0, or E4PACK_ET_BAD_IMAGE when something was passed over. */
errcode_t walk_end(struct walk *w);

#endif
