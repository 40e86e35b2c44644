/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the threads that look ahead share with the walk.  Inner header of
 * dir_ahead.c and dir_prepare.c.  Functions are called with the lock held,
 * where they do not say otherwise.
 */
#ifndef E4PACK_SOURCE_DIR_WINDOW_H
#define E4PACK_SOURCE_DIR_WINDOW_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/dir_ahead.h"

enum {
	CHUNK = 8,		/* names, one bit of a byte each */
	RING = 32,		/* chunks */
	MAX_LOOKERS = 16,	/* one walk cannot feed more */
	MAX_PREPARED = 16,	/* folders, for each that the walk is in */
};

enum work_state { UNCLAIMED, CLAIMED, DONE };

/* A folder whose names are looked at: one that the walk is in, or one
 * prepared for it, then with a descriptor and names of its own. */
struct dir_window {
	struct dir_window *outer;	/* begun before; of a prepared one,
					 * that of a later name */
	struct dir_window *prepared;	/* in it, in the order of the names */
	size_t n;		/* names */
	size_t current;		/* chunk that the walk is in */
	size_t claim;		/* next one to claim */
	size_t seek;		/* first name not yet asked whether to prepare
				 * it */
	const char *const *names;
	int fd;
	unsigned int busy;	/* threads that are in it */
	dev_t dev;
	uint8_t folders[RING];	/* bits of names to prepare, once DONE */
	atomic_int state[RING];	/* of chunk c at c % RING */
	char path[PATH_MAX];	/* of the folder; "" if it is too long */

	/* While it is prepared: */
	size_t index;		/* of its name, in the window around it */
	ino_t ino;
	atomic_int preparing;	/* CLAIMED or DONE */
	bool failed;		/* once it is */
	struct dir_names own;	/* what @names are */

	/* Of a chunk: they are whose who claimed it, until it is DONE. */
	struct dir_look looks[RING * CHUNK];
};

struct dir_lookers {
	int flags;
	bool prepares;		/* they go into folders */
	uint64_t max_fd;	/* first descriptor that is left to others */
	pthread_mutex_t lock;	/* for all of the following, and windows */
	pthread_cond_t work;	/* there is something to do, or an end */
	pthread_cond_t done;	/* a chunk is done, or a folder prepared */
	struct dir_window *innermost;
	struct dir_window *spare;	/* not in use, linked by @outer */
	bool stop;
	unsigned int asleep;	/* threads that wait for work */
	unsigned int called;	/* of these, to wake up */
	unsigned int started, max;
	pthread_t threads[MAX_LOOKERS];
};

/* How many chunks of @w can be claimed now. */
size_t window_claimable(const struct dir_window *w);

/* Needs no lock. */
static inline bool work_is_done(const atomic_int *state)
{
	return atomic_load_explicit(state, memory_order_acquire) == DONE;
}

/* Whether @chunk, which is in the ring, was looked at.  Needs no lock. */
static inline bool window_is_done(const struct dir_window *w, size_t chunk)
{
	return work_is_done(&w->state[chunk % RING]);
}

/* Wait until what was CLAIMED is done, and work as long as there is something
 * to do; the lock is given up meanwhile.  Most is done soon. */
void lookers_wait(struct dir_lookers *l, const atomic_int *state);

/* Take an unused window, without anything filled in, or put it back.
 * Return: NULL without memory. */
struct dir_window *window_take(struct dir_lookers *l);
void window_put(struct dir_lookers *l, struct dir_window *w);

/* Fill in @w, with @path and, if it is not NULL, "/" and @name. */
void window_set(struct dir_window *w, int fd, dev_t dev, const char *path,
		const char *name);
void window_set_names(struct dir_window *w, const struct dir_names *names,
		      size_t next);

/* Whether a folder of @w is to be prepared; w->seek is then its name. */
bool prepare_possible(const struct dir_lookers *l, struct dir_window *w);

/* How many folders are prepared in @w and in each other. */
unsigned int prepare_count(const struct dir_window *w);

/* Prepare it; the lock is given up meanwhile. */
void prepare_next(struct dir_lookers *l, struct dir_window *w);

/* Drop what was prepared of the names before @index, waiting for who is in
 * it; the lock is given up meanwhile. */
void prepare_drop(struct dir_lookers *l, struct dir_window *w, size_t index);

/* Take what was prepared of name @index, which the walk goes into now, once
 * it is, and drop what is before it.
 * Return: NULL if the folder must be opened and read. */
struct dir_window *prepare_take(struct dir_lookers *l, struct dir_window *w,
				size_t index);

#endif
