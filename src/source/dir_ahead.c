// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Looking ahead.
 *
 * The names of a folder fall into chunks.  Its window is a ring of chunks
 * from the one that the walk is in; who has nothing to do claims the next of
 * them, of the innermost folder first, as the walk needs that first, then of
 * the folders prepared in it, or else prepares one more (dir_prepare.c), and
 * then the same of the folder around it.  The walk takes part: what nobody
 * has claimed it does itself, and while another is at what it needs, it does
 * what it will need next.
 *
 * A claim is made under the lock, a chunk is looked at without it.
 */
#include "source/dir_window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/number.h"
#include "source/dir_entry.h"
#include "source/host_file.h"

enum { SPINS = 20000 };		/* looks at a chunk before sleep */

/* Of a folder that must be judged before anyone goes into it. */
#define ASKS (STATX_ATTR_ENCRYPTED | STATX_ATTR_AUTOMOUNT)

void dir_look_at(struct dir_look *look, int fd, const char *path,
		 const char *name, int flags)
{
	look->err = 0;
	if (statx(fd, name, flags, STATX_BASIC_STATS | STATX_BTIME, &look->st))
		look->err = errno;
	else
		look->plain = dir_xattr_none(fd, path, name);
}

size_t window_claimable(const struct dir_window *w)
{
	size_t end = w->current + RING, all = div_round_up(w->n, CHUNK);

	if (end > all)
		end = all;
	return end > w->claim ? end - w->claim : 0;
}

struct dir_window *window_take(struct dir_lookers *l)
{
	struct dir_window *w = l->spare;

	if (!w)
		return malloc(sizeof(*w));
	l->spare = w->outer;
	return w;
}

void window_put(struct dir_lookers *l, struct dir_window *w)
{
	w->outer = l->spare;
	l->spare = w;
}

void window_set(struct dir_window *w, int fd, dev_t dev, const char *path,
		const char *name)
{
	size_t len = strlen(path), more = name ? strlen(name) + 1 : 0;

	if (len + more >= sizeof(w->path))
		len = more = 0;
	memcpy(w->path, path, len);
	if (more) {
		w->path[len] = '/';
		memcpy(w->path + len + 1, name, more - 1);
	}
	w->path[len + more] = '\0';
	w->fd = fd;
	w->dev = dev;
	w->busy = 0;
	w->prepared = NULL;
	w->n = w->current = w->claim = w->seek = 0;
}

void window_set_names(struct dir_window *w, const struct dir_names *names,
		      size_t next)
{
	w->names = names->sorted;
	w->n = names->n;
	w->current = w->claim = next / CHUNK;
	w->seek = next;
	/* The states of other chunks are set when they are claimed. */
	atomic_init(&w->state[w->current % RING], UNCLAIMED);
}

/* Whether what was looked at is a folder that nothing is to be asked of, so
 * that the walk goes into it once it comes there. */
static bool is_folder(const struct dir_window *w, const struct dir_look *look)
{
	return !look->err && S_ISDIR(look->st.stx_mode) &&
	       !(look->st.stx_attributes & ASKS) &&
	       host_dev(&look->st) == w->dev;
}

