// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A walk keeps one level per folder on the way.  A level is the sorted list
 * of what is to be done in its folder: each name once, and each folder a
 * second time with a '/' behind its name, when it is gone into.  That puts
 * "a-b" between "a" and "a/...", as the bytes of full paths do.
 */
#include "report/walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/errors.h"
#include "image/format.h"
#include "image/read_dir.h"
#include "report/folder_guard.h"

enum { FT_DIR = 2 };	/* the type of a folder in its entry */

struct step {
	const char *name;	/* in the level's arena */
	uint32_t ino;
	uint8_t len;
	uint8_t file_type;	/* as in struct dir_item */
	bool into;		/* go into the folder of this name */
	bool pruned;		/* with @into: do not */
};

struct level {
	struct arena names;
	struct step *steps;
	size_t n, cap, next;
	size_t path_len;	/* of the folder itself */
	struct inode_info inode;	/* of the folder itself */
};

struct walk {
	struct image *img;
	const struct walk_visitor *v;
	struct level *levels;
	size_t depth, cap;	/* levels in use */
	struct buf path;
	struct folder_guard guard;
	bool damaged;
	/* Of walk_next() only. */
	struct walk_visitor keeper;	/* keeps what it is told: */
	struct walk_item item;
	struct inode_info inode;
	bool began, kept;
};

/* Damage is behind us and told; anything else ends the walk. */
static errcode_t pass_damage(struct walk *w, errcode_t err)
{
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	w->damaged = true;
	return 0;
}

static errcode_t add_step(struct image *img, struct level *l,
			  const struct step *s)
{
	if (array_reserve(&l->steps, &l->cap, l->n + 1, sizeof(*l->steps)))
		return diag_nomem(image_diag(img));
	l->steps[l->n++] = *s;
	return 0;
}

/* Without types in entries the inode has to be asked. */
static bool may_be_folder(uint8_t file_type)
{
	return file_type == 0 || file_type == FT_DIR;
}

struct listing {
	struct image *img;
	struct level *level;
};

static errcode_t list_name(void *arg, const struct dir_item *item)
{
	const struct listing *list = arg;
	struct step s = { .ino = item->ino, .len = item->len,
			  .file_type = item->file_type };
	errcode_t err;

	if (dir_item_is_dot(item))
		return 0;
	s.name = arena_dup(&list->level->names, item->name, item->len);
	if (!s.name)
		return diag_nomem(image_diag(list->img));
	err = add_step(list->img, list->level, &s);
	s.into = true;
	if (!err && may_be_folder(s.file_type))
		err = add_step(list->img, list->level, &s);
	return err;
}

/* The byte of a step's key at @i; keys end with a value below all bytes. */
static int key_at(const struct step *s, size_t i)
{
	if (i < s->len)
		return (unsigned char)s->name[i];
	return i == s->len && s->into ? '/' : -1;
}

static int by_key(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->name, y->name, n);

	if (order)
		return order;
	for (;; n++) {
		int p = key_at(x, n), q = key_at(y, n);

		if (p != q)
			return p - q;
		if (p < 0)
			return (x->ino > y->ino) - (x->ino < y->ino);
	}
}

/* The order in which a folder is followed by what is in it. */
static int by_name(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	size_t n = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->name, y->name, n);

	if (order)
		return order;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->into != y->into)
		return x->into - y->into;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static int (*order_of(const struct walk *w))(const void *, const void *)
{
	return w->v->nested ? by_name : by_key;
}

static void release_level(struct level *l)
{
	arena_release(&l->names);
	free(l->steps);
}

static errcode_t open_level(struct walk *w, const struct inode_info *i)
{
	struct listing list = { .img = w->img };
	struct level *l;
	errcode_t err = folder_guard_enter(&w->guard, w->img, i);

	if (err)
		return pass_damage(w, err);
	if (array_reserve(&w->levels, &w->cap, w->depth + 1,
			  sizeof(*w->levels)))
		return diag_nomem(image_diag(w->img));
	l = &w->levels[w->depth++];
	memset(l, 0, sizeof(*l));
	arena_init(&l->names);
	l->inode = *i;
	l->path_len = w->path.len;
	list.level = l;
	err = pass_damage(w, read_dir(w->img, i, list_name, &list));
	if (!err && l->n)
		qsort(l->steps, l->n, sizeof(*l->steps), order_of(w));
	return err;
}

static errcode_t tell(struct walk *w, const struct inode_info *i,
		      size_t depth,
		      errcode_t (*call)(void *, const struct walk_item *))
{
	struct walk_item item = { .depth = depth, .inode = i };

	if (!call)
		return 0;
	item.path = w->path.len ? buf_str(&w->path) : "/";
	if (!item.path)
		return diag_nomem(image_diag(w->img));
	item.len = strlen(item.path);
	return call(w->v->arg, &item);
}

