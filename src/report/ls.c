// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ls: each path is a name to show or a folder to list.  With -R folders come
 * as ls(1) has them, each below the whole listing of the one it is in.  Of a
 * folder that was shown only the names of its folders are kept, a level of
 * them for each folder on the way, so that memory is bound by the largest
 * folder, however deep or wide the tree.
 */
#include "report/ls.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "report/folder_guard.h"
#include "report/glob.h"

struct below {
	const char *name;	/* in the level's arena */
	size_t len;
	uint32_t ino;
};

/* Folders to go into below one that was shown. */
struct level {
	struct arena names;
	struct below *folders;
	size_t n, next;
	size_t path_len;	/* of the folder shown */
};

struct target {
	char *path;
	size_t len;
	struct inode_info inode;
};

struct ls {
	struct image *img;
	const struct ls_options *options;
	struct emit *out;
	struct target *targets;	/* folders given */
	size_t n_targets, targets_cap;
	struct listing others;	/* all else that was given */
	struct level *levels;
	size_t depth, cap;
	struct buf path;	/* of the folder being shown; "" for the root */
	bool headings, began, damaged;
};

/* Damage is told and behind us; anything else ends the listing. */
static errcode_t pass_damage(struct ls *ls, errcode_t err)
{
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	ls->damaged = true;
	return 0;
}

static errcode_t keep_folder(struct ls *ls, struct level *level,
			     const struct listed *item)
{
	struct below *b = &level->folders[level->n];

	b->ino = item->ino;
	b->len = item->len;
	b->name = arena_dup(&level->names, item->name, item->len);
	if (!b->name)
		return diag_nomem(image_diag(ls->img));
	level->n++;
	return 0;
}

static errcode_t add_level(struct ls *ls, const struct listing *l)
{
	struct level *level;
	errcode_t err = 0;
	size_t k, n = 0;

	for (k = 0; k < l->n; k++)
		n += l->items[k].folder;
	if (n == 0)
		return 0;
	if (array_reserve(&ls->levels, &ls->cap, ls->depth + 1,
			  sizeof(*ls->levels)))
		return diag_nomem(image_diag(ls->img));
	level = &ls->levels[ls->depth++];
	memset(level, 0, sizeof(*level));
	arena_init(&level->names);
	level->path_len = ls->path.len;
	level->folders = calloc(n, sizeof(*level->folders));
	if (!level->folders)
		return diag_nomem(image_diag(ls->img));
	for (k = 0; !err && k < l->n; k++)
		if (l->items[k].folder)
			err = keep_folder(ls, level, &l->items[k]);
	return err;
}

static void release_level(struct level *level)
{
	arena_release(&level->names);
	free(level->folders);
}

/* List the folder @i, which lies at ls->path. */
static errcode_t show_folder(struct ls *ls, const struct inode_info *i)
{
	const struct ls_options *o = ls->options;
	const char *path = ls->path.len ? (char *)ls->path.data : "";
	struct listing l;
	errcode_t err = 0;

	if (o->progress)
		err = progress_check(o->progress);
	if (err)
		return err;
	listing_init(&l);
	err = pass_damage(ls, listing_read(&l, ls->img, i,
					   o->attributes || o->json));
	if (!err && ls->headings)
		ls_show_heading(path, ls->path.len, !ls->began, ls->out);
	ls->began = true;
	if (!err)
		err = ls_show(&l, path, ls->path.len, o, ls->out);
	if (!err && o->recursive)
		err = add_level(ls, &l);
	listing_release(&l);
	return err;
}

/* Go into the next folder of the level, or end the level. */
static errcode_t next_folder(struct ls *ls, struct folder_guard *guard)
{
	struct level *level = &ls->levels[ls->depth - 1];
	const struct below *f;
	struct inode_info i;
	errcode_t err;

	ls->path.len = level->path_len;
	if (level->next == level->n) {
		release_level(level);
		ls->depth--;
		return 0;
	}
	f = &level->folders[level->next++];
	if (buf_add(&ls->path, "/", 1) || buf_add(&ls->path, f->name, f->len))
		return diag_nomem(image_diag(ls->img));
	err = read_inode(&i, ls->img, f->ino);
	if (!err && !S_ISDIR(i.mode))
		err = image_bad(ls->img, "inode %u is no folder, its entry "
				"says otherwise", i.ino);
	if (!err)
		err = folder_guard_enter(guard, ls->img, &i);
	if (!err)
		err = show_folder(ls, &i);
	return pass_damage(ls, err);
}

static errcode_t show_target(struct ls *ls, const struct target *t)
{
	struct folder_guard guard;
	errcode_t err = folder_guard_init(&guard, ls->img);

	ls->path.len = 0;
	if (!err && strcmp(t->path, "/") &&
	    buf_add(&ls->path, t->path, t->len))
		err = diag_nomem(image_diag(ls->img));
	if (!err)
		err = folder_guard_enter(&guard, ls->img, &t->inode);
	if (!err)
		err = show_folder(ls, &t->inode);
	while (!err && ls->depth)
		err = next_folder(ls, &guard);
	folder_guard_release(&guard);
	return pass_damage(ls, err);
}

static errcode_t add_target(void *arg, const char *path, size_t len,
			    const struct inode_info *i)
{
	struct ls *ls = arg;
	struct target *t;

	if (!S_ISDIR(i->mode))
		return pass_damage(ls, listing_add(&ls->others, ls->img, path,
						   len, i));
	if (array_reserve(&ls->targets, &ls->targets_cap, ls->n_targets + 1,
			  sizeof(*ls->targets)))
		return diag_nomem(image_diag(ls->img));
	t = &ls->targets[ls->n_targets];
	t->path = strndup(path, len);
	if (!t->path)
		return diag_nomem(image_diag(ls->img));
	t->len = len;
	t->inode = *i;
	ls->n_targets++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static errcode_t find_targets(struct ls *ls)
{
	static const char *const whole[] = { "/" };
	const struct ls_options *o = ls->options;
	const char *const *paths = o->n_paths ? o->paths : whole;
	size_t k, n = o->n_paths ? o->n_paths : 1;
	errcode_t err = 0;

	for (k = 0; !err && k < n; k++)
		err = pass_damage(ls, glob_path(ls->img, paths[k], o->follow,
						add_target, ls));
	listing_sort(&ls->others);
	if (ls->n_targets)
		qsort(ls->targets, ls->n_targets, sizeof(*ls->targets),
		      by_path);
	return err;
}

static errcode_t show_all(struct ls *ls)
{
	const struct ls_options *o = ls->options;
	errcode_t err = 0;
	size_t k;

	ls->headings = !o->json && !o->nul &&
		       (o->recursive || ls->others.n + ls->n_targets > 1);
	if (ls->others.n) {
		err = ls_show(&ls->others, NULL, 0, o, ls->out);
		ls->began = true;
	}
	for (k = 0; !err && k < ls->n_targets; k++)
		err = show_target(ls, &ls->targets[k]);
	return err;
}

errcode_t report_ls(struct image *img, const struct ls_options *options,
		    struct emit *out)
{
	struct ls ls = { .img = img, .options = options, .out = out };
	errcode_t err;

	listing_init(&ls.others);
	err = find_targets(&ls);
	if (!err)
		err = show_all(&ls);
	while (ls.depth)
		release_level(&ls.levels[--ls.depth]);
	while (ls.n_targets)
		free(ls.targets[--ls.n_targets].path);
	free(ls.levels);
	free(ls.targets);
	listing_release(&ls.others);
	buf_release(&ls.path);
	return !err && ls.damaged ? E4PACK_ET_BAD_IMAGE : err;
}
