// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Space of an image that is edited.
 *
 * Free is what was free before the edit: what the edit itself frees must not
 * be written before it is committed.  So
 *
 *	free runs of the allocator = free in the groups read - taken
 *	bitmaps as changed	   = used before + taken - freed
 *
 * Groups are read when a request needs them: first those near the last one
 * that the counts say can hold it whole, and only when none of these has a
 * run that is long enough, those with the most free clusters.
 */
#include "pack/edit_space.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/broken.h"
#include "base/errors.h"
#include "base/number.h"
#include "base/trace.h"

enum { GROUPS_SEARCHED = 256 };	/* for one whole run, at most */

errcode_t edit_space_init(struct edit_space *s, struct group_edit *groups,
			  const struct image_geometry *geo, struct diag *diag)
{
	errcode_t err;

	*s = (struct edit_space){ .groups = groups, .geo = geo,
				  .diag = diag };
	free_runs_init(&s->taken);
	s->read = calloc(geo->groups, sizeof(*s->read));
	err = s->read ? mballoc_new(&s->mb, NULL, 0, geo->blocks_per_group,
				    geo->first_data_block) : ENOMEM;
	return err ? diag_nomem(diag) : 0;
}

void edit_space_release(struct edit_space *s)
{
	mballoc_free(s->mb);
	free(s->read);
	if (s->geo)
		free_runs_release(&s->taken);
	memset(s, 0, sizeof(*s));
}

static errcode_t add_run(void *arg, uint64_t start, uint64_t len)
{
	return run_list_add(arg, start, len);
}

static errcode_t read_group_of(struct edit_space *s, uint32_t group)
{
	struct run_list runs = { NULL, 0, 0 };
	errcode_t err;

	s->read[group] = true;
	s->n_read++;
	s->near = group;
	TRACE(s->trace, TRACE_READ_BLOCK_BITMAP_LOAD, group, 0);
	err = group_edit_free_runs(s->groups, group, add_run, &runs);
	if (!err)
		err = mballoc_add_free(s->mb, runs.runs, runs.n);
	run_list_release(&runs);
	return err;
}

/* The next group that may hold @clusters in one run, by its count; else the
 * one with the most.  Return: false if all with any are read. */
static bool next_group(const struct edit_space *s, uint64_t clusters,
		       uint32_t *ret)
{
	uint32_t i, most = 0;
	bool found = false;

	for (i = 0; i < s->geo->groups; i++) {
		uint32_t group = (s->near + i) % s->geo->groups;
		uint32_t free = group_edit_free_clusters(s->groups, group);

		if (s->read[group] || !free)
			continue;
		if (free >= clusters) {
			*ret = group;
			return true;
		}
		if (free > most) {
			most = free;
			*ret = group;
			found = true;
		}
	}
	return found;
}

/* Read groups until one run holds @len blocks, or as many as may be read for
 * that. */
static errcode_t read_for(struct edit_space *s, uint64_t len)
{
	uint32_t group, searched = 0;
	errcode_t err = 0;

	while (!err && mballoc_longest_run(s->mb) < len &&
	       (searched++ < GROUPS_SEARCHED ||
		mballoc_free_blocks(s->mb) < len) &&
	       next_group(s, len >> s->geo->cluster_bits, &group))
		err = read_group_of(s, group);
	return err;
}

/* Mark what was given in the bitmaps. */
static errcode_t take(struct edit_space *s, const struct run *runs, size_t n)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < n; i++) {
		err = group_edit_take(s->groups, runs[i].start, runs[i].len);
		if (!err)
			err = free_runs_give(&s->taken, runs[i].start,
					     runs[i].len);
	}
	return err;
}

errcode_t edit_space_allocate(struct edit_space *s, struct run_list *out,
			      const struct alloc_request *req)
{
	struct run_list runs = { NULL, 0, 0 };
	size_t i;
	errcode_t err;

	if (req->goal >= s->geo->first_data_block &&
	    req->goal < s->geo->blocks) {
		uint32_t group = (uint32_t)((req->goal -
					     s->geo->first_data_block) /
					    s->geo->blocks_per_group);

		err = s->read[group] ? 0 : read_group_of(s, group);
		if (err)
			return err;
	}
	err = read_for(s, req->len);
	if (!err)
		err = mballoc_fewest_runs(s->mb, &runs, req);
	if (!err)
		err = take(s, runs.runs, runs.n);
	for (i = 0; !err && i < runs.n; i++)
		err = run_list_add(out, runs.runs[i].start, runs.runs[i].len);
	run_list_release(&runs);
	return err;
}

