// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A log that may be anything: walked, read and replayed on an image in memory.
 *
 * An input: one byte of flags, one of the image's size, then the blocks of
 * the log from its superblock on.  FLAG_SEAL has all checksums of the log
 * made right first, so that what they cover is reached.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "journal/replay.h"

enum {
	FLAG_LARGE = 1,		/* blocks of 4096 bytes, not 1024 */
	FLAG_SEAL = 2,
	LOG_MOST = 256,		/* blocks */
};

struct device {
	uint8_t *data;
	uint64_t bytes;
	uint32_t block_size, log_blocks, blocks;
	struct diag diag;
};

static void ignore(void *arg, enum diag_level level, const char *subject,
		   const char *text)
{
	(void)arg;
	(void)level;
	(void)subject;
	(void)text;
}

static uint8_t *place(struct device *d, size_t len, uint64_t position)
{
	if (position > d->bytes || len > d->bytes - position)
		abort();
	return d->data + position;
}

static errcode_t read_device(void *arg, void *data, size_t len,
			     uint64_t position)
{
	memcpy(data, place(arg, len, position), len);
	return 0;
}

static errcode_t write_device(void *arg, const void *data, size_t len,
			      uint64_t position)
{
	memcpy(place(arg, len, position), data, len);
	return 0;
}

static errcode_t sync_device(void *arg)
{
	(void)arg;
	return 0;
}

/* The second half of the log lies before the first. */
static uint32_t split(const struct device *d)
{
	return d->log_blocks / 2;
}

static uint64_t log_place(const struct device *d, uint32_t block)
{
	uint32_t end = d->blocks - 2, n = d->log_blocks, half = split(d);

	return block < half ? end - half + block : end - n - 1 + block - half;
}

static uint8_t *log_block(struct device *d, uint32_t block)
{
	return d->data + log_place(d, block) * d->block_size;
}

static bool fill(struct device *d, const uint8_t *data, size_t size)
{
	uint32_t i;

	memset(d, 0, sizeof(*d));
	d->block_size = data[0] & FLAG_LARGE ? 4096 : 1024;
	d->log_blocks = (uint32_t)((size - 2 + d->block_size - 1) /
				   d->block_size);
	if (d->log_blocks < 2 || d->log_blocks > LOG_MOST)
		return false;
	d->blocks = d->log_blocks + 16 + data[1];
	d->bytes = (uint64_t)d->blocks * d->block_size;
	d->data = calloc(1, d->bytes);
	if (!d->data)
		abort();
	for (i = 0; i < d->log_blocks; i++) {
		size_t at = 2 + (size_t)i * d->block_size, len = size - at;

		memcpy(log_block(d, i), data + at,
		       len < d->block_size ? len : d->block_size);
	}
	return true;
}

static void seal(struct device *d)
{
	uint8_t *super = log_block(d, 0);
	struct jbd_layout layout;
	struct jbd_header h;
	struct jsuper s;
	uint32_t i;

	memset(&s, 0, sizeof(s));
	memcpy(s.raw, super, JSUPER_BYTES);
	s.incompat = get_be32(super + 40);
	jsuper_seal(&s);
	memcpy(super, s.raw, JSUPER_BYTES);
	jbd_layout_init(&layout, d->block_size, get_be32(super + 36),
			s.incompat, super + 48);
	for (i = 1; i < d->log_blocks; i++) {
		uint8_t *block = log_block(d, i);

		if (!jbd_header_get(&h, block))
			continue;
		if (h.type == JBD_COMMIT)
			jbd_commit_put(block, &layout, h.tid, i, 0);
		else if (h.type == JBD_DESCRIPTOR || h.type == JBD_REVOKE)
			jbd_tail_put(&layout, block);
	}
}

static errcode_t open_log(struct journal *j, struct device *d)
{
	const struct journal_place p = {
		.io = { read_device, write_device, sync_device, d },
		.room = d->blocks, .block_size = d->block_size,
		.diag = &d->diag, .path = "device",
	};
	const uint32_t half = split(d);
	struct logmap map;
	errcode_t err;

	memset(&map, 0, sizeof(map));
	err = logmap_add(&map, log_place(d, 0), half);
	if (!err)
		err = logmap_add(&map, log_place(d, half),
				 d->log_blocks - half);
	if (!err)
		err = logmap_finish(&map);
	if (err)
		abort();
	return journal_init(j, &p, &map);
}

/* A walk goes round a log once at most, and tells of each record. */
static errcode_t count(void *arg, const struct log_event *e)
{
	const uint64_t most = (uint64_t)LOG_MOST * 4096;

	(void)e;
	if (++*(uint64_t *)arg > most)
		abort();
	return 0;
}

static void read_log(struct journal *j)
{
	uint64_t events = 0;
	const struct log_visitor v = {
		.visit = count, .arg = &events, .check_data = true,
	};
	struct replay r = { .copies = 0 };
	struct log_end end;

	log_walk(&end, j, &v);
	if (!replay_read(&r, j))
		replay_write(&r, j);
	replay_release(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct device d;
	struct journal j;

	if (size < 3 || !fill(&d, data, size))
		return 0;
	if (data[0] & FLAG_SEAL)
		seal(&d);
	diag_init(&d.diag, ignore, NULL);
	if (!open_log(&j, &d)) {
		read_log(&j);
		journal_release(&j);
	}
	diag_release(&d.diag);
	free(d.data);
	return 0;
}
