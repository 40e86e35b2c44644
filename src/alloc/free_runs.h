/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One set of free runs for the whole image.  Runs cross block groups; they
 * are maximal: between two of them lies at least one block that is not free.
 */
#ifndef E4PACK_ALLOC_FREE_RUNS_H
#define E4PACK_ALLOC_FREE_RUNS_H

#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>
#include <et/com_err.h>

/* One maximal run of free blocks.  Read it, but change it only through the
 * set: both trees are ordered by its fields. */
struct free_run {
	uint64_t start;		/* first block */
	uint64_t len;		/* blocks, not 0 */
	RB_ENTRY(free_run) by_start, by_len;
};

RB_HEAD(start_tree, free_run);
RB_HEAD(len_tree, free_run);

struct free_runs {
	struct start_tree by_start;	/* ordered by start */
	struct len_tree by_len;		/* ordered by (len, start) */
	struct free_run *spare;		/* a node in hand, or NULL */
	uint64_t blocks;		/* sum of all lengths */
	size_t n;			/* runs */
};

/* Make an empty set; allocates nothing. */
void free_runs_init(struct free_runs *fr);

/* Free every run; the set is empty and may be used again. */
void free_runs_release(struct free_runs *fr);

/* Lay a node by, so that the next free_runs_give() or free_runs_take() needs
 * no memory.  Return: 0 or ENOMEM. */
errcode_t free_runs_prepare(struct free_runs *fr);

/* Make [@start, @start + @len) free, joined with what it touches.
 * Return: 0; ENOMEM; E4PACK_ET_BUG when one of the blocks is free already or
 * the range is empty or runs past 2^64.  Nothing changes on failure. */
errcode_t free_runs_give(struct free_runs *fr, uint64_t start, uint64_t len);

/* Make [@start, @start + @len) used.  Only a take out of the middle of a run
 * needs memory.
 * Return: 0; ENOMEM; E4PACK_ET_BUG when one of the blocks is not free.
 * Nothing changes on failure. */
errcode_t free_runs_take(struct free_runs *fr, uint64_t start, uint64_t len);

/* The shortest run of at least @len blocks, the lowest of equals, or NULL. */
struct free_run *free_runs_best(const struct free_runs *fr, uint64_t len);

/* The longest run, the highest of equals, or NULL; from there down. */
struct free_run *free_runs_longest(const struct free_runs *fr);
struct free_run *free_runs_shorter(struct free_run *run);

/* The run that holds @block or, where it is used, the next one, or NULL. */
struct free_run *free_runs_from(const struct free_runs *fr, uint64_t block);

/* The lowest run, or NULL; from there up. */
struct free_run *free_runs_first(const struct free_runs *fr);
struct free_run *free_runs_next(struct free_run *run);

#ifdef ENABLE_VERIFY
/* Abort where the trees disagree, runs touch, or the counters are not the
 * recount. */
void free_runs_verify(const struct free_runs *fr);
#else
static inline void free_runs_verify(const struct free_runs *fr)
{
	(void)fr;
}
#endif

#endif