static errcode_t allocate(void *arg, struct run_list *out,
			  const struct alloc_request *req, bool data)
{
	struct edit_space *s = arg;
	uint64_t ratio = UINT64_C(1) << s->geo->cluster_bits;
	uint64_t head = data ? req->lblk & (ratio - 1) : 0;
	struct alloc_request own = *req;

	own.len = div_round_up(head + req->len, ratio) * ratio;
	own.goal = req->goal > head ? req->goal - head : 0;
	return edit_space_allocate(s, out, &own);
}

bool edit_space_is_new(const struct edit_space *s, uint64_t pblk,
		       uint64_t *len)
{
	const struct free_run *run = free_runs_from(&s->taken, pblk);
	uint64_t until;

	if (!run)
		return false;
	if (run->start > pblk) {
		if (run->start - pblk < *len)
			*len = run->start - pblk;
		return false;
	}
	until = run->start + run->len - pblk;
	if (until < *len)
		*len = until;
	return true;
}

/* For a test: what must not be done with blocks of the image. */
static errcode_t reuse(struct edit_space *s, uint64_t pblk, uint64_t len)
{
	uint32_t group = (uint32_t)((pblk - s->geo->first_data_block) /
				    s->geo->blocks_per_group);
	const struct run run = { pblk, len };
	errcode_t err = s->read[group] ? 0 : read_group_of(s, group);

	return err ? err : mballoc_add_free(s->mb, &run, 1);
}

errcode_t edit_space_release_blocks(struct edit_space *s, uint64_t pblk,
				    uint64_t len, uint64_t *reusable)
{
	errcode_t err = 0;

	*reusable = 0;
	while (!err && len) {
		uint64_t n = len;

		if (edit_space_is_new(s, pblk, &n)) {
			*reusable += n;
			err = free_runs_take(&s->taken, pblk, n);
			if (!err)
				err = mballoc_release(s->mb, pblk, n);
		} else if (broken("freed")) {
			err = reuse(s, pblk, n);
		}
		if (!err)
			err = group_edit_give(s->groups, pblk, n);
		pblk += n;
		len -= n;
	}
	return err;
}

static errcode_t release(void *arg, const struct tree_inode *inode,
			 uint64_t pblk, uint64_t len, uint64_t *reusable)
{
	(void)inode;
	return edit_space_release_blocks(arg, pblk, len, reusable);
}

errcode_t edit_space_number(struct edit_space *s, uint32_t near, bool folder,
			    uint32_t *ino)
{
	uint32_t groups = s->geo->groups, i;
	uint32_t home = (near - 1) / s->geo->inodes_per_group;
	errcode_t err = 0;

	*ino = 0;
	for (i = 0; !err && !*ino && i < groups; i++) {
		if (i < groups - home)
			err = group_edit_take_inode(s->groups, home + i,
						    folder, ino);
		if (!err && !*ino && i && i <= home)
			err = group_edit_take_inode(s->groups, home - i,
						    folder, ino);
	}
	return err ? err : *ino ? 0 : E4PACK_ET_NO_INODES;
}

/* As the kernel does it, an inode goes where its folder is; the others of a
 * flex group, whose tables lie together, are the next to be asked. */
static errcode_t take_number(void *arg, const struct tree_inode *inode,
			     const struct tree_inode *dir, uint32_t *ino)
{
	return edit_space_number(arg, dir && dir->ino ? dir->ino :
				 FORMAT_ROOT_INO, S_ISDIR(inode->mode), ino);
}

/* Numbers of the image stay taken until the edit is over: its old inode must
 * not be written over by a new one that a crash may lose. */
static errcode_t give_number(void *arg, const struct tree_inode *inode)
{
	struct edit_space *s = arg;

	if (inode->on_disk)
		return 0;
	return group_edit_give_inode(s->groups, inode->ino,
				     S_ISDIR(inode->mode));
}

static errcode_t query(void *arg, const struct tree_inode *inode,
		       struct es_extent *e)
{
	struct edit_space *s = arg;

	return edit_load_query(s->load, inode, e);
}

static errcode_t forget(void *arg, const struct tree_inode *inode,
			uint32_t lblk, uint32_t len)
{
	struct edit_space *s = arg;

	/* A block that is a cluster is given back. */
	return s->geo->cluster_bits ?
		edit_load_forget(s->load, inode, lblk, len) : 0;
}

const struct live_space_ops edit_space_ops = {
	.allocate = allocate, .release = release, .query = query,
	.forget = forget,
	.take_number = take_number, .give_number = give_number,
};
