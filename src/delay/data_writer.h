/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inner door of writeback: one thread's way of moving bytes from origins to
 * blocks.  It gathers what is adjacent on disk into one large write.
 */
#ifndef E4PACK_DELAY_DATA_WRITER_H
#define E4PACK_DELAY_DATA_WRITER_H

#include <stdatomic.h>

#include "delay/data_reader.h"
#include "delay/writeback.h"

/* What all writers of one run know of each other. */
struct data_shared {
	atomic_bool stop;	/* one failed: the others need not go on */
	atomic_bool no_copy;	/* the kernel cannot copy between these files */
};

struct data_writer {
	const struct blockio *io;
	const struct writeback_options *options;
	struct data_shared *shared;
	uint8_t *buf;
	uint32_t cap;		/* blocks that fit into @buf */
	uint32_t n;		/* blocks in @buf */
	uint64_t pblk;		/* place of the first of them */
	struct data_reader reader;
	struct content_walk walk;
};

/* Make a writer with a buffer of @bytes.  Return: 0 or ENOMEM. */
errcode_t data_writer_init(struct data_writer *w, const struct blockio *io,
			   const struct writeback_options *options,
			   struct data_shared *shared, uint32_t bytes);

/* Write the blocks of @e, which are written blocks of @f.  Reports. */
errcode_t data_writer_extent(struct data_writer *w,
			     const struct delayed_file *f,
			     const struct es_extent *e);

/* Write what is gathered.  Reports. */
errcode_t data_writer_flush(struct data_writer *w);

/* End reading: with @err 0 origins are checked for changes.  Frees the
 * buffer.  Reports.  Return: @err, or the first failure of a check. */
errcode_t data_writer_release(struct data_writer *w, errcode_t err);

#endif
