/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a path to a folder of the staged tree, through links if asked. */
#ifndef E4PACK_TREE_PATH_H
#define E4PACK_TREE_PATH_H

#include "tree/tree.h"

enum path_mode {
	PATH_MAKE,	/* make folders that are missing */
	PATH_FIND,	/* what is missing is ENOENT, which is not reported */
	PATH_PROBE,	/* as PATH_FIND, and nothing else is reported either */
	PATH_POSIX,	/* as open(2): links are always followed, "." and ".."
			 * are resolved, errors are its errno; no report */
};

/* Find the folder that the @len bytes at @path lead to.  Symbolic links on
 * the way, the last component included, are followed with
 * --keep-dir-symlinks and an error without.  Reports with @subject.
 * Return: 0; ENOENT; ENOMEM; ELOOP; E4PACK_ET_BAD_TYPE for what is no folder
 * or a link; E4PACK_ET_BAD_PATH for a component that is no name, or a link
 * that leads nowhere. */
errcode_t path_folder(struct tree *t, const char *subject, const char *path,
		      size_t len, enum path_mode mode, struct node **ret);

/* Find the folder that holds the last component of @path, and that
 * component, which points into @path.  As path_folder(). */
errcode_t path_parent(struct tree *t, const char *subject, const char *path,
		      enum path_mode mode, struct node **ret,
		      const char **name);

/* Where the last component of a path is, or would be. */
struct path_place {
	struct node *dir;	/* folder that holds the name */
	struct node *node;	/* what has the name; NULL: it is free */
	bool slash;		/* the path demands a folder */
	uint8_t len;		/* bytes of @name; 0 for the root */
	char name[FORMAT_NAME_MAX];	/* not NUL-ended */
};

/* What is done with a link that is the last component. */
enum path_last {
	PATH_NOFOLLOW,
	PATH_FOLLOW,	/* to a name that may be free */
	PATH_CREATE,	/* as PATH_FOLLOW; a slash behind it is EISDIR */
};

/* Find the place of the last component of the @len bytes at @path, beginning
 * in folder @from, by PATH_POSIX.  Does not report.
 * Return: 0, ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG or ENOMEM. */
errcode_t path_place(struct tree *t, struct node *from, const char *path,
		     size_t len, enum path_last last,
		     struct path_place *ret);

#endif
