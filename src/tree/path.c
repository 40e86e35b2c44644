// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths.  A walk has a folder it has reached and the bytes that are left; a
 * link that is followed puts its target before those.  The end of them, own
 * bytes, always comes from the path itself: only there may folders be made,
 * and only before it do "." and ".." have a meaning.
 */
#include "tree/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "tree/node.h"

enum { LINKS_MAX = 40 };

struct walk {
	struct tree *t;
	const char *subject;
	enum path_mode mode;
	struct node *at;	/* reached so far, a folder */
	const char *rest;	/* what is left, ... */
	size_t len;		/* ... in bytes */
	size_t own;		/* of these, from the path itself */
	struct buf text;	/* holds rest once a link was followed */
	unsigned int links;	/* followed */
	const struct node *link;	/* the last of them */
};

static bool is_quiet(const struct walk *w)
{
	return w->mode == PATH_PROBE || w->mode == PATH_POSIX;
}

/* Report that @n is what stops the walk; @what goes with its path. */
static errcode_t stopped_at(const struct walk *w, const struct node *n,
			    errcode_t code, const char *what)
{
	char *path;

	if (is_quiet(w))
		return code;
	path = tree_path(n);
	if (!path)
		return diag_nomem(w->t->options.diag);
	diag_error(w->t->options.diag, w->subject, code, "%s %s", path, what);
	free(path);
	return code;
}

static errcode_t no_memory(const struct walk *w)
{
	return is_quiet(w) ? ENOMEM : diag_nomem(w->t->options.diag);
}

/* Take the next component off.  Return: false at the end. */
static bool next_name(struct walk *w, const char **name, size_t *len)
{
	const char *end;

	while (w->len && *w->rest == '/') {
		w->rest++;
		w->len--;
	}
	if (!w->len)
		return false;
	end = memchr(w->rest, '/', w->len);
	*name = w->rest;
	*len = end ? (size_t)(end - w->rest) : w->len;
	w->rest += *len;
	w->len -= *len;
	return true;
}

static errcode_t follow(struct walk *w, const struct node *n)
{
	const struct tree_inode *inode = n->inode;
	struct buf text = BUF_INIT;

	if (w->mode != PATH_POSIX && !w->t->options.keep_dir_symlinks)
		return stopped_at(w, n, E4PACK_ET_BAD_TYPE,
				  "is a symbolic link: use "
				  "--keep-dir-symlinks to follow it");
	if (++w->links > LINKS_MAX)
		return stopped_at(w, n, ELOOP, "is a symbolic link");
	/* What is left begins with a slash. */
	if (buf_add(&text, inode->link.target, inode->link.len) ||
	    buf_add(&text, w->rest, w->len)) {
		buf_release(&text);
		return no_memory(w);
	}
	buf_release(&w->text);
	w->text = text;
	if (w->own > w->len)
		w->own = w->len;
	w->rest = (const char *)text.data;
	w->len = text.len;
	w->link = n;
	if (*w->rest == '/')
		w->at = w->t->root;
	return 0;
}

/* A folder for the sake of what is below it. */
static errcode_t make_folder(struct walk *w, const char *name, size_t len)
{
	struct tree *t = w->t;
	struct tree_inode *inode;
	struct node *n;

	inode = inode_new(t, w->at, S_IFDIR | 0755);
	if (!inode)
		return no_memory(w);
	n = node_insert(t, w->at, name, len, inode);
	if (!n)
		return no_memory(w);
	tree_set_times(inode, t->options.default_time);
	n->source = 0;
	t->made_parents++;
	w->at = n;
	return 0;
}

static errcode_t bad_name(const struct walk *w)
{
	if (is_quiet(w))
		return E4PACK_ET_BAD_PATH;
	return diag_error(w->t->options.diag, w->subject, E4PACK_ET_BAD_PATH,
			  "a component of the path is no name of 1 to %d "
			  "bytes", FORMAT_NAME_MAX);
}

static bool is_dots(const char *name, size_t len)
{
	return name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));
}

static errcode_t missing(struct walk *w, const char *name, size_t len,
			 bool from_link)
{
	if (w->mode == PATH_POSIX)
		return ENOENT;
	if (from_link)
		return stopped_at(w, w->link, E4PACK_ET_BAD_PATH,
				  "is a symbolic link that leads nowhere");
	if (w->mode != PATH_MAKE)
		return ENOENT;
	return make_folder(w, name, len);
}

static errcode_t step(struct walk *w, const char *name, size_t len)
{
	bool from_link = w->len + len > w->own;
	bool posix = w->mode == PATH_POSIX;
	struct node *n;

	if ((from_link || posix) && is_dots(name, len)) {
		if (len == 2)
			w->at = w->at->parent;
		return 0;
	}
	if (posix && len > FORMAT_NAME_MAX)
		return ENAMETOOLONG;
	if (!from_link && (is_dots(name, len) || len > FORMAT_NAME_MAX))
		return bad_name(w);
	n = node_child(w->t, w->at, name, len);
	if (!n)
		return missing(w, name, len, from_link);
	if (S_ISLNK(n->inode->mode))
		return follow(w, n);
	if (!node_is_folder(n))
		return stopped_at(w, n, posix ? ENOTDIR : E4PACK_ET_BAD_TYPE,
				  "is in the way and is no folder");
	w->at = n;
	return 0;
}

