/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bitmaps and counts of an image that is edited.  What an edit frees is not
 * free before it is committed: only blocks that are free in the image are
 * told, and taken ones may be given back.
 */
#ifndef E4PACK_IMAGE_EDIT_GROUP_H
#define E4PACK_IMAGE_EDIT_GROUP_H

#include "image/changes.h"
#include "image/read_group.h"

struct group_edit;

/* Begin; @changes must outlive it.  Reports.
 * Return: 0 with *@ret to group_edit_free(), ENOMEM, or as read_group(). */
errcode_t group_edit_new(struct group_edit **ret, struct changes *changes);
void group_edit_free(struct group_edit *e);

/* Clusters, and inodes, that the descriptor of @group says are free. */
uint32_t group_edit_free_clusters(const struct group_edit *e,
				  uint32_t group);
uint32_t group_edit_free_inodes(const struct group_edit *e, uint32_t group);

/* Free clusters and inodes of the whole image. */
uint64_t group_edit_all_clusters(const struct group_edit *e);
uint32_t group_edit_all_inodes(const struct group_edit *e);

/* Tell the runs of blocks of @group that are free in the image, ascending;
 * a run ends with the group.  Reports.
 * Return: 0, what @visit returned, or as read_group(). */
errcode_t group_edit_free_runs(struct group_edit *e, uint32_t group,
			       free_run_visit *visit, void *arg);

/* Mark whole clusters as used, or as free.  Reports; E4PACK_ET_BAD_IMAGE when
 * one of them is so already. */
errcode_t group_edit_take(struct group_edit *e, uint64_t pblk, uint64_t len);
errcode_t group_edit_give(struct group_edit *e, uint64_t pblk, uint64_t len);

/* Find a free inode in @group and take it; *@ino 0 when there is none.
 * Reports. */
errcode_t group_edit_take_inode(struct group_edit *e, uint32_t group,
				bool folder, uint32_t *ino);

/* Give inode @ino back.  Reports. */
errcode_t group_edit_give_inode(struct group_edit *e, uint32_t ino,
				bool folder);

/* Whether every other inode of the table block that holds @ino is free, so
 * that what it holds means nothing.  Reports. */
errcode_t group_edit_alone(struct group_edit *e, uint32_t ino, bool *alone);

/* Put checksums and descriptors of all that was marked into the changes.
 * Reports. */
errcode_t group_edit_finish(struct group_edit *e);

/* The 1024 bytes of the superblock with the counts as they are now, written
 * at @time (seconds). */
void group_edit_super(const struct group_edit *e, uint8_t out[1024],
		      int64_t time);

#endif
