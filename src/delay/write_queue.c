// SPDX-License-Identifier: GPL-2.0-or-later
/* One writer at a time. */
#include "delay/write_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fileio.h"

errcode_t write_queue_init(struct write_queue *q, const struct blockio *io,
			   unsigned int workers, uint32_t cap)
{
	/* Alone, a thread is always the writer of what it filled. */
	unsigned int n = workers > 1 ? WRITE_BUFFERS_EACH * workers : 1, i;
	size_t size = (size_t)cap * io->block_size;

	memset(q, 0, sizeof(*q));
	q->io = io;
	q->cap = cap;
	q->ground = io_ground(io->fd);
	q->last = &q->first;
	q->buffers = calloc(n, sizeof(*q->buffers));
	q->bytes = malloc(n * size);
	if (!q->buffers || !q->bytes) {
		free(q->buffers);
		free(q->bytes);
		return ENOMEM;
	}
	for (i = 0; i < n; i++) {
		q->buffers[i].data = q->bytes + i * size;
		q->buffers[i].next = q->unused;
		q->unused = &q->buffers[i];
	}
	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->changed, NULL);
	return 0;
}

void write_queue_release(struct write_queue *q)
{
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->lock);
	free(q->buffers);
	free(q->bytes);
}

struct write_buffer *write_queue_get(struct write_queue *q)
{
	struct write_buffer *b;

	pthread_mutex_lock(&q->lock);
	while (!q->unused)
		pthread_cond_wait(&q->changed, &q->lock);
	b = q->unused;
	q->unused = b->next;
	pthread_mutex_unlock(&q->lock);
	b->n = 0;
	return b;
}

/* The lock is held. */
static void make_unused(struct write_queue *q, struct write_buffer *b)
{
	b->next = q->unused;
	q->unused = b;
	pthread_cond_broadcast(&q->changed);
}

void write_queue_drop(struct write_queue *q, struct write_buffer *b)
{
	pthread_mutex_lock(&q->lock);
	make_unused(q, b);
	pthread_mutex_unlock(&q->lock);
}

/* As the writer, with the lock held: write all that is handed over. */
static errcode_t write_all(struct write_queue *q, uint64_t *pblk)
{
	struct write_buffer *b;
	errcode_t err = 0;

	while ((b = q->first)) {
		q->first = b->next;
		if (!q->first)
			q->last = &q->first;
		if (!q->failed) {
			pthread_mutex_unlock(&q->lock);
			err = blockio_write(q->io, b->pblk, b->n, b->data);
			pthread_mutex_lock(&q->lock);
			*pblk = b->pblk;
			q->failed = err != 0;
		}
		make_unused(q, b);
	}
	return err;
}

errcode_t write_queue_put(struct write_queue *q, struct write_buffer *b,
			  uint64_t *pblk)
{
	errcode_t err = 0;

	pthread_mutex_lock(&q->lock);
	b->next = NULL;
	*q->last = b;
	q->last = &b->next;
	if (!q->busy) {
		q->busy = true;
		err = write_all(q, pblk);
		q->busy = false;
		pthread_cond_broadcast(&q->changed);
	}
	pthread_mutex_unlock(&q->lock);
	return err;
}

bool write_queue_enter(struct write_queue *q, bool wait)
{
	bool entered;

	pthread_mutex_lock(&q->lock);
	while (wait && q->busy)
		pthread_cond_wait(&q->changed, &q->lock);
	entered = !q->busy;
	q->busy = true;
	pthread_mutex_unlock(&q->lock);
	return entered;
}

errcode_t write_queue_leave(struct write_queue *q, uint64_t *pblk)
{
	errcode_t err;

	pthread_mutex_lock(&q->lock);
	err = write_all(q, pblk);
	q->busy = false;
	pthread_cond_broadcast(&q->changed);
	pthread_mutex_unlock(&q->lock);
	return err;
}
