/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan of an image: every object that needs blocks, how many, and, once
 * solved, where.  Made from a finished tree; nothing is written by it.
 */
#ifndef E4PACK_PACK_PLAN_H
#define E4PACK_PACK_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "alloc/mballoc.h"
#include "base/diag.h"
#include "base/progress.h"
#include "e4pack.h"
#include "image/dirblock.h"
#include "image/geometry.h"
#include "tree/tree.h"

enum plan_kind { PLAN_JOURNAL, PLAN_FILE, PLAN_LINK, PLAN_EA, PLAN_DIR };

/* Something that needs blocks.  There is one for each file: it is to stay as
 * small as it is. */
struct plan_object {
	struct node *node;	/* its first name; NULL: the journal or an EA
				 * inode */
	union {			/* once allocated; see plan_runs() */
		uint64_t start;	/* of the one run with all of @space */
		struct {
			uint32_t first_run, n_runs;	/* in plan.runs */
		};
	};
	uint32_t blocks;	/* of data; of a folder: its blocks */
	uint32_t space;		/* blocks of the whole clusters they take */
	uint32_t first_map;	/* in plan.map_pblk: blocks of its mapping */
	uint32_t n_map : 26;
	uint32_t kind : 3;	/* enum plan_kind */
	bool whole : 1;		/* has one run */
	bool whole_map : 1;	/* @n_map is what one run takes, wherever */
	bool indexed : 1;	/* a folder with a hash index */
};

/* The most blocks that a mapping can have here. */
#define PLAN_MAP_MAX	((UINT32_C(1) << 26) - 1)

/* An attribute set in use, with what its inodes share. */
struct plan_set {
	const struct xattr_set *set;
	bool apart;		/* inline data leaves it no room */
	struct xattr_layout layout;
	uint32_t users;		/* inodes that have it */
	uint32_t served;	/* users that have got their block so far */
	uint32_t first_block;	/* in plan.xattr_pblk */
	uint32_t n_blocks;	/* one for each XATTR_REFS_MAX users */
	uint32_t *ea_ino;	/* per attribute: number of the inode that has
				 * the value, or 0; NULL: none has */
	struct node *node;	/* a name of the first user, for messages */
};

/* A value that has an inode of its own. */
struct plan_ea {
	struct plan_set *set;
	uint32_t entry;		/* which of the set */
	uint32_t ino;
	size_t object;		/* in plan.objects */
};

struct live_frame;

struct plan {
	struct tree *tree;
	struct diag *diag;
	struct progress *progress;
	const struct e4pack_options *options;
	struct geometry_options frame;	/* sizes not settled until solved */
	struct format format;	/* for counting; the seed settled */

	struct node **names;	/* the first names of the inodes by number,
				 * from the first user inode on; when all is
				 * counted only of those without an object */
	size_t n_names, cap_names;
	size_t n_inodes;	/* of users; EA inodes come after */
	struct node *lost_found;
	uint32_t last_ino;	/* highest number in use */

	struct plan_object *objects;	/* journal first, then by number */
	size_t n_objects, cap_objects;
	struct plan_set *sets;	/* sorted by pointer and apart */
	size_t n_sets;
	struct plan_ea *ea;	/* by number */
	size_t n_ea, cap_ea;
	uint32_t n_xattr_blocks;
	struct e4pack_totals counted;	/* of these only what inodes and files
					 * come to, each file as if it lay in
					 * one piece if it does not lie yet */
	uint64_t seqs;	/* sum of the cookies that the mappings of all files
			 * had when they were counted: each only grows */

	/* Blocks of whole clusters. */
	uint64_t data_blocks;	/* of files, slow links and EA inodes */
	uint64_t dir_blocks;
	uint64_t map_blocks;	/* of all mappings, when nothing is split */

	struct live_frame *live;	/* the image is there already; NULL: it is
				 * made to measure */

