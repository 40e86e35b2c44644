// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what is asked to what is looked for.
 *
 * A file that may grow is given more than it asks for, in a size class that
 * its buddies are good at; what it does not use stays preallocated for it.
 * Small files ask for a whole packing window, of which each takes a little.
 * A file that is complete asks for what it needs, and so does fallocate.
 */
#include "alloc/request.h"

#include <stddef.h>

enum { FLEX_GROUPS_FOR_INODES = 4 };

/* Behind the last logical block a file can have. */
#define LBLK_END (UINT64_C(1) + FORMAT_MAX_LBLK)

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

uint64_t request_goal_near(uint32_t lblk, uint32_t near_lblk,
			   uint64_t near_pblk)
{
	uint32_t distance;

	if (lblk > near_lblk)
		return near_pblk + (lblk - near_lblk);
	distance = near_lblk - lblk;
	return near_pblk > distance ? near_pblk - distance : 0;
}

uint64_t request_goal_group(const struct request_geometry *geo,
			    uint32_t group, bool regular)
{
	uint64_t goal;

	if (geo->flex_groups >= FLEX_GROUPS_FOR_INODES) {
		group -= group % geo->flex_groups;
		if (regular)
			group++;
	}
	goal = geo->first_block + (uint64_t)group * geo->group_blocks;
	return goal < geo->blocks ? goal : geo->first_block;
}

uint64_t request_extent_end(const struct request_geometry *geo,
			    const struct request_extent *e)
{
	return e->lblk + ((uint64_t)e->len << geo->cluster_bits);
}

enum locality request_locality(const struct request_geometry *geo,
			       const struct alloc_request *req)
{
	const struct request_extent original = request_original(geo, req);
	uint64_t end = request_extent_end(geo, &original);

	if (!(req->flags & REQUEST_DATA))
		return LOCALITY_NONE;
	if (geo->group_prealloc &&
	    max_of(end, req->file_blocks) <= REQUEST_STREAM_BLOCKS)
		return LOCALITY_GROUP;
	if ((req->flags & REQUEST_CLOSED) && end == req->file_blocks)
		return LOCALITY_NONE;
	return LOCALITY_STREAM;
}

struct request_extent request_original(const struct request_geometry *geo,
				       const struct alloc_request *req)
{
	uint32_t offset = req->lblk & ((1U << geo->cluster_bits) - 1);
	uint64_t len = min_of(req->len, req->flags & REQUEST_UNWRITTEN ?
			      EXTENT_UNWRITTEN_MAX : EXTENT_WRITTEN_MAX);

	if (req->pright && req->lright > req->lblk)
		len = min_of(len, req->lright - req->lblk);
	len = min_of(len, LBLK_END - req->lblk);
	len += offset + (1U << geo->cluster_bits) - 1;
	len = min_of(len, geo->group_blocks) >> geo->cluster_bits;
	return (struct request_extent){ req->lblk - offset, (uint32_t)len };
}

/* A row of the table of size classes: files of up to @bytes, or any where the
 * block size is up to @max_block, get @len bytes from a multiple of it. */
struct size_class {
	uint64_t bytes;
	uint32_t max_block;
	uint32_t len_bits;
	bool from_zero;		/* from the beginning of the file instead */
	bool of_request;	/* @bytes limits the request, not the file */
};

/* The kernel compares twice the block size with 2048, 4096 and 8192 as if
 * that were the longest buddy in KiB; with blocks of 1, 2 or 4 KiB files
 * therefore never leave the class of 2, 4 or 8 MiB. */
static const struct size_class size_classes[] = {
	{ 16 << 10, 0, 14, true, false },
	{ 32 << 10, 0, 15, true, false },
	{ 64 << 10, 0, 16, true, false },
	{ 128 << 10, 0, 17, true, false },
	{ 256 << 10, 0, 18, true, false },
	{ 512 << 10, 0, 19, true, false },
	{ 1 << 20, 0, 20, true, false },
	{ 4 << 20, 1024, 21, false, false },
	{ 8 << 20, 2048, 22, false, false },
	{ 8 << 20, 4096, 23, false, true },
};

