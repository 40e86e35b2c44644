/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an edit has blocks and inode numbers from: what is free in the image,
 * group by group as it is needed. */
#ifndef E4PACK_PACK_EDIT_SPACE_H
#define E4PACK_PACK_EDIT_SPACE_H

#include "alloc/free_runs.h"
#include "image/edit_group.h"
#include "pack/edit_load.h"
#include "pack/live.h"

struct edit_space {
	struct edit_load *load;	/* what files have, set by the edit */
	struct group_edit *groups;
	const struct image_geometry *geo;
	struct diag *diag;
	struct mballoc *mb;	/* of the groups that were read */
	struct trace *trace;	/* NULL: nobody is told */
	bool *read;		/* by group */
	uint32_t n_read;
	struct free_runs taken;	/* blocks that this edit was given */
	uint32_t near;		/* group where the next one is looked for */
};

/* Begin with nothing read; @groups must outlive it.  Reports.
 * Return: 0 or ENOMEM; edit_space_release() in any case. */
errcode_t edit_space_init(struct edit_space *s, struct group_edit *groups,
			  const struct image_geometry *geo, struct diag *diag);
void edit_space_release(struct edit_space *s);

/* The calls for struct live, whose space_arg is the struct edit_space. */
extern const struct live_space_ops edit_space_ops;

/* Serve the whole of @req.  Return: as live_space_ops.allocate(). */
errcode_t edit_space_allocate(struct edit_space *s, struct run_list *out,
			      const struct alloc_request *req);

/* Take the number of a free inode, of the group that has inode @near or the
 * nearest to it.  Return: 0 or E4PACK_ET_NO_INODES; else reports. */
errcode_t edit_space_number(struct edit_space *s, uint32_t near, bool folder,
			    uint32_t *ino);

/* Give blocks back, those of the image and those of this edit alike.
 * *@reusable: how many are of this edit. */
errcode_t edit_space_release_blocks(struct edit_space *s, uint64_t pblk,
				    uint64_t len, uint64_t *reusable);

/* Whether block @pblk was given by this edit; *@len, from there on, is cut to
 * the blocks for which the answer is the same. */
bool edit_space_is_new(const struct edit_space *s, uint64_t pblk,
		       uint64_t *len);

#endif
