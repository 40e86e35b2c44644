// SPDX-License-Identifier: GPL-2.0-or-later
/* The filter around a source; its rules are in filter.h. */
#include "source/filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "source/exclude.h"

/* A map sorted by the id it maps from: a map may have a line for every id of
 * a user namespace. */
struct id_map {
	struct owner_map *pairs;
	size_t n;
};

struct filter {
	struct source source;
	struct source *inner;
	const struct source_options *options;
	struct exclude exclude;
	struct id_map uids, gids;
};

static int map_cmp(const void *a, const void *b)
{
	const struct owner_map *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

static errcode_t id_map_init(struct id_map *m, const struct owner_map *pairs,
			     size_t n, struct diag *diag)
{
	size_t i;

	if (!n)
		return 0;
	m->pairs = calloc(n, sizeof(*pairs));
	if (!m->pairs)
		return diag_nomem(diag);
	memcpy(m->pairs, pairs, n * sizeof(*pairs));
	qsort(m->pairs, n, sizeof(*pairs), map_cmp);
	for (i = 1; i < n; i++)
		if (m->pairs[i].from == m->pairs[i - 1].from)
			return diag_error(diag, NULL, E4PACK_ET_USAGE,
					  "the id %u is mapped twice",
					  (unsigned int)m->pairs[i].from);
	m->n = n;
	return 0;
}

static uint32_t id_map_apply(const struct id_map *m, uint32_t id)
{
	struct owner_map key = { .from = id };
	const struct owner_map *found = NULL;

	if (m->n)
		found = bsearch(&key, m->pairs, m->n, sizeof(key), map_cmp);
	return found ? found->to : id;
}

static void change_owner(const struct filter *f, struct entry *e)
{
	if (f->options->set_owner) {
		e->uid = f->options->owner_uid;
		e->gid = f->options->owner_gid;
		return;
	}
	e->uid = id_map_apply(&f->uids, e->uid);
	e->gid = id_map_apply(&f->gids, e->gid);
}

/* All times, not only mtime: with times taken from the source a late ctime
 * would make the image differ as much. */
static void clamp_times(const struct filter *f, struct entry *e)
{
	struct timestamp max = f->options->clamp;
	int i;

	if (!f->options->clamp_mtime)
		return;
	for (i = 0; i < ENTRY_TIMES; i++) {
		struct timestamp *t = &e->times[i];

		if (e->has_time[i] &&
		    (t->sec > max.sec ||
		     (t->sec == max.sec && t->nsec > max.nsec)))
			*t = max;
	}
}

/* Leave @e out if a pattern says so.  Only a source that gives folders before
 * what is in them can be told to prune; in an archive each name is asked for
 * all folders it lies in. */
static bool leave_out(struct filter *f, const struct entry *e)
{
	if (f->inner->is_archive)
		return exclude_match_above(&f->exclude, e->path);
	if (!exclude_match(&f->exclude, e->path))
		return false;
	if (S_ISDIR(e->mode))
		source_prune(f->inner);
	return true;
}

static errcode_t filter_next(struct source *s, struct entry *e, bool *end)
{
	struct filter *f = (struct filter *)s;
	errcode_t err;

	do {
		err = source_next(f->inner, e, end);
		if (err || *end)
			return err;
	} while (leave_out(f, e));
	change_owner(f, e);
	clamp_times(f, e);
	return 0;
}

static void filter_prune(struct source *s)
{
	source_prune(((struct filter *)s)->inner);
}

static void filter_free(struct source *s)
{
	struct filter *f = (struct filter *)s;

	source_free(f->inner);
	exclude_release(&f->exclude);
	free(f->uids.pairs);
	free(f->gids.pairs);
	free(f);
}

static const struct source_ops filter_ops = {
	.next = filter_next,
	.prune = filter_prune,
	.free = filter_free,
};

bool filter_wanted(const struct source_options *o)
{
	return o->n_exclude || o->set_owner || o->n_uid_map || o->n_gid_map ||
	       o->clamp_mtime;
}

errcode_t filter_open(struct source **ret, struct source *inner,
		      const struct source_options *options)
{
	struct filter *f = calloc(1, sizeof(*f));
	errcode_t err;

	/* The caller gave @inner away: it must not be left behind. */
	if (!f) {
		source_free(inner);
		return diag_nomem(options->diag);
	}
	f->source.ops = &filter_ops;
	f->source.is_archive = inner->is_archive;
	f->inner = inner;
	f->options = options;
	err = exclude_init(&f->exclude, options);
	if (!err)
		err = id_map_init(&f->uids, options->uid_map,
				  options->n_uid_map, options->diag);
	if (!err)
		err = id_map_init(&f->gids, options->gid_map,
				  options->n_gid_map, options->diag);
	if (err) {
		filter_free(&f->source);
		return err;
	}
	*ret = &f->source;
	return 0;
}
