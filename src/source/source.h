/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place that entries come from, one after another: a directory, an archive,
 * a filter around another source.  A source knows nothing of images.
 */
#ifndef E4PACK_SOURCE_SOURCE_H
#define E4PACK_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <et/com_err.h>

#include "base/diag.h"
#include "base/progress.h"
#include "source/entry.h"

struct source;

struct source_ops {
	/* Replace @e by the next entry; *@end when there is none.  A folder
	 * comes before what is in it where the source allows.  Reports. */
	errcode_t (*next)(struct source *s, struct entry *e, bool *end);
	/* Do not visit what is below the folder just given. */
	void (*prune)(struct source *s);
	void (*free)(struct source *s);
};

struct source {
	const struct source_ops *ops;
	bool is_archive;	/* names may repeat, in the archive's order */
};

struct owner_map {
	uint32_t from, to;
};

/* How sources are read.  Zero this, then fill in @diag and @progress; 0 is
 * the default everywhere.  Nothing is copied: it must outlive the sources. */
struct source_options {
	struct diag *diag;
	struct progress *progress;
	uint32_t threads;	/* that look at folders; 0: as 1 */
	bool one_file_system;	/* stay on the file system of the root */
	bool ignore_unreadable;	/* warn of what cannot be read */
	bool allow_vanished;	/* warn of what went away meanwhile */
	const char *const *exclude;	/* globs, see exclude.h */
	size_t n_exclude;
	bool set_owner;		/* give every entry this owner */
	uint32_t owner_uid, owner_gid;
	const struct owner_map *uid_map, *gid_map;
	size_t n_uid_map, n_gid_map;
	bool clamp_mtime;	/* no time later than @clamp */
	struct timestamp clamp;
	const char *spool_dir;	/* where streams are spooled; NULL: TMPDIR */
	uint64_t spool_limit;	/* bytes of one source's spool, 0: no limit */
	bool has_target;	/* the image made, for "output inside source" */
	dev_t target_dev;
	ino_t target_ino;
	bool has_replaced;	/* the file that the image will replace */
	dev_t replaced_dev;
	ino_t replaced_ino;
};

/* Open @spec: a directory, a tar or cpio archive (told by content), or "-"
 * for an archive on standard input; with the filters that @options asks for
 * around it.  Reports.  Return: 0 with *@ret to source_free(), or a code. */
errcode_t source_open(struct source **ret, const char *spec,
		      const struct source_options *options);

static inline errcode_t source_next(struct source *s, struct entry *e,
				    bool *end)
{
	return s->ops->next(s, e, end);
}

static inline void source_prune(struct source *s)
{
	if (s->ops->prune)
		s->ops->prune(s);
}

static inline void source_free(struct source *s)
{
	if (s)
		s->ops->free(s);
}

/* Bring a name from an archive into the form of entry.path: leading "/" and
 * "./", doubled and trailing slashes and "." components are dropped, and
 * *@changed tells of a leading slash that was.
 * Return: 0 with *@ret to free(); E4PACK_ET_BAD_PATH for a ".." component, a
 * component over 255 bytes or a path of 4096 bytes or more; ENOMEM. */
errcode_t source_clean_path(char **ret, const char *raw, bool *changed);

#endif
