// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names that are asked for one by one.
 *
 * Reading a folder to the name costs its length, so that as many questions as
 * it has names would cost its square.  A small folder is read each time.  Of
 * a large one all names are kept, sorted, from the second question on; an
 * index of the image's own is not asked, as it may be damaged or not there.
 * A few folders are kept, and go when others come or the bound is reached.
 */
#include "image/read_name.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/errors.h"
#include "image/read_dir.h"
#include "image/read_image.h"

enum {
	LARGE = 64 * 1024,		/* bytes of a folder that is kept */
	FOLDERS = 4,
	BYTES_MOST = 256 * 1024 * 1024,	/* of all of them */
};

struct known_name {
	const char *name;	/* in the folder's arena */
	uint32_t ino;
	uint32_t order;		/* in the folder */
	uint8_t len;
};

enum keeping { KEEP_NEXT, KEPT, KEEP_NEVER };

struct known_folder {
	uint32_t ino;		/* 0: none */
	enum keeping keeping;
	uint64_t asked;		/* when, the last time */
	struct arena arena;
	struct known_name *names;	/* sorted */
	size_t n, cap;
	errcode_t err;		/* E4PACK_ET_BAD_IMAGE if there may be more */
};

struct name_cache {
	struct known_folder folders[FOLDERS];
	uint64_t now;		/* questions so far */
};

struct lookup {
	const char *name;
	size_t len;
	uint32_t ino;	/* 0: not met */
};

static errcode_t compare(void *arg, const struct dir_item *item)
{
	struct lookup *l = arg;

	if (item->len != l->len || memcmp(item->name, l->name, l->len))
		return 0;
	l->ino = item->ino;
	return E4PACK_ET_TOO_BIG;	/* no further */
}

static errcode_t scan(uint32_t *ino, struct image *img,
		      const struct inode_info *i, const char *name,
		      size_t len)
{
	struct lookup l = { .name = name, .len = len };
	errcode_t err = read_dir(img, i, compare, &l);

	*ino = l.ino;
	return l.ino ? 0 : err;
}

static void forget_names(struct known_folder *f)
{
	arena_release(&f->arena);
	free(f->names);
	f->names = NULL;
	f->n = f->cap = 0;
}

void name_cache_free(struct name_cache *c)
{
	size_t k;

	for (k = 0; c && k < FOLDERS; k++)
		forget_names(&c->folders[k]);
	free(c);
}

static size_t bytes_of(const struct known_folder *f)
{
	return f->arena.total + f->cap * sizeof(*f->names);
}

/* The place of folder @ino; a new one takes that of the longest unasked. */
static struct known_folder *find_folder(struct name_cache *c, uint32_t ino)
{
	struct known_folder *f, *oldest = &c->folders[0];
	size_t k;

	for (k = 0; k < FOLDERS; k++) {
		f = &c->folders[k];
		if (f->ino == ino)
			return f;
		if (f->asked < oldest->asked)
			oldest = f;
	}
	forget_names(oldest);
	memset(oldest, 0, sizeof(*oldest));
	arena_init(&oldest->arena);
	return oldest;
}

struct keeper {
	struct known_folder *folder;
	size_t most;		/* bytes it may take */
};

static errcode_t keep(void *arg, const struct dir_item *item)
{
	const struct keeper *k = arg;
	struct known_folder *f = k->folder;
	struct known_name *n;

	if (bytes_of(f) > k->most || f->n == UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	if (array_reserve(&f->names, &f->cap, f->n + 1, sizeof(*f->names)))
		return E4PACK_ET_TOO_BIG;
	n = &f->names[f->n];
	n->name = arena_dup(&f->arena, item->name, item->len);
	if (!n->name)
		return E4PACK_ET_TOO_BIG;
	n->len = item->len;
	n->ino = item->ino;
	n->order = (uint32_t)f->n++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct known_name *x = a, *y = b;
	int order = (x->len > y->len) - (x->len < y->len);

	return order ? order : memcmp(x->name, y->name, x->len);
}

static int by_name_and_order(const void *a, const void *b)
{
	const struct known_name *x = a, *y = b;
	int order = by_name(a, b);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

/* Bytes that one more folder may take. */
static size_t bytes_left(const struct name_cache *c)
{
	size_t k, taken = 0;

	for (k = 0; k < FOLDERS; k++)
		taken += bytes_of(&c->folders[k]);
	return taken < BYTES_MOST ? BYTES_MOST - taken : 0;
}

/* Without the memory for it a folder is read each time, as small ones are. */
static errcode_t keep_names(struct known_folder *f, struct image *img,
			    const struct inode_info *i)
{
	struct keeper k = { .folder = f, .most = bytes_left(img->names) };
	errcode_t err = read_dir(img, i, keep, &k);

	if (err && err != E4PACK_ET_BAD_IMAGE) {
		forget_names(f);
		f->keeping = KEEP_NEVER;
		return err == E4PACK_ET_TOO_BIG ? 0 : err;
	}
	f->err = err;
	f->keeping = KEPT;
	if (f->n)
		qsort(f->names, f->n, sizeof(*f->names), by_name_and_order);
	return 0;
}

/* The first of its name. */
static uint32_t search(const struct known_folder *f, const char *name,
		       size_t len)
{
	const struct known_name key = { .name = name, .len = (uint8_t)len };
	size_t low = 0, high = f->n;

	if (len > UINT8_MAX)
		return 0;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (by_name(&f->names[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < f->n && !by_name(&f->names[low], &key) ?
	       f->names[low].ino : 0;
}

errcode_t read_name(uint32_t *ino, struct image *img,
		    const struct inode_info *i, const char *name, size_t len)
{
	struct known_folder *f;
	errcode_t err = 0;

	if (i->size < LARGE)
		return scan(ino, img, i, name, len);
	if (!img->names)
		img->names = calloc(1, sizeof(*img->names));
	if (!img->names)
		return diag_nomem(img->diag);
	f = find_folder(img->names, i->ino);
	f->asked = ++img->names->now;
	if (f->ino == i->ino && f->keeping == KEEP_NEXT)
		err = keep_names(f, img, i);
	f->ino = i->ino;
	if (err || f->keeping != KEPT)
		return err ? err : scan(ino, img, i, name, len);
	*ino = search(f, name, len);
	return *ino ? 0 : f->err;
}
