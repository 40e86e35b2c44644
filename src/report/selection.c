// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A sorted list of canonical paths.  A path is chosen when it or one of the
 * folders above it is in the list, and leads there when the list goes on with
 * a path that begins with it.
 */
#include "report/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "report/glob.h"
#include "report/resolve.h"

struct chooser {
	struct selection *selection;
	struct image *img;
	struct buf folder;	/* as the last path found had it ... */
	struct buf canonical;	/* ... and what it is */
};

/* Find what the folder of @path is; the last one is remembered, as paths
 * found by a glob come folder by folder. */
static errcode_t find_folder(struct chooser *c, const char *path, size_t len)
{
	struct inode_info i;

	if (c->folder.len == len && c->canonical.len &&
	    !memcmp(c->folder.data, path, len))
		return 0;
	c->folder.len = 0;
	c->canonical.len = 0;
	if (buf_add(&c->folder, path, len) || !buf_str(&c->folder))
		return diag_nomem(image_diag(c->img));
	return resolve_path(&i, &c->canonical, c->img, buf_str(&c->folder));
}

static errcode_t choose(void *arg, const char *path, size_t len,
			const struct inode_info *i)
{
	struct chooser *c = arg;
	struct selection *s = c->selection;
	const char *name = strrchr(path, '/') + 1;
	struct buf whole = BUF_INIT;
	errcode_t err;

	(void)i;
	if (!*name) {
		s->all = true;
		return 0;
	}
	err = find_folder(c, path, name - path);
	if (err)
		return err;
	len -= name - path;
	if (array_reserve(&s->paths, &s->cap, s->n + 1, sizeof(*s->paths)) ||
	    buf_add(&whole, c->canonical.data, c->canonical.len) ||
	    (c->canonical.len > 1 && buf_add(&whole, "/", 1)) ||
	    buf_add(&whole, name, len)) {
		buf_release(&whole);
		return diag_nomem(image_diag(c->img));
	}
	s->paths[s->n] = buf_detach(&whole);
	if (!s->paths[s->n]) {
		buf_release(&whole);
		return diag_nomem(image_diag(c->img));
	}
	s->n++;
	return 0;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

errcode_t selection_init(struct selection *s, struct image *img,
			 const char *const *paths, size_t n)
{
	struct chooser c = { .selection = s, .img = img };
	errcode_t err = 0;
	size_t i;

	s->all = n == 0;
	for (i = 0; !err && i < n; i++)
		err = glob_path(img, paths[i], false, choose, &c);
	if (s->n)
		qsort(s->paths, s->n, sizeof(*s->paths), by_bytes);
	buf_release(&c.folder);
	buf_release(&c.canonical);
	return err;
}

void selection_release(struct selection *s)
{
	while (s->n)
		free(s->paths[--s->n]);
	free(s->paths);
	memset(s, 0, sizeof(*s));
}

/* Order the @len bytes at @path, and a '/' behind them if @slash, against the
 * string @other. */
static int compare(const char *path, size_t len, bool slash,
		   const char *other)
{
	int order = strncmp(path, other, len);

	if (order)
		return order;
	if (slash)
		return '/' - (int)(unsigned char)other[len];
	return 0 - (int)(unsigned char)other[len];
}

/* Return: the first path of the list that is not before the one given. */
static const char *find(const struct selection *s, const char *path,
			size_t len, bool slash)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(path, len, slash, s->paths[mid]) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n ? s->paths[low] : "";
}

enum selected selection_of(const struct selection *s, const char *path,
			   size_t len)
{
	const char *found;
	size_t i;

	if (s->all)
		return SELECTED_WHOLE;
	if (len == 1)
		return SELECTED_ABOVE;
	for (i = 1; i <= len; i++) {
		if (i < len && path[i] != '/')
			continue;
		found = find(s, path, i, false);
		if (!strncmp(found, path, i) && !found[i])
			return SELECTED_WHOLE;
	}
	found = find(s, path, len, true);
	return !strncmp(found, path, len) && found[len] == '/' ?
	       SELECTED_ABOVE : SELECTED_NOT;
}
