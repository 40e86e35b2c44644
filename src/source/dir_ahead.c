// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking ahead.
 *
 * The names of a folder fall into chunks.  Its window is a ring of chunks
 * from the one that the walk is in; who has nothing to do claims the next of
 * them, of the innermost folder first, as the walk needs that first.  The
 * walk takes part: a chunk that nobody has claimed it looks at itself, so it
 * never waits for more than one chunk.
 *
 * A claim is made under the lock, a chunk is looked at without it.
 */
#include "source/dir_ahead.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "source/dir_entry.h"

enum {
	CHUNK = 8,		/* names */
	RING = 32,		/* chunks */
	MAX_LOOKERS = 16,	/* one walk cannot feed more */
	SPINS = 2000,		/* looks at a chunk before sleep */
};

enum chunk_state { UNCLAIMED, CLAIMED, DONE };

struct dir_window {
	struct dir_window *outer;	/* begun before */
	int fd;
	char path[PATH_MAX];	/* of the folder; "" if it is too long */
	const char *const *names;
	size_t n;
	size_t current;		/* chunk that the walk is in */
	size_t claim;		/* next one to claim */
	unsigned int busy;	/* threads that are in it */
	atomic_int state[RING];	/* of chunk c at c % RING */
	struct dir_look looks[RING * CHUNK];
};

struct dir_lookers {
	int flags;
	pthread_mutex_t lock;	/* for all of the following */
	pthread_cond_t work;	/* there is something to claim, or an end */
	pthread_cond_t done;	/* a chunk is done */
	struct dir_window *innermost;
	struct dir_window *spare;	/* not in use, linked by @outer */
	bool stop;
	unsigned int asleep;	/* threads that wait for work */
	unsigned int started, max;
	pthread_t threads[MAX_LOOKERS];
};

void dir_look_at(struct dir_look *look, int fd, const char *path,
		 const char *name, int flags)
{
	look->err = 0;
	if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &look->st))
		look->err = errno;
	else
		look->plain = dir_xattr_none(fd, path, name);
}

/* The chunks of a folder. */
static size_t chunks_of(const struct dir_window *w)
{
	return div_round_up(w->n, CHUNK);
}

/* How many chunks of @w can be claimed now. */
static size_t claimable(const struct dir_window *w)
{
	size_t end = w->current + RING, all = chunks_of(w);

	if (end > all)
		end = all;
	return end > w->claim ? end - w->claim : 0;
}

static void look_at_chunk(const struct dir_lookers *l, struct dir_window *w,
			  size_t chunk)
{
	size_t i = chunk * CHUNK, end = i + CHUNK;

	for (; i < end && i < w->n; i++)
		dir_look_at(&w->looks[i % (RING * CHUNK)], w->fd, w->path,
			    w->names[i], l->flags);
	atomic_store_explicit(&w->state[chunk % RING], DONE,
			      memory_order_release);
}

static size_t take_claim(struct dir_window *w)
{
	size_t chunk = w->claim++;

	atomic_store_explicit(&w->state[chunk % RING], CLAIMED,
			      memory_order_relaxed);
	return chunk;
}

static struct dir_window *find_work(struct dir_lookers *l)
{
	struct dir_window *w = l->innermost;

	while (w && !claimable(w))
		w = w->outer;
	return w;
}

static void *look(void *arg)
{
	struct dir_lookers *l = arg;
	struct dir_window *w;
	size_t chunk;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		w = find_work(l);
		if (!w) {
			l->asleep++;
			pthread_cond_wait(&l->work, &l->lock);
			l->asleep--;
			continue;
		}
		chunk = take_claim(w);
		w->busy++;
		pthread_mutex_unlock(&l->lock);
		look_at_chunk(l, w, chunk);
		pthread_mutex_lock(&l->lock);
		w->busy--;
		pthread_cond_signal(&l->done);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

struct dir_lookers *dir_lookers_new(uint32_t threads, int flags)
{
	struct dir_lookers *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->flags = flags;
	l->max = threads ? threads - 1 : 0;
	if (l->max > MAX_LOOKERS)
		l->max = MAX_LOOKERS;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->done, NULL);
	return l;
}

