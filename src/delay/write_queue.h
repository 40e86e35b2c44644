/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes of several threads to one file, one at a time.  The kernel lets only
 * one write to a file proceed, and lets the others spin: here they go on
 * reading instead.  Whoever hands over a full buffer while nobody writes
 * becomes the writer, until nothing is left to write.
 *
 * Inner header of writeback.
 */
#ifndef E4PACK_DELAY_WRITE_QUEUE_H
#define E4PACK_DELAY_WRITE_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/fileio.h"
#include "image/blockio.h"

/* Buffers of each thread: one that it fills, and one that waits. */
enum { WRITE_BUFFERS_EACH = 2 };

/* Blocks that follow each other on disk. */
struct write_buffer {
	struct write_buffer *next;
	uint64_t pblk;		/* place of the first of them */
	uint32_t n;
	uint8_t *data;
};

struct write_queue {
	const struct blockio *io;
	uint32_t cap;		/* blocks that fit into one buffer */
	enum io_ground ground;	/* of the image */
	pthread_mutex_t lock;	/* for all of the following */
	pthread_cond_t changed;	/* a buffer is unused, or nobody writes */
	bool busy;		/* somebody writes */
	bool failed;		/* a write did: nothing more is written, and
				 * whoever was told stops the others */
	struct write_buffer *unused;
	struct write_buffer *first, **last;	/* full, in their order */
	struct write_buffer *buffers;	/* all of them, and their bytes */
	uint8_t *bytes;
};

/* Make a queue for @workers threads with buffers of @cap blocks.
 * Return: 0 with @q to write_queue_release(), or ENOMEM. */
errcode_t write_queue_init(struct write_queue *q, const struct blockio *io,
			   unsigned int workers, uint32_t cap);

/* Free the buffers, when no thread has one. */
void write_queue_release(struct write_queue *q);

/* Take an unused buffer: each thread may have one at a time, then it is not
 * waited for longer than others write. */
struct write_buffer *write_queue_get(struct write_queue *q);

/* Give back a buffer unwritten. */
void write_queue_drop(struct write_queue *q, struct write_buffer *b);

/* Hand over a buffer to be written, by this call or by another thread's.
 * Return: 0, or with *@pblk the place of a write by this call that failed,
 * its errno. */
errcode_t write_queue_put(struct write_queue *q, struct write_buffer *b,
			  uint64_t *pblk);

/* Become the writer, for a write without a buffer; with @wait, whoever else
 * is.  Return: whether this thread is it, to write_queue_leave(). */
bool write_queue_enter(struct write_queue *q, bool wait);

/* Write what was handed over meanwhile, and be the writer no longer.
 * Return: as write_queue_put(). */
errcode_t write_queue_leave(struct write_queue *q, uint64_t *pblk);

#endif
