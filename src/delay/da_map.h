/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of the mapping: find blocks, or make them delayed (da_map.c);
 * give them their place (da_allocate.c); make them a hole (da_remove.c).
 */
#ifndef E4PACK_DELAY_DA_MAP_H
#define E4PACK_DELAY_DA_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "delay/delayed_file.h"

/*
 * Promises that one call makes only to use them itself: fallocate, or a write
 * that does not delay.  Nothing is delayed by them as anybody else sees it, so
 * the trace does not tell of them.
 */
struct da_untold {
	const struct es_extent *pieces;	/* blocks that are delayed by it,
					 * ascending; set when all are */
	size_t n;
	uint32_t clusters;	/* promised so, and neither used nor given
				 * back yet; kept for a trace only */
};

struct da_map {
	struct da_untold *untold;	/* in: counts the promise; NULL: it is
				 * that of a delayed write */
	uint32_t lblk;		/* in: first block */
	uint32_t len;		/* in: blocks wanted; out: blocks that the
				 * answer holds for, at least 1 */
	uint64_t pblk;		/* out: first physical block where mapped */
	uint32_t status;	/* out: ES_WRITTEN, ES_UNWRITTEN, ES_DELAYED */
	bool inserted;		/* out: was a hole, delayed by this call */
	uint64_t seq;		/* out: cookie that the answer holds for */
};

/* Map the blocks of @map for a write.
 * Return: 0; ENOMEM or E4PACK_ET_NO_SPACE with nothing changed; what
 * query_blocks() returned. */
errcode_t da_map_blocks(struct delay *d, struct delayed_file *f,
			struct da_map *map);

/* Find what holds at map->lblk, from the tree or from the disk, and clip
 * map->len to it; in the tree afterwards, memory permitting, where the disk
 * knew.  Changes no mapping.  map->status may be ES_HOLE. */
errcode_t da_look_up(struct delay *d, struct delayed_file *f,
		     struct da_map *map);

/* Compare @map, an answer of the ES tree, with the map on disk, as long as
 * that holds.
 * Return: 0; E4PACK_ET_BUG if they differ; what query_blocks() returned. */
errcode_t da_recheck(const struct delay *d, const struct delayed_file *f,
		     const struct da_map *map);

/* Drop cached nodes, if there are more than es_cap; they may be of any file
 * that is not loaded. */
void da_shrink(struct delay *d);

/* Whether the tree is valid and the reservation of @f is what it says. */
bool da_accounting_holds(const struct delay *d, const struct delayed_file *f);

/* Under --enable-verify: assert that the accounting of @f holds; between two
 * steps of an operation. */
void da_check(const struct delay *d, const struct delayed_file *f);

/* Under --enable-verify: assert delayed_file_verify(); after an operation. */
void delayed_file_check(const struct delay *d, const struct delayed_file *f);

/* Promise @n clusters for delayed blocks of @f. */
errcode_t da_reserve_space(struct delay *d, struct delayed_file *f,
			   uint32_t n);

/* Give a promise of @n clusters back unused; first those of @untold, which
 * may be NULL. */
void da_release_space(struct delay *d, struct delayed_file *f, uint32_t n,
		      struct da_untold *untold);

/* Use a promise of @n clusters, which have been allocated for @e; @untold:
 * what of it was not told, or NULL. */
void da_update_reserve_space(struct delay *d, struct delayed_file *f,
			     uint32_t n, const struct es_extent *e,
			     struct da_untold *untold);

/* Say that delayed blocks have their place now: @e becomes written or
 * unwritten, and the reservation it used up is claimed; @untold as above.
 * Return: 0, or ENOMEM with nothing changed. */
errcode_t da_place_extent(struct delay *d, struct delayed_file *f,
			  const struct es_extent *e,
			  struct da_untold *untold);

struct da_pages;

/* How delayed blocks are asked for. */
struct da_how {
	uint32_t max;		/* blocks of one request, 0: any number */
	bool whole_file;	/* one request for all that is delayed */
	bool exact;		/* nothing is to be allocated ahead */
	uint32_t map_flags;	/* TRACE_MAP_*, but for unwritten */
	struct da_untold *untold;	/* whose call it is, or NULL */
	struct da_pages *pages;	/* of the writeback that it is, or NULL */
};


/* Allocate what is delayed in [@lblk, @end] and place it.
 * Return: as writeback_file(). */
errcode_t da_allocate_range(struct delay *d, struct delayed_file *f,
			    uint32_t lblk, uint32_t end,
			    const struct da_how *how);

/* Whether to try again after E4PACK_ET_NO_SPACE; *@tries begins at 0. */
bool should_retry_alloc(struct delay *d, int *tries);

/* Make [@lblk, @lblk + @len) a hole: reservations are released, blocks given
 * to free_blocks(); @untold as for da_release_space().  Return: 0, or ENOMEM
 * or E4PACK_ET_NO_SPACE (see da_punch()) with nothing changed. */
errcode_t da_remove_blocks(struct delay *d, struct delayed_file *f,
			   uint32_t lblk, uint32_t len,
			   struct da_untold *untold);

/* Give all blocks of @f that the tree knows to free_blocks(), before the file
 * goes.  The tree stays as it is. */
void da_free_blocks(struct delay *d, struct delayed_file *f);

/* Find the physical cluster that logical cluster @lclu has because one of
 * its blocks is mapped: *@pblk is the place of its first block.
 * Return: 0 with *@mapped set, or what query_blocks() returned. */
errcode_t clu_mapped(struct delay *d, struct delayed_file *f, uint32_t lclu,
		     bool *mapped, uint64_t *pblk);

#endif