void dir_lookers_free(struct dir_lookers *l)
{
	struct dir_window *w;

	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_broadcast(&l->work);
	pthread_mutex_unlock(&l->lock);
	while (l->started)
		pthread_join(l->threads[--l->started], NULL);
	while ((w = l->spare)) {
		l->spare = w->outer;
		free(w);
	}
	pthread_cond_destroy(&l->done);
	pthread_cond_destroy(&l->work);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* Have somebody come to @n chunks that can be claimed. */
static void call_for(struct dir_lookers *l, size_t n)
{
	if (l->asleep) {
		if (n > 1)
			pthread_cond_broadcast(&l->work);
		else
			pthread_cond_signal(&l->work);
	} else if (l->started < l->max &&
		   !pthread_create(&l->threads[l->started], NULL, look, l)) {
		l->started++;
	}
}

errcode_t dir_ahead_begin(struct dir_ahead *a, struct dir_lookers *l, int fd,
			  const char *path, const char *const *names,
			  size_t n, size_t next)
{
	struct dir_window *w = l->spare;
	size_t len = strlen(path);

	if (w)
		l->spare = w->outer;
	else
		w = malloc(sizeof(*w));
	if (!w)
		return ENOMEM;
	w->fd = fd;
	if (len >= sizeof(w->path))
		len = 0;
	memcpy(w->path, path, len);
	w->path[len] = '\0';
	w->names = names;
	w->n = n;
	w->current = w->claim = next / CHUNK;
	w->busy = 0;
	/* The states of other chunks are set when they are claimed. */
	atomic_init(&w->state[w->current % RING], UNCLAIMED);
	*a = (struct dir_ahead){ l, w };
	pthread_mutex_lock(&l->lock);
	w->outer = l->innermost;
	l->innermost = w;
	if (l->max && claimable(w) > 1)
		call_for(l, claimable(w) - 1);
	pthread_mutex_unlock(&l->lock);
	return 0;
}

static bool is_done(const struct dir_window *w, size_t chunk)
{
	return atomic_load_explicit(&w->state[chunk % RING],
				    memory_order_acquire) == DONE;
}

/* Wait for the chunk that another one looks at.  Most are nearly done. */
static void wait_for(struct dir_lookers *l, struct dir_window *w,
		     size_t chunk)
{
	int i;

	for (i = 0; i < SPINS; i++)
		if (is_done(w, chunk))
			return;
	pthread_mutex_lock(&l->lock);
	while (!is_done(w, chunk))
		pthread_cond_wait(&l->done, &l->lock);
	pthread_mutex_unlock(&l->lock);
}

/* Let the walk go into @chunk, which frees those before it, and wait for
 * nobody as long as there is something to look at. */
static void enter(struct dir_lookers *l, struct dir_window *w, size_t chunk)
{
	size_t mine = chunk;
	bool has_mine = true;

	pthread_mutex_lock(&l->lock);
	w->current = chunk;
	/* Not for every chunk: to wake somebody costs more than that. */
	if (l->max && claimable(w) >= RING / 2)
		call_for(l, claimable(w));
	while (has_mine && (w->claim <= chunk || !is_done(w, chunk))) {
		has_mine = claimable(w);
		if (has_mine)
			mine = take_claim(w);
		pthread_mutex_unlock(&l->lock);
		if (has_mine)
			look_at_chunk(l, w, mine);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	if (!has_mine)
		wait_for(l, w, chunk);
}

const struct dir_look *dir_ahead_get(struct dir_ahead *a, size_t i)
{
	struct dir_window *w = a->window;
	size_t chunk = i / CHUNK;

	if (chunk != w->current || !is_done(w, chunk))
		enter(a->lookers, w, chunk);
	return &w->looks[i % (RING * CHUNK)];
}

void dir_ahead_end(struct dir_ahead *a)
{
	struct dir_lookers *l = a->lookers;
	struct dir_window **at;

	if (!a->window)
		return;
	pthread_mutex_lock(&l->lock);
	for (at = &l->innermost; *at != a->window; at = &(*at)->outer)
		;
	*at = a->window->outer;
	while (a->window->busy)
		pthread_cond_wait(&l->done, &l->lock);
	pthread_mutex_unlock(&l->lock);
	a->window->outer = l->spare;
	l->spare = a->window;
	*a = (struct dir_ahead){ .window = NULL };
}
