// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes of several threads, one at a time: all are made, none is made twice,
 * a failure is told once, and nobody waits for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "delay/write_queue.h"

enum { THREADS = 6, BLOCK = 1024, CAP = 4, ROUNDS = 300 };

struct run {
	struct write_queue queue;
	struct blockio io;
	atomic_uint next;	/* round */
	atomic_uint told;	/* failures with an errno */
	atomic_uint stopped;	/* threads that were told to stop */
};

/* Every third round writes without a buffer, if it is let. */
static errcode_t one_round(struct run *r, unsigned int round, uint64_t *pblk)
{
	struct write_buffer *b;
	uint8_t bytes[BLOCK];

	*pblk = 0;
	if (round % 3 == 0 &&
	    write_queue_enter(&r->queue, round % 2 == 0)) {
		memset(bytes, (int)(round % 251) + 1, sizeof(bytes));
		blockio_write(&r->io, (uint64_t)round * CAP, 1, bytes);
		return write_queue_leave(&r->queue, pblk);
	}
	b = write_queue_get(&r->queue);
	b->pblk = (uint64_t)round * CAP;
	b->n = 1;
	memset(b->data, (int)(round % 251) + 1, BLOCK);
	if (round % 7 == 0) {
		write_queue_drop(&r->queue, b);
		b = write_queue_get(&r->queue);
		b->pblk = (uint64_t)round * CAP;
		b->n = 1;
		memset(b->data, (int)(round % 251) + 1, BLOCK);
	}
	return write_queue_put(&r->queue, b, pblk);
}

static void *work(void *arg)
{
	struct run *r = arg;
	unsigned int round;
	uint64_t pblk;
	errcode_t err = 0;

	while (!err && (round = atomic_fetch_add(&r->next, 1)) < ROUNDS)
		err = one_round(r, round, &pblk);
	if (err == E4PACK_ET_INTERRUPTED)
		atomic_fetch_add(&r->stopped, 1);
	else if (err)
		atomic_fetch_add(&r->told, 1);
	return NULL;
}

static void run_with(struct run *r, int fd, unsigned int threads)
{
	pthread_t ids[THREADS];
	unsigned int i;

	memset(r, 0, sizeof(*r));
	r->io = (struct blockio){ .fd = fd, .block_size = BLOCK,
				  .blocks = (uint64_t)ROUNDS * CAP };
	assert_int_equal(write_queue_init(&r->queue, &r->io, threads, CAP), 0);
	for (i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&ids[i], NULL, work, r), 0);
	for (i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	assert_null(r->queue.first);
	assert_false(r->queue.busy);
	write_queue_release(&r->queue);
}

static int open_scratch(char *name)
{
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	return fd;
}

static void everything_is_written(void **state)
{
	char name[] = "/tmp/e4pack-test-XXXXXX";
	uint8_t bytes[BLOCK];
	struct run r;
	unsigned int threads, round;
	int fd = open_scratch(name);

	(void)state;
	for (threads = 1; threads <= THREADS; threads++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		run_with(&r, fd, threads);
		assert_int_equal(r.told, 0);
		assert_int_equal(r.stopped, 0);
		for (round = 0; round < ROUNDS; round++) {
			assert_int_equal(pread(fd, bytes, BLOCK,
					       (off_t)round * CAP * BLOCK),
					 BLOCK);
			assert_int_equal(bytes[0], round % 251 + 1);
			assert_int_equal(bytes[BLOCK - 1], round % 251 + 1);
		}
	}
	close(fd);
	unlink(name);
}

static void a_failure_is_told_once(void **state)
{
	char name[] = "/tmp/e4pack-test-XXXXXX";
	struct run r;
	unsigned int threads;
	int fd = open_scratch(name), closed = open(name, O_RDONLY);

	(void)state;
	assert_true(closed >= 0);
	for (threads = 1; threads <= THREADS; threads++) {
		run_with(&r, closed, threads);
		assert_int_equal(r.told, 1);
		assert_true(r.stopped < threads);
	}
	close(closed);
	close(fd);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_written),
		cmocka_unit_test(a_failure_is_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
