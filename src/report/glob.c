// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Globs are expanded component by component: a list of the paths that match
 * so far, each with its inode, becomes the list of those one name deeper.
 * Each folder is read once for each path that leads through it.
 */
#include "report/glob.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/read_dir.h"
#include "report/resolve.h"

enum { MATCHES_MAX = 1 << 22 };

struct match {
	char *path;	/* without a '/' at the end; "" for the root */
	uint32_t ino;
};

struct match_list {
	struct match *m;
	size_t n, cap;
};

struct glob {
	struct image *img;
	const char *pattern;
	struct match_list now, next;
	const struct match *base;	/* the folder being read ... */
	const char *word;	/* ... for names that match this */
	struct buf name;	/* a name with a NUL behind it */
	bool damaged;
};

static bool has_glob(const char *s)
{
	return strpbrk(s, "*?[\\");
}

static void empty(struct match_list *list)
{
	while (list->n)
		free(list->m[--list->n].path);
}

/* Add a name in the folder of g->base; an empty one is the root. */
static errcode_t add_match(struct glob *g, const char *name, size_t len,
			   uint32_t ino)
{
	struct match_list *list = &g->next;
	struct buf path = BUF_INIT;

	if (list->n == MATCHES_MAX)
		return diag_error(image_diag(g->img), g->pattern,
				  E4PACK_ET_TOO_BIG, "matches too many names");
	if (array_reserve(&list->m, &list->cap, list->n + 1,
			  sizeof(*list->m)) ||
	    buf_add_str(&path, g->base->path) || buf_add(&path, "/", 1) ||
	    buf_add(&path, name, len)) {
		buf_release(&path);
		return diag_nomem(image_diag(g->img));
	}
	list->m[list->n].ino = ino;
	list->m[list->n].path = buf_detach(&path);
	if (!list->m[list->n].path) {
		buf_release(&path);
		return diag_nomem(image_diag(g->img));
	}
	if (len == 0)
		list->m[list->n].path[0] = '\0';
	list->n++;
	return 0;
}

static errcode_t try_name(void *arg, const struct dir_item *d)
{
	struct glob *g = arg;
	const char *name;

	/* A pattern cannot be matched by a name with a NUL in it. */
	if (dir_item_is_dot(d) || memchr(d->name, '\0', d->len))
		return 0;
	g->name.len = 0;
	if (buf_add(&g->name, d->name, d->len) || !buf_str(&g->name))
		return diag_nomem(image_diag(g->img));
	name = (const char *)g->name.data;
	if (strcmp(name, g->word) && fnmatch(g->word, name, FNM_PERIOD))
		return 0;
	return add_match(g, d->name, d->len, d->ino);
}

/* Find the folder that the last match leads to, through links.
 * Return: whether it leads to one. */
static errcode_t find_folder(bool *found, struct inode_info *i,
			     struct glob *g, const struct match *m)
{
	errcode_t err = read_inode(i, g->img, m->ino);

	if (!err && S_ISLNK(i->mode))
		err = resolve_path_flags(i, NULL, g->img, m->path,
					 RESOLVE_FOLLOW | RESOLVE_QUIET);
	*found = !err && S_ISDIR(i->mode);
	if (err == E4PACK_ET_BAD_IMAGE)
		g->damaged = true;
	return err == ENOENT || err == ENOTDIR || err == ELOOP ||
	       err == E4PACK_ET_BAD_IMAGE ? 0 : err;
}

/* ".." and "." need no look into a folder. */
static errcode_t keep_path(struct glob *g, const struct match *m, bool up)
{
	const struct match none = { (char *)(uintptr_t)"", 0 };
	struct buf path = BUF_INIT;
	struct inode_info i;
	errcode_t err;

	if (buf_add_str(&path, m->path) ||
	    buf_add_str(&path, up ? "/.." : "/") || !buf_str(&path)) {
		buf_release(&path);
		return diag_nomem(image_diag(g->img));
	}
	err = resolve_path_flags(&i, &path, g->img, buf_str(&path),
				 RESOLVE_QUIET);
	g->base = &none;
	if (!err)
		err = add_match(g, (char *)path.data + 1, path.len - 1, i.ino);
	buf_release(&path);
	return err;
}