errcode_t path_folder(struct tree *t, const char *subject, const char *path,
		      size_t len, enum path_mode mode, struct node **ret)
{
	struct walk w = {
		.t = t, .subject = subject, .mode = mode, .at = t->root,
		.rest = path, .len = len, .own = len, .text = BUF_INIT,
	};
	const struct tree_tables *known = t->tables;
	size_t name_len, known_len = known->parent_path.len;
	errcode_t err = 0;
	const char *name;

	/* Mostly the folder is the one of the entry before, or below it. */
	if (known->parent && known_len <= len &&
	    !memcmp(path, known->parent_path.data, known_len) &&
	    (known_len == len || path[known_len] == '/')) {
		w.at = known->parent;
		w.rest += known_len;
		w.len -= known_len;
	}
	while (!err && next_name(&w, &name, &name_len))
		err = step(&w, name, name_len);
	buf_release(&w.text);
	if (!err)
		*ret = w.at;
	return err;
}

/* Remember where @path led. */
static void keep_parent(struct tree_tables *tables, const char *path,
			size_t len, struct node *parent)
{
	tables->parent = NULL;
	tables->parent_path.len = 0;
	/* Without memory for it, the next walk begins at the root. */
	if (len && !buf_add(&tables->parent_path, path, len))
		tables->parent = parent;
}

errcode_t path_parent(struct tree *t, const char *subject, const char *path,
		      enum path_mode mode, struct node **ret,
		      const char **name)
{
	const char *slash = strrchr(path, '/');
	const char *last = slash ? slash + 1 : path;
	size_t len = strlen(last);
	errcode_t err;

	if (!len || len > FORMAT_NAME_MAX || is_dots(last, len))
		return diag_error(t->options.diag, subject,
				  E4PACK_ET_BAD_PATH,
				  "the last component of %s is no name of 1 "
				  "to %d bytes", path, FORMAT_NAME_MAX);
	len = slash ? (size_t)(slash - path) : 0;
	err = path_folder(t, subject, path, len, mode, ret);
	if (err)
		return err;
	keep_parent(t->tables, path, len, *ret);
	*name = last;
	return 0;
}

/* The walk came to its end at a folder, by "..", "/" or nothing. */
static void place_folder(const struct walk *w, struct path_place *ret)
{
	struct node *n = w->at;

	ret->dir = n->parent;
	ret->node = n;
	ret->slash = true;
	ret->len = n->name_len;
	memcpy(ret->name, n->name, n->name_len);
}

/* Take the last component.  *@done stays false if it was a link to follow. */
static errcode_t place_last(struct walk *w, const char *name, size_t len,
			    enum path_last last, struct path_place *ret,
			    bool *done)
{
	bool slash = w->len > 0;
	struct node *n;

	if (slash && last == PATH_CREATE)
		return EISDIR;
	if (len > FORMAT_NAME_MAX)
		return ENAMETOOLONG;
	n = node_child(w->t, w->at, name, len);
	if (n && S_ISLNK(n->inode->mode) && (last != PATH_NOFOLLOW || slash))
		return follow(w, n);
	if (n && slash && !node_is_folder(n))
		return ENOTDIR;
	ret->dir = w->at;
	ret->node = n;
	ret->slash = slash;
	ret->len = len;
	memcpy(ret->name, name, len);
	*done = true;
	return 0;
}

/* Whether only slashes are left. */
static bool is_last(const struct walk *w)
{
	size_t i = 0;

	while (i < w->len && w->rest[i] == '/')
		i++;
	return i == w->len;
}

errcode_t path_place(struct tree *t, struct node *from, const char *path,
		     size_t len, enum path_last last,
		     struct path_place *ret)
{
	struct walk w = {
		.t = t, .mode = PATH_POSIX, .at = from, .rest = path,
		.len = len, .own = len, .text = BUF_INIT,
	};
	errcode_t err = 0;
	bool done = false;
	size_t name_len;
	const char *name;

	while (!err && !done) {
		if (!next_name(&w, &name, &name_len)) {
			place_folder(&w, ret);
			done = true;
		} else if (is_last(&w) && !is_dots(name, name_len)) {
			err = place_last(&w, name, name_len, last, ret, &done);
		} else {
			err = step(&w, name, name_len);
		}
	}
	buf_release(&w.text);
	return err;
}

struct node *tree_find(struct tree *t, const char *path)
{
	struct node *n = t->root;
	size_t len;

	while (n && *path) {
		if (!node_is_folder(n))
			return NULL;
		len = strcspn(path, "/");
		n = node_child(t, n, path, len);
		path += len;
		path += *path == '/';
	}
	return n;
}

char *tree_path(const struct node *n)
{
	const struct node *p;
	size_t len = 0;
	char *path, *end;

	for (p = n; p != p->parent; p = p->parent)
		len += p->name_len + 1;
	path = malloc(len + 1);
	if (!path)
		return NULL;
	end = path + (len ? len - 1 : 0);
	*end = '\0';
	for (p = n; p != p->parent; p = p->parent) {
		end -= p->name_len;
		memcpy(end, p->name, p->name_len);
		if (end > path)
			*--end = '/';
	}
	return path;
}
