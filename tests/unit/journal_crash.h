/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device whose writes and syncs are recorded, and the states in which a
 * crash may leave it: of the writes since the last sync any may be lost, in
 * any order, block by block; those before it are there.
 */
#ifndef TESTS_UNIT_JOURNAL_CRASH_H
#define TESTS_UNIT_JOURNAL_CRASH_H

#include "journal_device.h"

enum { CRASH_WRITES = 2000, CRASH_SYNCS = 64 };

/* One block, or the part of it that was written. */
struct crash_write {
	uint64_t position;
	size_t len;
	uint8_t *data;
};

struct recorder {
	struct device *d;
	struct crash_write writes[CRASH_WRITES];
	size_t n;
	size_t syncs[CRASH_SYNCS];	/* writes before each */
	size_t n_syncs;
	size_t calls;			/* of sync, lost ones included */
	size_t lose_sync;		/* this call does nothing; 0: none */
	size_t fail_at;			/* this write or sync fails; 0: none */
	size_t operations;
};

static inline errcode_t recorder_count(struct recorder *r)
{
	return ++r->operations == r->fail_at ? 5 /* EIO */ : 0;
}

static inline errcode_t recorder_read(void *arg, void *data, size_t len,
				      uint64_t position)
{
	return device_read(((struct recorder *)arg)->d, data, len, position);
}

static inline errcode_t recorder_write(void *arg, const void *data,
				       size_t len, uint64_t position)
{
	struct recorder *r = arg;
	size_t done, part;

	if (recorder_count(r))
		return 5;
	for (done = 0; done < len; done += part) {
		struct crash_write *w = &r->writes[r->n++];

		assert_true(r->n < CRASH_WRITES);
		part = r->d->block_size;
		if (part > len - done)
			part = len - done;
		w->position = position + done;
		w->len = part;
		w->data = malloc(part);
		assert_non_null(w->data);
		memcpy(w->data, (const uint8_t *)data + done, part);
	}
	return device_write(r->d, data, len, position);
}

static inline errcode_t recorder_sync(void *arg)
{
	struct recorder *r = arg;

	if (recorder_count(r))
		return 5;
	assert_true(r->n_syncs < CRASH_SYNCS);
	if (++r->calls != r->lose_sync)
		r->syncs[r->n_syncs++] = r->n;
	return 0;
}

static inline void recorder_init(struct recorder *r, struct device *d)
{
	memset(r, 0, sizeof(*r));
	r->d = d;
}

static inline void recorder_release(struct recorder *r)
{
	while (r->n)
		free(r->writes[--r->n].data);
}

/* Open the journal of @d so that its calls are recorded. */
static inline errcode_t recorder_open(struct journal *j, struct recorder *r)
{
	struct journal_io io = { recorder_read, recorder_write, recorder_sync,
				 r };
	errcode_t err = device_open(j, r->d);

	if (!err)
		j->place.io = io;
	return err;
}

/* Where the writes of epoch @epoch begin; epochs end with a sync. */
static inline size_t recorder_epoch(const struct recorder *r, size_t epoch)
{
	if (epoch == 0)
		return 0;
	return epoch <= r->n_syncs ? r->syncs[epoch - 1] : r->n;
}

/* Make @data, the device before the first write, what a crash in @epoch
 * leaves; bit i of @mask says whether its write i is there. */
static inline void recorder_crash(const struct recorder *r, uint8_t *data,
				  size_t epoch, uint64_t mask)
{
	size_t from = recorder_epoch(r, epoch), i;
	size_t to = recorder_epoch(r, epoch + 1);

	for (i = 0; i < to; i++) {
		const struct crash_write *w = &r->writes[i];

		if (i < from || (mask >> ((i - from) % 64) & 1))
			memcpy(data + w->position, w->data, w->len);
	}
}

/* SplitMix64: the same masks in every run. */
static inline uint64_t crash_random(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* The mask of state @i of an epoch of @n writes: all subsets where they are
 * few, else the prefixes and then random ones. */
static inline uint64_t crash_mask(size_t n, size_t i, uint64_t *seed)
{
	if (n <= 8)
		return i;
	if (i <= n && i < 64)
		return (UINT64_C(1) << i) - 1;
	return crash_random(seed);
}

/* How many states of an epoch of @n writes are tried. */
static inline size_t crash_states(size_t n, size_t most)
{
	return n <= 8 ? (size_t)1 << n : most;
}

#endif
