// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading sources into the tree: the only place where the two meet. */
#include "pack/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "pack/workers.h"

/* Put @prefix before a path of a source; the source's root becomes it. */
static errcode_t put_prefix(char **path, const char *prefix)
{
	char *whole;

	if (!*path || !*prefix)
		return 0;
	if (asprintf(&whole, "%s%s%s", prefix, **path ? "/" : "", *path) < 0)
		return ENOMEM;
	free(*path);
	*path = whole;
	return 0;
}

static errcode_t add_entry(struct build *b, const struct entry *e)
{
	errcode_t err = tree_add(&b->tree, e);

	if (err)
		return err;
	err = build_settle(b);
	if (err == E4PACK_ET_NO_INODES)
		return diag_error(b->diag, e->path, err,
				  "there are not enough inodes: %s",
				  build_remedy(b, "use -N"));
	if (err == E4PACK_ET_NO_SPACE)
		return diag_error(b->diag, e->path, err,
				  "there is no room for its metadata: %s",
				  build_remedy(b, "use --size"));
	return err ? diag_error(b->diag, e->path, err, NULL) : 0;
}

/* Merge one source into the folder @prefix ("": the root). */
static errcode_t stage_one(struct build *b, const char *spec,
			   const char *prefix, const struct source_options *o)
{
	struct tree *t = &b->tree;
	struct source *s = NULL;
	bool end = false;
	struct entry e;
	errcode_t err;

	entry_init(&e);
	err = source_open(&s, spec, o);
	if (!err)
		tree_begin_source(t, s->is_archive);
	while (!err) {
		err = source_next(s, &e, &end);
		if (err || end)
			break;
		err = put_prefix(&e.path, prefix);
		if (!err)
			err = put_prefix(&e.hardlink, prefix);
		if (err)
			diag_nomem(o->diag);
		else
			err = add_entry(b, &e);
		if (!err)
			err = progress_add(o->progress, 1);
	}
	entry_release(&e);
	source_free(s);
	return err;
}

/* The folder that @path lies in, to free(). */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static void set_options(struct source_options *s,
			const struct e4pack_options *o, struct diag *diag,
			struct progress *progress)
{
	memset(s, 0, sizeof(*s));
	s->diag = diag;
	s->progress = progress;
	s->threads = worker_count(o);
	s->one_file_system = o->one_file_system;
	s->ignore_unreadable = o->ignore_unreadable;
	s->allow_vanished = o->allow_vanished;
	s->exclude = o->exclude;
	s->n_exclude = o->n_exclude;
	s->set_owner = o->set_owner;
	s->owner_uid = o->owner_uid;
	s->owner_gid = o->owner_gid;
	s->uid_map = (const struct owner_map *)o->uid_map;
	s->n_uid_map = o->n_uid_map;
	s->gid_map = (const struct owner_map *)o->gid_map;
	s->n_gid_map = o->n_gid_map;
	s->clamp_mtime = o->clamp_mtime;
	s->clamp.sec = o->epoch;
	if (o->size.kind == E4PACK_SIZE_BYTES)
		s->spool_limit = o->size.value;
	else
		s->spool_limit = o->max_size;
}

_Static_assert(sizeof(struct owner_map) == sizeof(struct e4pack_owner_map),
	       "the public owner map is handed on as it is");

errcode_t stage_source(struct build *b, const char *spec, const char *prefix)
{
	const struct target *target = b->has_target ? &b->target : NULL;
	struct source_options so;
	char *folder = NULL;
	errcode_t err;

	set_options(&so, b->options, b->diag, b->progress);
	if (target) {
		so.has_target = true;
		so.target_dev = target->st.st_dev;
		so.target_ino = target->st.st_ino;
		so.has_replaced = target->replaces;
		so.replaced_dev = target->replaced.st_dev;
		so.replaced_ino = target->replaced.st_ino;
		if (!target->is_device) {
			folder = folder_of(target->path);
			so.spool_dir = folder;
		}
	}
	if (b->edited) {
		so.has_target = true;
		so.target_dev = b->edited->st_dev;
		so.target_ino = b->edited->st_ino;
	}
	err = stage_one(b, spec, prefix, &so);
	free(folder);
	return err;
}

errcode_t stage_sources(struct build *b, const char *const *sources,
			size_t n)
{
	errcode_t err = 0;
	size_t i;

	progress_begin(b->progress, "scan", 0);
	for (i = 0; !err && i < n; i++)
		err = stage_source(b, sources[i], "");
	if (!err && b->tree.made_parents)
		diag_note(b->diag, DIAG_NOTE, NULL, "%u folders that no source "
			  "names were made (0755, 0:0)", b->tree.made_parents);
	return err;
}