static void look_at_chunk(const struct dir_lookers *l, struct dir_window *w,
			  size_t chunk)
{
	struct dir_look *looks = &w->looks[chunk % RING * CHUNK];
	const char *const *names = w->names + chunk * CHUNK;
	size_t i, n = w->n - chunk * CHUNK;
	unsigned int folders = 0;

	for (i = 0; i < CHUNK && i < n; i++) {
		dir_look_at(&looks[i], w->fd, w->path, names[i], l->flags);
		if (is_folder(w, &looks[i]))
			folders |= 1U << i;
	}
	w->folders[chunk % RING] = (uint8_t)folders;
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

/* Find what is needed first in @w, in the order in which the walk comes to
 * it: a window with a chunk to claim or, if not more than @most folders are
 * prepared in @around, one with a folder to prepare.  It recurses as deep as
 * folders are prepared in each other, which are few. */
static struct dir_window *find_in(const struct dir_lookers *l,
				  struct dir_window *w,
				  const struct dir_window *around,
				  unsigned int most)
{
	struct dir_window *p, *found = NULL;

	if (window_claimable(w))
		return w;
	for (p = w->prepared; p && !found; p = p->outer)
		found = find_in(l, p, around, most);
	if (!found && prepare_possible(l, w) && prepare_count(around) <= most)
		found = w;
	return found;
}

/* The same in all folders that the walk is in. */
static struct dir_window *find_work(const struct dir_lookers *l,
				    unsigned int most)
{
	struct dir_window *w, *found = NULL;

	for (w = l->innermost; w && !found; w = w->outer)
		found = find_in(l, w, w, most);
	return found;
}

static void *look(void *arg);

/* Have somebody come to @n pieces of work. */
static void call_for(struct dir_lookers *l, size_t n)
{
	if (l->asleep == l->called) {
		if (l->started < l->max &&
		    !pthread_create(&l->threads[l->started], NULL, look, l))
			l->started++;
	} else if (n > 1) {
		l->called = l->asleep;
		pthread_cond_broadcast(&l->work);
	} else {
		l->called++;
		pthread_cond_signal(&l->work);
	}
}

/* Have somebody come if there is something to prepare.  Not for each folder,
 * as to wake somebody costs more than that: for half of what may be. */
static void call_to_prepare(struct dir_lookers *l)
{
	if (l->prepares && (l->asleep > l->called || l->started < l->max) &&
	    find_work(l, MAX_PREPARED / 2))
		call_for(l, 1);
}

/* Do what find_work() has found; the lock is given up meanwhile. */
static void work_on(struct dir_lookers *l, struct dir_window *w)
{
	size_t chunk;

	if (window_claimable(w)) {
		chunk = take_claim(w);
		w->busy++;
		pthread_mutex_unlock(&l->lock);
		look_at_chunk(l, w, chunk);
		pthread_mutex_lock(&l->lock);
		w->busy--;
	} else {
		prepare_next(l, w);
	}
	pthread_cond_signal(&l->done);
	call_to_prepare(l);
}

static void *look(void *arg)
{
	struct dir_lookers *l = arg;
	struct dir_window *w;

	pthread_mutex_lock(&l->lock);
	while (!l->stop) {
		w = find_work(l, MAX_PREPARED - 1);
		if (w) {
			work_on(l, w);
			continue;
		}
		l->asleep++;
		pthread_cond_wait(&l->work, &l->lock);
		l->asleep--;
		if (l->called)
			l->called--;
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

struct dir_lookers *dir_lookers_new(uint32_t threads, int flags,
				    bool prepares)
{
	struct dir_lookers *l = calloc(1, sizeof(*l));
	struct rlimit files;

	if (!l)
		return NULL;
	l->flags = flags;
	/* Half of the descriptors are enough for what can wait. */
	l->prepares = prepares && !getrlimit(RLIMIT_NOFILE, &files);
	if (l->prepares)
		l->max_fd = files.rlim_cur / 2;
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

errcode_t dir_ahead_begin(struct dir_ahead *a, struct dir_lookers *l, int fd,
			  dev_t dev, const char *path,
			  const struct dir_names *names, size_t next)
{
	struct dir_window *w;

	pthread_mutex_lock(&l->lock);
	w = window_take(l);
	if (w) {
		window_set(w, fd, dev, path, NULL);
		window_set_names(w, names, next);
		w->outer = l->innermost;
		l->innermost = w;
		*a = (struct dir_ahead){ l, w };
		if (l->max && window_claimable(w) > 1)
			call_for(l, window_claimable(w) - 1);
	}
	pthread_mutex_unlock(&l->lock);
	return w ? 0 : ENOMEM;
}

void lookers_wait(struct dir_lookers *l, const atomic_int *state)
{
	struct dir_window *w;
	int i;

	while (!work_is_done(state)) {
		w = find_work(l, MAX_PREPARED - 1);
		if (w) {
			work_on(l, w);
			continue;
		}
		pthread_mutex_unlock(&l->lock);
		for (i = 0; i < SPINS && !work_is_done(state); i++)
			;
		pthread_mutex_lock(&l->lock);
		if (!work_is_done(state))
			pthread_cond_wait(&l->done, &l->lock);
	}
}

/* Let the walk go into @chunk, which frees those before it. */
static void enter(struct dir_lookers *l, struct dir_window *w, size_t chunk)
{
	pthread_mutex_lock(&l->lock);
	w->current = chunk;
	prepare_drop(l, w, chunk * CHUNK);
	/* Not for every chunk: to wake somebody costs more than that. */
	if (l->max && window_claimable(w) >= RING / 2)
		call_for(l, window_claimable(w));
	if (w->claim < chunk)
		w->claim = chunk;
	if (w->claim == chunk)
		work_on(l, w);
	lookers_wait(l, &w->state[chunk % RING]);
	pthread_mutex_unlock(&l->lock);
}

const struct dir_look *dir_ahead_get(struct dir_ahead *a, size_t i)
{
	struct dir_window *w = a->window;
	size_t chunk = i / CHUNK;

	if (chunk != w->current || !window_is_done(w, chunk))
		enter(a->lookers, w, chunk);
	return &w->looks[i % (RING * CHUNK)];
}

bool dir_ahead_enter(struct dir_ahead *a, size_t i, struct dir_prepared *p)
{
	struct dir_lookers *l = a->lookers;
	struct dir_window *w;

	if (!l->max || !l->prepares)
		return false;
	pthread_mutex_lock(&l->lock);
	w = prepare_take(l, a->window, i);
	if (w) {
		*p = (struct dir_prepared){ w->fd, w->own, { l, w } };
		w->outer = l->innermost;
		l->innermost = w;
	}
	call_to_prepare(l);
	pthread_mutex_unlock(&l->lock);
	return w;
}

void dir_ahead_end(struct dir_ahead *a)
{
	struct dir_lookers *l = a->lookers;
	struct dir_window *w = a->window, **at;

	if (!w)
		return;
	pthread_mutex_lock(&l->lock);
	for (at = &l->innermost; *at != w; at = &(*at)->outer)
		;
	*at = w->outer;
	prepare_drop(l, w, w->n);
	while (w->busy)
		pthread_cond_wait(&l->done, &l->lock);
	window_put(l, w);
	pthread_mutex_unlock(&l->lock);
	*a = (struct dir_ahead){ .window = NULL };
}
