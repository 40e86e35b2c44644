/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The multi-block allocator: which physical blocks a request gets.  It knows
 * free space and requests, neither files nor names.
 */
#ifndef E4PACK_ALLOC_MBALLOC_H
#define E4PACK_ALLOC_MBALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "image/format.h"

/* Runs of blocks, in the order in which they hold the request. */
struct run_list {
	struct run *runs;
	size_t n, cap;
};

/* Free the array and make the list empty. */
void run_list_release(struct run_list *l);

/* Append a run, joined to the last where it continues it.
 * Return: 0 or ENOMEM. */
errcode_t run_list_add(struct run_list *l, uint64_t start, uint64_t len);

enum {
	REQUEST_DATA = 1,	/* for a regular file; else metadata */
	REQUEST_CLOSED = 2,	/* nobody has the file open for writing */
	REQUEST_UNWRITTEN = 4,	/* the extent will be unwritten */
	REQUEST_DELALLOC = 8,	/* reserved while it was delayed; for traces */
	REQUEST_EXACT = 16,	/* nothing is allocated ahead: fallocate */
};

struct alloc_request {
	uint64_t len;		/* blocks, not 0 */
	uint64_t goal;		/* preferred first block, 0: none */
	uint32_t ino;		/* who asks, for kernel mode and traces */
	uint32_t lblk;		/* first logical block asked for */
	uint64_t file_blocks;	/* size of the whole file */
	uint32_t flags;		/* REQUEST_* */

	/* For kernel mode: the nearest mapped blocks on either side of
	 * @lblk.  A physical block of 0 says that there is none. */
	uint32_t lleft, lright;
	uint64_t pleft, pright;
};

struct mballoc;
struct trace;

/* Make an allocator over the free runs @free (ascending, not touching): the
 * gaps that block-group metadata leaves.  @group_blocks is s_blocks_per_group
 * and @first_block s_first_data_block.
 * Return: 0 with *@ret to mballoc_free(); ENOMEM; E4PACK_ET_BUG when the runs
 * are not as said. */
errcode_t mballoc_new(struct mballoc **ret, const struct run *free, size_t n,
		      uint32_t group_blocks, uint32_t first_block);
void mballoc_free(struct mballoc *mb);

/* Learn of further free runs (ascending, not touching), which have no block
 * in common with what is known: groups of an image are read as they are
 * needed.  Best fit only.
 * Return: 0; ENOMEM; E4PACK_ET_BUG when a run is known; then @mb is good for
 * nothing but mballoc_free(). */
errcode_t mballoc_add_free(struct mballoc *mb, const struct run *free,
			   size_t n);

/* Tell @trace, not owned, of requests from now on; NULL: nobody.  It is told
 * of clusters of 1 << @cluster_bits blocks. */
void mballoc_set_trace(struct mballoc *mb, struct trace *trace,
		       uint32_t cluster_bits);

/* Best fit over one set of free runs, across groups: the whole request in
 * the shortest run that holds it (the lowest of equals; at the goal when the
 * goal is the beginning of a run that holds it).  A request longer than
 * every run takes the end of one gap and goes on behind the metadata that
 * ends it, whole gaps between, in the fewest pieces; each break is then one
 * that no allocator can avoid.  Appends to @out.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE with fewer free blocks than asked;
 * E4PACK_ET_SCATTERED with enough of them but none in that form;
 * E4PACK_ET_SEQUENCE in kernel mode.  @out and the free space are unchanged
 * on failure. */
errcode_t mballoc_best_fit(struct mballoc *mb, struct run_list *out,
			   const struct alloc_request *req);

/* As mballoc_best_fit() where used blocks end the gaps, not only metadata: a
 * request longer than every run gets a row of gaps only if no other runs are
 * fewer extents.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE; E4PACK_ET_SEQUENCE in kernel mode.
 * Nothing changes on failure. */
errcode_t mballoc_fewest_runs(struct mballoc *mb, struct run_list *out,
			      const struct alloc_request *req);

/* As mballoc_best_fit(), for the request that it calls scattered: the longest
 * runs whole and the rest from the beginning of the shortest run that holds
 * it, which is the least number of runs; appended to @out in ascending order.
 * Return: 0; ENOMEM; E4PACK_ET_NO_SPACE; E4PACK_ET_SEQUENCE in kernel mode.
 * Nothing changes on failure. */
errcode_t mballoc_scattered(struct mballoc *mb, struct run_list *out,
			    const struct alloc_request *req);

/* Give blocks back.  They must be in use and between two pieces of metadata:
 * E4PACK_ET_BUG.  Return: that, 0 or ENOMEM; nothing changes on failure. */
errcode_t mballoc_release(struct mballoc *mb, uint64_t start, uint64_t len);

/* Blocks free now, and the longest run of them. */
uint64_t mballoc_free_blocks(const struct mballoc *mb);
uint64_t mballoc_longest_run(const struct mballoc *mb);

/* Append every free run, ascending, to @out.  Return: 0 or ENOMEM. */
errcode_t mballoc_free_runs(const struct mballoc *mb, struct run_list *out);

/* Requests served so far. */
uint64_t mballoc_requests(const struct mballoc *mb);

#ifdef ENABLE_VERIFY
/* Abort where free space is not what the gaps leave beside the used blocks. */
void mballoc_verify(const struct mballoc *mb);
#else
static inline void mballoc_verify(const struct mballoc *mb)
{
	(void)mb;
}
#endif

#endif
