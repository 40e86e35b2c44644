/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image in memory with a journal in it, and a writer of log blocks that
 * tests drive one by one.  The journal lies in two pieces, the second before
 * the first, so that nothing may take log blocks for neighbours.
 */
#ifndef TESTS_UNIT_JOURNAL_DEVICE_H
#define TESTS_UNIT_JOURNAL_DEVICE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "journal/journal.h"

/* A test may want a larger log. */
#ifndef LOG_BLOCKS
#define LOG_BLOCKS 40		/* superblock included */
#endif

enum {
	LOG_SPLIT = 17,		/* blocks in the first piece */
	LOG_PLACE_2 = 150,	/* where the second piece is */
	LOG_PLACE = LOG_PLACE_2 + LOG_BLOCKS + 10,	/* and the first */
	DEVICE_BLOCKS = LOG_PLACE + LOG_SPLIT + 10,
};

struct device {
	uint8_t *data;
	uint32_t blocks, block_size;
	struct diag diag;
	char said[512];		/* the last message */
	struct jbd_layout layout;
	uint32_t at;		/* log block that is written next */
};

static inline uint8_t *device_block(struct device *d, uint64_t pblk)
{
	return d->data + pblk * d->block_size;
}

static inline uint64_t device_log_place(uint32_t block)
{
	return block < LOG_SPLIT ? LOG_PLACE + block :
				   LOG_PLACE_2 + block - LOG_SPLIT;
}

static inline uint8_t *device_log(struct device *d, uint32_t block)
{
	return device_block(d, device_log_place(block));
}

static inline errcode_t device_read(void *arg, void *data, size_t len,
				    uint64_t position)
{
	struct device *d = arg;
	uint64_t bytes = (uint64_t)d->blocks * d->block_size;

	assert_true(position <= bytes && len <= bytes - position);
	memcpy(data, d->data + position, len);
	return 0;
}

static inline errcode_t device_write(void *arg, const void *data, size_t len,
				     uint64_t position)
{
	struct device *d = arg;
	uint64_t bytes = (uint64_t)d->blocks * d->block_size;

	assert_true(position <= bytes && len <= bytes - position);
	memcpy(d->data + position, data, len);
	return 0;
}

static inline errcode_t device_sync(void *arg)
{
	(void)arg;
	return 0;
}

static inline void device_hear(void *arg, enum diag_level level,
			       const char *subject, const char *text)
{
	struct device *d = arg;

	(void)level;
	(void)subject;
	strncpy(d->said, text, sizeof(d->said) - 1);
}

/* Each block of the device begins with its number, for telling them apart. */
static inline void device_init(struct device *d, uint32_t block_size)
{
	uint32_t i;

	memset(d, 0, sizeof(*d));
	d->block_size = block_size;
	d->blocks = DEVICE_BLOCKS;
	d->data = calloc(DEVICE_BLOCKS, block_size);
	assert_non_null(d->data);
	for (i = 0; i < DEVICE_BLOCKS; i++)
		put_le32(device_block(d, i), 0x01d00000 + i);
	diag_init(&d->diag, device_hear, d);
}

static inline void device_release(struct device *d)
{
	diag_release(&d->diag);
	free(d->data);
}

/* Write the superblock of a log that begins at @start with @tid. */
static inline void device_super(struct device *d, uint32_t compat,
				uint32_t incompat, uint32_t start,
				uint32_t tid)
{
	uint8_t *raw = device_log(d, 0), uuid[JBD_UUID];
	struct jsuper s;

	memset(uuid, 0x5a, sizeof(uuid));
	memset(raw, 0, d->block_size);
	jbd_header_put(raw, JBD_SUPER_V2, 0);
	put_be32(raw + 12, d->block_size);
	put_be32(raw + 16, LOG_BLOCKS);
	put_be32(raw + 20, 1);
	put_be32(raw + 24, tid);
	put_be32(raw + 28, start);
	put_be32(raw + 36, compat);
	put_be32(raw + 40, incompat);
	memcpy(raw + 48, uuid, sizeof(uuid));
	put_be32(raw + 64, 1);
	raw[80] = 4;
	memset(&s, 0, sizeof(s));
	memcpy(s.raw, raw, JSUPER_BYTES);
	s.incompat = incompat;
	jsuper_seal(&s);
	memcpy(raw, s.raw, JSUPER_BYTES);
	jbd_layout_init(&d->layout, d->block_size, compat, incompat, uuid);
	d->at = start;
}

static inline errcode_t device_open(struct journal *j, struct device *d)
{
	struct journal_place place = {
		.io = { device_read, device_write, device_sync, d },
		.room = DEVICE_BLOCKS, .block_size = d->block_size,
		.diag = &d->diag, .path = "device",
	};
	struct logmap map;

	memset(&map, 0, sizeof(map));
	assert_int_equal(logmap_add(&map, LOG_PLACE, LOG_SPLIT), 0);
	assert_int_equal(logmap_add(&map, LOG_PLACE_2,
				    LOG_BLOCKS - LOG_SPLIT), 0);
	assert_int_equal(logmap_finish(&map), 0);
	return journal_init(j, &place, &map);
}

/* The next block of the log, cleared. */
static inline uint8_t *device_next(struct device *d)
{
	uint8_t *block = device_log(d, d->at);

	d->at = d->at + 1 < LOG_BLOCKS ? d->at + 1 : 1;
	memset(block, 0, d->block_size);
	return block;
}

/* A copy for each home block, ended by 0: filled with @fill and the home's
 * number, or beginning with the magic where @fill is 0. */
static inline uint8_t *device_descriptor(struct device *d, uint32_t tid,
					 const uint64_t *homes, uint8_t fill)
{
	uint8_t *block = device_next(d), *at = block + JBD_HEADER;
	size_t i;

	jbd_header_put(block, JBD_DESCRIPTOR, tid);
	for (i = 0; homes[i]; i++) {
		struct jbd_tag t = { .home = homes[i] };
		uint8_t *copy = device_next(d);

		memset(copy, fill, d->block_size);
		if (fill)
			copy[0] = (uint8_t)homes[i];
		else
			t.flags |= JBD_TAG_ESCAPE;
		t.flags |= i ? JBD_TAG_SAME_UUID : 0;
		t.flags |= homes[i + 1] ? 0 : JBD_TAG_LAST;
		t.csum = jbd_data_csum(&d->layout, tid, copy);
		at += jbd_tag_put(at, &t, &d->layout);
	}
	jbd_tail_put(&d->layout, block);
	return block;
}

static inline uint8_t *device_revoke(struct device *d, uint32_t tid,
				     const uint64_t *homes)
{
	uint8_t *block = device_next(d), *at = block + JBD_REVOKE_HEADER;

	jbd_header_put(block, JBD_REVOKE, tid);
	for (; *homes; homes++) {
		if (d->layout.wide)
			put_be64(at, *homes);
		else
			put_be32(at, (uint32_t)*homes);
		at += jbd_revoke_size(&d->layout);
	}
	put_be32(block + JBD_HEADER, (uint32_t)(at - block));
	jbd_tail_put(&d->layout, block);
	return block;
}

static inline uint8_t *device_commit(struct device *d, uint32_t tid,
				     uint64_t sec)
{
	uint8_t *block = device_next(d);

	jbd_commit_put(block, &d->layout, tid, sec, 0);
	return block;
}

#endif