static errcode_t close_level(struct walk *w)
{
	struct level *l = &w->levels[w->depth - 1];
	errcode_t err;

	w->path.len = l->path_len;
	err = tell(w, &l->inode, w->depth - 1, w->v->leave);
	release_level(l);
	w->depth--;
	return err;
}

/* Pass over the later step that goes into the folder of @met. */
static void prune(struct walk *w, const struct step *met)
{
	struct level *l = &w->levels[w->depth - 1];
	struct step key = *met, *into;

	key.into = true;
	into = bsearch(&key, l->steps, l->n, sizeof(key), order_of(w));
	if (into)
		into->pruned = true;
}

static errcode_t meet(struct walk *w, const struct step *s)
{
	struct inode_info i;
	errcode_t err = pass_damage(w, read_inode(&i, w->img, s->ino));

	if (err)
		return err;
	if (S_ISDIR(i.mode) && !may_be_folder(s->file_type)) {
		image_bad(w->img, "inode %u is a folder, its entry says "
			  "otherwise", s->ino);
		w->damaged = true;
	}
	err = tell(w, &i, w->depth, w->v->enter);
	if (err != WALK_PRUNE)
		return err;
	prune(w, s);
	return 0;
}

static errcode_t go_into(struct walk *w, const struct step *s)
{
	struct inode_info i;
	errcode_t err = read_inode(&i, w->img, s->ino);

	if (err || !S_ISDIR(i.mode))
		return err;
	return open_level(w, &i);
}

static errcode_t next_step(struct walk *w)
{
	struct level *l = &w->levels[w->depth - 1];
	struct step s;

	if (l->next == l->n)
		return close_level(w);
	s = l->steps[l->next++];
	if (s.pruned)
		return 0;
	w->path.len = l->path_len;
	if (buf_add(&w->path, "/", 1) || buf_add(&w->path, s.name, s.len))
		return diag_nomem(image_diag(w->img));
	return s.into ? go_into(w, &s) : meet(w, &s);
}

static errcode_t first_step(struct walk *w, const struct inode_info *i)
{
	errcode_t err = tell(w, i, 0, w->v->enter);

	if (err == WALK_PRUNE)
		return 0;
	return err || !S_ISDIR(i->mode) ? err : open_level(w, i);
}

static errcode_t init_walk(struct walk *w, struct image *img,
			   const struct walk_visitor *v)
{
	memset(w, 0, sizeof(*w));
	w->img = img;
	w->v = v;
	return folder_guard_init(&w->guard, img);
}

static void release_walk(struct walk *w)
{
	while (w->depth)
		release_level(&w->levels[--w->depth]);
	free(w->levels);
	buf_release(&w->path);
	folder_guard_release(&w->guard);
}

errcode_t walk_tree(struct image *img, const char *path,
		    const struct inode_info *i,
		    const struct walk_visitor *v)
{
	struct walk w;
	errcode_t err = init_walk(&w, img, v);

	if (!err && strcmp(path, "/") && buf_add_str(&w.path, path))
		err = diag_nomem(image_diag(img));
	if (!err)
		err = first_step(&w, i);
	while (!err && w.depth)
		err = next_step(&w);
	if (err == WALK_STOP)
		err = 0;
	release_walk(&w);
	return !err && w.damaged ? E4PACK_ET_BAD_IMAGE : err;
}

static errcode_t keep(void *arg, const struct walk_item *item)
{
	struct walk *w = arg;

	w->inode = *item->inode;
	w->item = *item;
	w->item.inode = &w->inode;
	w->kept = true;
	return 0;
}

errcode_t walk_begin(struct walk **ret, struct image *img)
{
	struct walk *w = malloc(sizeof(*w));
	errcode_t err;

	if (!w)
		return diag_nomem(image_diag(img));
	err = init_walk(w, img, &w->keeper);
	w->keeper.enter = keep;
	w->keeper.arg = w;
	if (err)
		walk_end(w);
	else
		*ret = w;
	return err;
}

errcode_t walk_next(struct walk *w, const struct walk_item **item)
{
	struct inode_info root;
	errcode_t err = 0;

	w->kept = false;
	if (!w->began) {
		err = read_inode(&root, w->img, FORMAT_ROOT_INO);
		if (!err)
			err = first_step(w, &root);
	}
	w->began = true;
	while (!err && !w->kept && w->depth)
		err = next_step(w);
	*item = w->kept ? &w->item : NULL;
	return err;
}

errcode_t walk_end(struct walk *w)
{
	bool damaged;

	if (!w)
		return 0;
	damaged = w->damaged;
	release_walk(w);
	free(w);
	return damaged ? E4PACK_ET_BAD_IMAGE : 0;
}
