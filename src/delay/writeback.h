/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writeback: delayed blocks get their places, and their bytes are written.
 * Two steps, so that all places are known before the first byte moves:
 * writeback_place() for each file, with runs that somebody planned, or on a
 * live image writeback_file(), which asks for them; then writeback_data() for
 * all files in physical order.
 */
#ifndef E4PACK_DELAY_WRITEBACK_H
#define E4PACK_DELAY_WRITEBACK_H

#include "alloc/mballoc.h"
#include "base/diag.h"
#include "base/progress.h"
#include "delay/delayed_file.h"
#include "image/blockio.h"

/* Put the delayed blocks of @f, in logical order, into @n runs that the
 * allocator gave (delayed_file_wanted_blocks() in all; with bigalloc each run
 * is whole clusters): delayed becomes written, or unwritten where no byte was
 * staged; the reservation is claimed, the size on disk follows.
 * Return: 0; ENOMEM, or E4PACK_ET_BUG when the counts do not agree, both with
 * nothing changed. */
errcode_t writeback_place(struct delay *d, struct delayed_file *f,
			  const struct run *runs, size_t n);

/* Ask for the places of all delayed blocks of @f, and put them there: the
 * whole file at once, or as the kernel asks.  The size on disk follows as far
 * as blocks have their place.
 * Return: 0; what allocate() returned, or ENOMEM, with part of the blocks
 * placed and the others delayed as before; E4PACK_ET_STALE when the mapping
 * changed meanwhile; E4PACK_ET_BUG when the runs are not as asked for;
 * E4PACK_ET_SEQUENCE without allocate(). */
errcode_t writeback_file(struct delay *d, struct delayed_file *f);

/* What fsync() of @f does, whose folder is inode @parent: writeback_file(), if
 * blocks are delayed, told as that. */
errcode_t writeback_sync_file(struct delay *d, struct delayed_file *f,
			      uint32_t parent);

/* A placed file whose bytes are to be written. */
struct writeback_item {
	struct delayed_file *file;
	uint64_t pblk;		/* of its first block, the order of writing */
};

struct writeback_options {
	struct diag *diag;
	struct progress *progress;	/* counts bytes */
	unsigned int threads;	/* 1 and up */
	bool zeroed;		/* blocks not written read as zero already */
	bool synced;		/* an fsync follows: the disk may begin */
	/* Which blocks are written: cuts @e to its beginning for which the
	 * answer is the same.  NULL: all of them.  Called by all threads. */
	bool (*select)(void *arg, struct es_extent *e);
	void *select_arg;	/* first argument of @select */
};

/* Write the bytes of all written blocks of @n files (the array may be sorted
 * here), last blocks padded with zeros, and check that no origin changed.
 * The bytes written do not depend on the number of threads.  Files with a map
 * on disk are E4PACK_ET_BUG without @select: some of their blocks keep what
 * they hold.
 * Adds the bytes of all blocks to the progress, which the caller began.
 * Reports, other than E4PACK_ET_INTERRUPTED.  Return: 0, or the first
 * failure. */
errcode_t writeback_data(const struct blockio *io,
			 struct writeback_item *items, size_t n,
			 const struct writeback_options *options);

#endif