static errcode_t expand_match(struct glob *g, const struct match *m)
{
	struct inode_info i;
	bool found;
	errcode_t err = find_folder(&found, &i, g, m);

	if (err || !found)
		return err;
	if (!*g->word || !strcmp(g->word, ".") || !strcmp(g->word, ".."))
		return keep_path(g, m, !strcmp(g->word, ".."));
	g->base = m;
	err = read_dir(g->img, &i, try_name, g);
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	g->damaged = true;
	return 0;
}

/* Go one component deeper. */
static errcode_t expand_word(struct glob *g, const char *word)
{
	struct match_list done = g->now;
	errcode_t err = 0;
	size_t k;

	g->word = word;
	for (k = 0; !err && k < g->now.n; k++)
		err = expand_match(g, &g->now.m[k]);
	g->now = g->next;
	g->next = done;
	empty(&g->next);
	return err;
}

static errcode_t expand(struct glob *g, char *words)
{
	const struct match none = { (char *)(uintptr_t)"", 0 };
	struct inode_info root;
	errcode_t err = resolve_path(&root, NULL, g->img, "/");
	char *end;

	g->base = &none;
	if (!err)
		err = add_match(g, "", 0, root.ino);
	if (err)
		return err;
	g->now = g->next;
	memset(&g->next, 0, sizeof(g->next));
	words += strspn(words, "/");
	for (; !err && words; words = end) {
		end = strchr(words, '/');
		if (end) {
			*end++ = '\0';
			end += strspn(end, "/");
		}
		err = expand_word(g, words);
	}
	return err;
}

static int by_path(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static errcode_t visit_match(struct glob *g, const struct match *m,
			     bool follow, glob_visit *visit, void *arg)
{
	const char *path = *m->path ? m->path : "/";
	struct inode_info i;
	errcode_t err = read_inode(&i, g->img, m->ino);

	/* A link that leads nowhere is shown itself: nobody named it. */
	if (!err && follow && S_ISLNK(i.mode))
		err = resolve_path_flags(&i, NULL, g->img, path,
					 RESOLVE_FOLLOW | RESOLVE_QUIET);
	if (err && err != ENOENT && err != ENOTDIR && err != ELOOP)
		return err;
	return visit(arg, path, strlen(path), &i);
}

static errcode_t visit_all(struct glob *g, bool follow, glob_visit *visit,
			   void *arg)
{
	errcode_t err = 0;
	size_t k;

	if (g->now.n == 0)
		return diag_error(image_diag(g->img), g->pattern, ENOENT,
				  "nothing in the image matches");
	qsort(g->now.m, g->now.n, sizeof(*g->now.m), by_path);
	for (k = 0; !err && k < g->now.n; k++)
		err = visit_match(g, &g->now.m[k], follow, visit, arg);
	return err;
}

static errcode_t visit_path(struct image *img, const char *path, bool follow,
			    glob_visit *visit, void *arg)
{
	struct buf name = BUF_INIT;
	struct inode_info i;
	errcode_t err = resolve_path_flags(&i, &name, img, path,
					   follow ? RESOLVE_FOLLOW : 0);

	if (!err && !buf_str(&name))
		err = diag_nomem(image_diag(img));
	if (!err)
		err = visit(arg, (char *)name.data, name.len, &i);
	buf_release(&name);
	return err;
}

errcode_t glob_path(struct image *img, const char *pattern, bool follow,
		    glob_visit *visit, void *arg)
{
	struct glob g = { .img = img, .pattern = pattern };
	char *words;
	errcode_t err;

	if (!has_glob(pattern))
		return visit_path(img, pattern, follow, visit, arg);
	words = strdup(pattern);
	err = words ? expand(&g, words) : diag_nomem(image_diag(img));
	if (!err)
		err = visit_all(&g, follow, visit, arg);
	empty(&g.now);
	empty(&g.next);
	free(g.now.m);
	free(g.next.m);
	buf_release(&g.name);
	free(words);
	return !err && g.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
