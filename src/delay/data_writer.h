/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of writeback: one thread's way of moving bytes from origins to
 * blocks.  It gathers what is adjacent on disk into one large write.
 */
#ifndef E4PACK_DELAY_DATA_WRITER_H
#define E4PACK_DELAY_DATA_WRITER_H

#include <stdatomic.h>

#include "delay/data_reader.h"
#include "delay/write_queue.h"
#include "delay/writeback.h"

/* What all writers of one run know of each other. */
struct data_shared {
	atomic_bool stop;	/* one failed: the others need not go on */
	atomic_bool no_copy;	/* the kernel cannot copy between these files */
	struct write_queue queue;
};

struct data_writer {
	const struct blockio *io;
	const struct writeback_options *options;
	struct data_shared *shared;
	struct write_buffer *buf;	/* being filled, or NULL */
	struct data_reader reader;
	struct content_walk walk;
};

void data_writer_init(struct data_writer *w, const struct blockio *io,
		      const struct writeback_options *options,
		      struct data_shared *shared);

/* Write the blocks of @e, which are written blocks of @f.  Reports. */
errcode_t data_writer_extent(struct data_writer *w,
			     const struct delayed_file *f,
			     const struct es_extent *e);

/* Write what is gathered, or have it written before the other writers end.
 * Reports. */
errcode_t data_writer_flush(struct data_writer *w);

/* End reading: with @err 0 origins are checked for changes.  Reports.
 * Return: @err, or the first failure of a check. */
errcode_t data_writer_release(struct data_writer *w, errcode_t err);

#endif
