// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Going into folders before the walk does.
 *
 * A folder that was looked at and that the walk has not come to is opened,
 * read and sorted by who has nothing else to do.  It hangs at the window
 * around it until the walk comes and takes it over, or passes by.  Only what
 * the walk would go into as well is prepared: whatever needs a question
 * first, and whatever fails, is left for it to do and to tell.
 */
#include "source/dir_window.h"

#include <errno.h>
#include <fcntl.h>
#include <strings.h>
#include <unistd.h>

#include "source/host_file.h"

errcode_t dir_open_looked(int *fd, int dirfd, const char *name, dev_t dev,
			  ino_t ino)
{
	struct statx st;
	errcode_t err = host_open(fd, dirfd, name, O_DIRECTORY | O_NOFOLLOW);

	if (err)
		return err;
	if (statx(*fd, "", AT_EMPTY_PATH, STATX_INO, &st))
		err = errno;
	else if (st.stx_ino != ino || host_dev(&st) != dev)
		err = ENOTDIR;
	if (err)
		close(*fd);
	return err;
}

bool prepare_possible(const struct dir_lookers *l, struct dir_window *w)
{
	size_t chunk;
	unsigned int folders;

	while (l->prepares && w->seek < w->n) {
		chunk = w->seek / CHUNK;
		if (chunk >= w->claim || !window_is_done(w, chunk))
			return false;
		folders = w->folders[chunk % RING] >> w->seek % CHUNK;
		if (folders) {
			w->seek += ffs((int)folders) - 1;
			return true;
		}
		w->seek = (chunk + 1) * CHUNK;
	}
	return false;
}

unsigned int prepare_count(const struct dir_window *w)
{
	const struct dir_window *p;
	unsigned int n = 0;

	for (p = w->prepared; p; p = p->outer)
		n += 1 + prepare_count(p);
	return n;
}

/* Append @p to what is prepared of @w, as its names come one by one. */
static void append(struct dir_window *w, struct dir_window *p)
{
	struct dir_window **at = &w->prepared;

	while (*at)
		at = &(*at)->outer;
	*at = p;
	p->outer = NULL;
}

/* Open and read @p, the folder @name in @dirfd.  Needs no lock. */
static bool prepare(const struct dir_lookers *l, struct dir_window *p,
		    int dirfd, const char *name)
{
	p->own = (struct dir_names){ .n = 0 };
	if (dir_open_looked(&p->fd, dirfd, name, p->dev, p->ino)) {
		p->fd = -1;
		return false;
	}
	if ((uint64_t)p->fd >= l->max_fd)
		return false;
	return !dir_names_read(&p->own, p->fd);
}

void prepare_next(struct dir_lookers *l, struct dir_window *w)
{
	struct dir_window *p = window_take(l);
	size_t i = w->seek++;
	bool ok;

	if (!p)
		return;
	window_set(p, -1, w->dev, w->path, w->names[i]);
	p->index = i;
	p->ino = w->looks[i % (RING * CHUNK)].st.stx_ino;
	p->busy = 1;
	atomic_init(&p->preparing, CLAIMED);
	append(w, p);
	pthread_mutex_unlock(&l->lock);
	ok = prepare(l, p, w->fd, w->names[i]);
	pthread_mutex_lock(&l->lock);
	if (ok)
		window_set_names(p, &p->own, 0);
	p->failed = !ok;
	p->busy = 0;
	atomic_store_explicit(&p->preparing, DONE, memory_order_release);
}

static struct dir_window *unlink_first(struct dir_window *w)
{
	struct dir_window *p = w->prepared;

	w->prepared = p->outer;
	return p;
}

/* Put back @p, which hangs nowhere any more, so that nobody comes to it. */
static void drop(struct dir_lookers *l, struct dir_window *p)
{
	prepare_drop(l, p, p->n);
	while (p->busy)
		pthread_cond_wait(&l->done, &l->lock);
	if (p->fd >= 0)
		close(p->fd);
	dir_names_release(&p->own);
	window_put(l, p);
}

void prepare_drop(struct dir_lookers *l, struct dir_window *w, size_t index)
{
	while (w->prepared && w->prepared->index < index)
		drop(l, unlink_first(w));
	if (w->seek < index)
		w->seek = index;
}

struct dir_window *prepare_take(struct dir_lookers *l, struct dir_window *w,
				size_t index)
{
	struct dir_window *p;

	prepare_drop(l, w, index);
	if (w->seek == index)
		w->seek++;
	if (!w->prepared || w->prepared->index != index)
		return NULL;
	p = unlink_first(w);
	lookers_wait(l, &p->preparing);
	if (!p->failed)
		return p;
	drop(l, p);
	return NULL;
}
