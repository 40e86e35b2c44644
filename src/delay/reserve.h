/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The promise: how much of the free space is spoken for.  See reserve.c for
 * the arithmetic.  All counts are clusters unless a name says blocks.
 */
#ifndef E4PACK_DELAY_RESERVE_H
#define E4PACK_DELAY_RESERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

struct reserve {
	uint64_t free;		/* free clusters of the image, or unbounded */
	bool unbounded;		/* the size is solved later: never full */
	uint64_t limit;		/* unbounded: clusters that --max-size allows
				 * in all, 0: no limit */
	bool kernel_margins;	/* data leaves @root and @resv alone */
	bool use_root;		/* the writer may have what is @root's */
	uint64_t root;		/* kept for root */
	uint64_t resv;		/* kept for metadata at writeback: the
				 * kernel's s_resv_clusters */
	bool measure;		/* past the end, set @overrun and go on: the
				 * caller wants to know how much is needed */
	bool overrun;		/* more was promised than there is */
	uint64_t dirty;		/* reserved for delayed blocks, all files */
	uint64_t meta;		/* reserved for metadata to come, in blocks */
	uint64_t reserved_total;	/* ever reserved and not released */
	uint64_t claimed_total;		/* ever claimed at flush */
};

/* Promise @n clusters of data.
 * Return: 0, or E4PACK_ET_NO_SPACE with nothing changed. */
errcode_t reserve_space(struct reserve *r, uint64_t n);

/* Take back a promise of @n clusters that was not used. */
void reserve_release(struct reserve *r, uint64_t n);

/* Use a promise: @n clusters have been allocated for it.  Where the size is
 * known this also takes them off free, so the caller must not. */
void reserve_claim(struct reserve *r, uint64_t n);

/* Replace the metadata promise @old of one object by @now, in blocks.
 * Return: 0, or E4PACK_ET_NO_SPACE with nothing changed. */
errcode_t reserve_meta(struct reserve *r, uint64_t old, uint64_t now);

/* Clusters that a further reservation for data could still get. */
uint64_t reserve_available(const struct reserve *r);

/* Whether the kernel would stop delaying now and allocate at each write. */
bool nonda_switch(const struct reserve *r);

#endif