	/* The solution. */
	bool solved;
	bool sized;		/* it places objects in the order of size */
	struct trace *trace;	/* of its allocations; NULL: nobody is told */
	struct run_list found;	/* scratch: what a request gave */
	struct geometry geometry;
	uint64_t journal_blocks;
	struct run_list runs;	/* of the objects that have not just one, one
				 * after another */
	uint64_t *map_pblk;
	size_t n_map, cap_map;
	uint64_t *xattr_pblk;
	uint64_t resize_pblk;	/* the resize inode's block, or 0 */
	struct run_list free;	/* what stays free */
	size_t stuck;		/* object that found no place, for messages */
};

/* Number the inodes of a finished tree and count what each needs.
 * @p has tree, diag, progress and options set and is zero otherwise.
 * Reports.  Return: 0 with @p to plan_release(), or a code (release too). */
errcode_t plan_init(struct plan *p);
void plan_release(struct plan *p);

/* The size asked for, the default as what it stands for. */
struct e4pack_size plan_size(const struct plan *p);

/* Find the size, the frame and the place of every block. @limit is the
 * largest size in bytes that may be solved for.  Reports. */
errcode_t plan_solve(struct plan *p, uint64_t limit);

/* Append an object that needs @blocks of data.
 * Return: 0, ENOMEM, or E4PACK_ET_TOO_BIG. */
errcode_t plan_add_object(struct plan *p, enum plan_kind kind,
			  struct node *node, uint64_t blocks);

/* Whether @o stands for an inode of users, in place of its first name. */
bool plan_is_first_name(const struct plan *p, const struct plan_object *o);

/* The file that @o, a PLAN_FILE, is. */
static inline struct delayed_file *plan_file(const struct plan_object *o)
{
	return &o->node->inode->file;
}

/* Where @o lies: *@n runs in order, none before it is allocated.
 * Return: them, valid until the next object is, or @one. */
const struct run *plan_runs(const struct plan *p, const struct plan_object *o,
			    struct run *one, size_t *n);

/* Set the length of the journal, the first object.
 * Return: 0 or E4PACK_ET_TOO_BIG. */
errcode_t plan_set_journal(struct plan *p, uint64_t blocks);

/* Blocks that the mapping of @o takes when its data lies in @n runs (0: in
 * one piece somewhere).  Return: 0, ENOMEM, or E4PACK_ET_TOO_BIG. */
errcode_t plan_map_blocks(const struct plan *p, const struct plan_object *o,
			  const struct run *runs, size_t n, uint64_t *ret);

/* Set @o->n_map to that.  Return: the same, E4PACK_ET_TOO_BIG also for more
 * than PLAN_MAP_MAX. */
errcode_t plan_count_map(const struct plan *p, struct plan_object *o,
			 const struct run *runs, size_t n);

/* Append the extents of a placed object, ascending, to @out.
 * Return: 0 or ENOMEM. */
errcode_t plan_extents(const struct plan *p, const struct plan_object *o,
		       struct extent_list *out);

/* The attribute set of @inode as planned, or NULL when it has none. */
struct plan_set *plan_find_set(const struct plan *p,
			       const struct tree_inode *inode);

/* The names of a folder in byte order, as an array to free().
 * Return: 0 or ENOMEM. */
errcode_t plan_dir_names(const struct node *dir, const struct format *fmt,
			 struct dir_name **ret);

/* The form of a folder, the same whenever it is asked for, with its names in
 * byte order as an array to free().
 * Return: 0 with @l to dir_layout_release(); see dir_layout_init(). */
errcode_t plan_dir_layout(struct dir_layout *l, struct dir_name **names,
			  const struct node *dir, const struct format *fmt);

/* Blocks that a folder has at least. */
uint64_t plan_dir_least(const struct tree_inode *dir,
			const struct format *fmt);

/* Count one inode of users, by its type, into p->counted. */
void plan_count_inode(struct plan *p, const struct tree_inode *inode);

/* Fill the totals of a solved plan. */
void plan_totals(const struct plan *p, struct e4pack_totals *t);

#endif