static const struct size_class *size_class_of(uint32_t block_bits,
					      uint64_t file_bytes,
					      uint64_t request_bytes)
{
	size_t i;

	for (i = 0; i < sizeof(size_classes) / sizeof(size_classes[0]); i++) {
		const struct size_class *c = &size_classes[i];

		if ((c->of_request ? request_bytes : file_bytes) <= c->bytes ||
		    1U << block_bits <= c->max_block)
			return c;
	}
	return NULL;
}

/* The stretch of the file that the size class of @original asks for. */
static struct request_room class_room(const struct request_geometry *geo,
				      const struct alloc_request *req,
				      const struct request_extent *original)
{
	uint64_t end = request_extent_end(geo, original);
	uint64_t size = max_of(end, req->file_blocks);
	const struct size_class *c = size_class_of(geo->block_bits,
		size << geo->block_bits,
		(end - original->lblk) << geo->block_bits);
	struct request_room room = { original->lblk, end };

	if (c) {
		uint64_t len = UINT64_C(1) << (c->len_bits - geo->block_bits);

		room.start = c->from_zero ? 0 : original->lblk & ~(len - 1);
		room.end = room.start + len;
	}
	return room;
}

/* What is left of @room by the sizes of groups and files and by what is
 * mapped already. */
static void clip_room(struct request_room *room,
		      const struct request_geometry *geo,
		      const struct alloc_request *req, uint32_t lblk)
{
	uint64_t len = room->end - room->start;

	room->start = max_of(room->start, lblk - lblk % geo->group_blocks);
	room->end = min_of(room->start + len, LBLK_END);
	if (req->pleft)
		room->start = max_of(room->start, UINT64_C(1) + req->lleft);
	if (req->pright)
		room->end = min_of(room->end, req->lright);
	room->end = min_of(room->end, room->start + geo->group_blocks);
}

/* Where the goal would join what is mapped on its left, or else right. */
static void set_goal_pblk(struct request_goal *goal,
			  const struct request_geometry *geo,
			  const struct alloc_request *req)
{
	uint64_t end = request_extent_end(geo, &goal->extent);
	uint64_t len = end - goal->extent.lblk;

	if (req->pright && req->lright == end && req->pright >= len &&
	    req->pright - len >= geo->first_block) {
		goal->pblk = req->pright - len;
		goal->try_pblk = true;
	}
	if (req->pleft && req->lleft + UINT64_C(1) == goal->extent.lblk &&
	    req->pleft + 1 < geo->blocks) {
		goal->pblk = req->pleft + 1;
		goal->try_pblk = true;
	}
}

static struct request_goal unchanged(const struct request_geometry *geo,
				     const struct alloc_request *req,
				     const struct request_extent *original)
{
	struct request_goal goal = { *original, req->goal, false };

	if (goal.pblk < geo->first_block || goal.pblk >= geo->blocks)
		goal.pblk = geo->first_block;
	return goal;
}

struct request_goal request_normalize(const struct request_geometry *geo,
				      const struct alloc_request *req,
				      enum locality locality,
				      const struct request_room *room)
{
	const struct request_extent original = request_original(geo, req);
	struct request_goal goal = unchanged(geo, req, &original);
	uint64_t mask = (1U << geo->cluster_bits) - 1;
	struct request_room r;

	if (locality == LOCALITY_NONE || (req->flags & REQUEST_EXACT))
		return goal;
	if (locality == LOCALITY_GROUP) {
		goal.extent.len = geo->group_prealloc;
		return goal;
	}
	r = class_room(geo, req, &original);
	clip_room(&r, geo, req, original.lblk);
	r.start = max_of(r.start, room->start);
	r.end = min_of(r.end, room->end);
	/* A cluster that is in part mapped or preallocated is not asked for
	 * again. */
	r.start = (r.start + mask) & ~mask;
	r.end &= ~mask;
	if (r.start > original.lblk || r.end <= original.lblk)
		return goal;
	goal.extent.lblk = (uint32_t)r.start;
	goal.extent.len = (uint32_t)((r.end - r.start) >> geo->cluster_bits);
	set_goal_pblk(&goal, geo, req);
	return goal;
}
