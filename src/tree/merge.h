/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules by which an entry meets what is there already. */
#ifndef E4PACK_TREE_MERGE_H
#define E4PACK_TREE_MERGE_H

#include "source/entry.h"
#include "tree/tree.h"

/* Where an entry goes. */
struct merge_place {
	struct node *dir;	/* folder that will hold it */
	struct node *node;	/* what has the name now, or NULL */
	const char *name;	/* last component, inside the entry's path */
};

/* Find the place of @e; missing folders are made.  Reports. */
errcode_t merge_find_place(struct tree *t, const struct entry *e,
			   struct merge_place *place);

/* Tell that the source names @n a second time; an error where warnings are.
 * Reports. */
errcode_t merge_note_repeat(const struct tree *t, const struct entry *e,
			    const struct node *n);

/* Take what has the name away, so that @e can have it, or refuse.  Reports.
 * @folder: @e is a folder.  Return: 0, E4PACK_ET_BAD_TYPE or
 * E4PACK_ET_STRICT. */
errcode_t merge_make_way(struct tree *t, const struct entry *e,
			 struct merge_place *place, bool folder);

/* Name @inode at @place, where merge_make_way() was; an inode without names
 * is dropped on failure.  Reports.  Return: 0 or ENOMEM. */
errcode_t merge_name(struct tree *t, const struct merge_place *place,
		     struct tree_inode *inode);

/* Add @e, a non-folder, of which the host knows further names. */
errcode_t merge_identity(struct tree *t, const struct entry *e);

/* Add @e, which is another name of entry e->hardlink. */
errcode_t merge_hardlink(struct tree *t, const struct entry *e);

#endif
