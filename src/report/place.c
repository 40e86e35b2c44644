// SPDX-License-Identifier: GPL-2.0-or-later
/* Places: opened from the nearest open folder above, closed when others are
 * in use. */
#include "report/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fileio.h"

enum { OPEN_MOST = 64, OPEN_LEAST = 3 };

/* A part of the descriptors that the process may have. */
static size_t may_be_open(void)
{
	struct rlimit limit;
	size_t n = OPEN_MOST;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur / 4 < n)
		n = limit.rlim_cur / 4;
	return n < OPEN_LEAST ? OPEN_LEAST : n;
}

static struct place *make(struct places *all, struct place *parent,
			  const char *name, size_t len)
{
	struct place *p = malloc(sizeof(*p) + len + 1);

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->all = all;
	p->parent = parent;
	p->refs = 1;
	p->fd = -1;
	p->len = len;
	memcpy(p->name, name, len);
	p->name[len] = '\0';
	return p;
}

struct place *places_init(struct places *all, int fd)
{
	struct place *base = make(all, NULL, "", 0);

	TAILQ_INIT(&all->open);
	all->n_open = 0;
	all->most_open = may_be_open();
	if (base)
		base->fd = fd;
	return base;
}

struct place *place_new(struct place *parent, const char *name, size_t len)
{
	struct place *p = make(parent->all, parent, name, len);

	if (!p)
		return NULL;
	place_get(parent);
	p->depth = parent->depth + 1;
	return p;
}

struct place *place_get(struct place *p)
{
	p->refs++;
	return p;
}

static void shut(struct place *p)
{
	if (p->fd < 0 || !p->parent)
		return;
	TAILQ_REMOVE(&p->all->open, p, open);
	p->all->n_open--;
	close(p->fd);
	p->fd = -1;
}

void place_put(struct place *p)
{
	while (p && --p->refs == 0) {
		struct place *parent = p->parent;

		shut(p);
		free(p);
		p = parent;
	}
}

/* Open @p, whose parent is open. */
static errcode_t open_in_parent(struct place *p)
{
	struct places *all = p->all;
	errcode_t err;

	err = io_open(&p->fd, p->parent->fd, p->name,
		      O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (err) {
		p->fd = -1;
		return err;
	}
	TAILQ_INSERT_TAIL(&all->open, p, open);
	if (++all->n_open > all->most_open)
		shut(TAILQ_FIRST(&all->open));
	return 0;
}

static void note_use(struct place *p)
{
	if (!p->parent)
		return;
	TAILQ_REMOVE(&p->all->open, p, open);
	TAILQ_INSERT_TAIL(&p->all->open, p, open);
}

errcode_t place_fd(struct place *p, int *fd)
{
	struct place **way, *at;
	size_t n = 0;
	errcode_t err = 0;

	for (at = p; at->fd < 0; at = at->parent)
		n++;
	note_use(at);
	way = n ? calloc(n, sizeof(*way)) : NULL;
	if (n && !way)
		return ENOMEM;
	for (at = p, n = 0; at->fd < 0; at = at->parent)
		way[n++] = at;
	while (!err && n)
		err = open_in_parent(way[--n]);
	free(way);
	*fd = p->fd;
	return err;
}

errcode_t place_path(struct buf *out, const struct place *p, const char *name)
{
	size_t len = strlen(name), total = len;
	const struct place *at;
	char *end;

	for (at = p; at->parent; at = at->parent)
		total += at->len + 1;
	if (buf_reserve(out, total + 1))
		return ENOMEM;
	out->len += total;
	end = (char *)out->data + out->len - len;
	memcpy(end, name, len);
	for (at = p; at->parent; at = at->parent) {
		*--end = '/';
		end -= at->len;
		memcpy(end, at->name, at->len);
	}
	return 0;
}
