// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk over a host directory.
 *
 * There is one frame per folder from the root to the current one, each with
 * all names of its folder, read at once and sorted.  No recursion: a tree may
 * be deeper than the stack.  Only the root and the innermost frames keep
 * their descriptor; an outer frame gets it back through ".." when the walk
 * returns to it, and must then be the folder it was.
 */
#include "source/dir.h"

#include <bsd/sys/tree.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "source/dir_ahead.h"
#include "source/dir_entry.h"
#include "source/dir_names.h"
#include "source/exclude.h"

/* Descriptors held by frames besides the root's. */
enum { OPEN_FRAMES = 4 };

#define CONTENT "its content is left out"

struct frame {
	RB_ENTRY(frame) by_inode;
	struct frame *up;	/* NULL: the root */
	struct host_dir *dir;
	dev_t dev;
	ino_t ino;
	int fd;			/* -1: given up for now */
	size_t path_len;	/* bytes of scan.path that are its path */
	struct dir_names names;	/* without those left out */
	size_t next;		/* of the names, the one to give next */
	struct dir_ahead ahead;	/* while @fd is open and names are left */
};

RB_HEAD(frame_tree, frame);

static int frame_cmp(const struct frame *a, const struct frame *b)
{
	if (a->dev != b->dev)
		return a->dev < b->dev ? -1 : 1;
	return (a->ino > b->ino) - (a->ino < b->ino);
}

RB_GENERATE_INTERNAL(frame_tree, frame, by_inode, frame_cmp,
		     static __attribute__((unused)))

struct dir_source {
	struct source source;
	struct dir_scan scan;
	struct exclude exclude;
	struct dir_lookers *lookers;
	struct host_dir *root;
	dev_t root_dev;
	struct frame *top;		/* innermost; NULL before the root */
	struct frame_tree on_way;	/* all frames, to find loops */
	bool started;			/* the root was given */
	bool descend;			/* what was given last is a folder */
	struct statx last;		/* of the folder given last */
};

static void frame_close(struct frame *f)
{
	/* The root's belongs to the origins, too. */
	if (!f->up || f->fd < 0)
		return;
	dir_ahead_end(&f->ahead);
	close(f->fd);
	f->fd = -1;
}

static void frame_free(struct frame *f)
{
	dir_ahead_end(&f->ahead);
	frame_close(f);
	host_dir_put(f->dir);
	dir_names_release(&f->names);
	free(f);
}

static void prepared_release(struct dir_prepared *p)
{
	dir_ahead_end(&p->ahead);
	dir_names_release(&p->names);
	close(p->fd);
}

/* Open the folder given last, of the innermost frame, or take it over from
 * who prepared it. */
static errcode_t open_last(struct dir_source *s, struct dir_prepared *p)
{
	struct frame *f = s->top;
	/* It was given last, so its name is the one before the next. */
	size_t i = f->next - 1;
	errcode_t err = 0;

	if (!dir_ahead_enter(&f->ahead, i, p))
		err = dir_open_looked(&p->fd, f->fd, f->names.sorted[i],
				      host_dev(&s->last), s->last.stx_ino);
	if (!err && s->scan.check_access &&
	    faccessat(p->fd, ".", X_OK, AT_EACCESS)) {
		err = errno;
		prepared_release(p);
	}
	return err;
}

static struct frame *frame_new(struct dir_source *s,
			       const struct dir_prepared *p, const char *name)
{
	struct frame *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->dir = name ? host_dir_child(s->top->dir, name) :
			host_dir_get(s->root);
	if (!f->dir) {
		free(f);
		return NULL;
	}
	f->up = s->top;
	f->fd = p->fd;
	f->names = p->names;
	f->ahead = p->ahead;
	f->dev = host_dev(&s->last);
	f->ino = s->last.stx_ino;
	f->path_len = s->scan.path.len;
	return f;
}

/* Give up the descriptor of the frame that is now too far out. */
static void close_outer(struct frame *top)
{
	struct frame *f = top;
	int i;

	for (i = 0; f && i < OPEN_FRAMES; i++)
		f = f->up;
	if (f)
		frame_close(f);
}

/* Let scan.path be that of @name in @f. */
static errcode_t set_path(struct dir_source *s, const struct frame *f,
			  const char *name)
{
	struct buf *path = &s->scan.path;

	path->len = f->path_len;
	if (buf_add(path, "/", 1) || buf_add_str(path, name) || !buf_str(path))
		return diag_nomem(s->scan.options->diag);
	return 0;
}

/* Everything that is asked of a folder before its names are read. */
static errcode_t check_folder(struct dir_source *s, struct frame *f)
{
	errcode_t err = 0;

	if (RB_FIND(frame_tree, &s->on_way, f))
		return diag_error(s->scan.options->diag,
				  dir_scan_host_path(&s->scan),
				  E4PACK_ET_FAILED,
				  "is a folder that it lies in: "
				  "a bind mount makes a loop");
	if (!f->up || f->up->dev != f->dev)
		err = dir_check_mount(&s->scan, f->fd, f->dev);
	if (!err && s->last.stx_attributes & STATX_ATTR_ENCRYPTED)
		err = dir_check_key(&s->scan, f->fd);
	return err;
}

/* Take the names out that the patterns leave out, before anyone looks at
 * them: there may be reasons not to touch them. */
static errcode_t drop_excluded(struct dir_source *s, struct frame *f)
{
	struct dir_names *names = &f->names;
	size_t i, kept = 0;
	errcode_t err;

	if (!s->scan.options->n_exclude)
		return 0;
	for (i = 0; i < names->n; i++) {
		err = set_path(s, f, names->sorted[i]);
		if (err)
			return err;
		if (!exclude_match(&s->exclude, dir_scan_path(&s->scan)))
			names->sorted[kept++] = names->sorted[i];
	}
	names->n = kept;
	s->scan.path.len = f->path_len;
	return buf_str(&s->scan.path) ? 0 : diag_nomem(s->scan.options->diag);
}

/* Let the names of @f that are left be looked at; scan.path is its path. */
static errcode_t look_ahead(struct dir_source *s, struct frame *f)
{
	if (f->next == f->names.n)
		return 0;
	return dir_ahead_begin(&f->ahead, s->lookers, f->fd, f->dev,
			       dir_scan_host_path(&s->scan), &f->names,
			       f->next) ?
		diag_nomem(s->scan.options->diag) : 0;
}

/* Read the names of @f, unless they were, and let them be looked at. */
static errcode_t read_folder(struct dir_source *s, struct frame *f, bool *skip)
{
	errcode_t err;

	if (f->ahead.window)
		return 0;
	err = dir_names_read(&f->names, f->fd);
	if (err == ENOMEM)
		return diag_nomem(s->scan.options->diag);
	if (err)
		return dir_scan_trouble(&s->scan, err, skip, CONTENT);
	err = drop_excluded(s, f);
	return err ? err : look_ahead(s, f);
}

/* Make the folder @p, given last, the innermost frame; takes over @p. */
static errcode_t push(struct dir_source *s, struct dir_prepared *p,
		      const char *name)
{
	struct frame *f = frame_new(s, p, name);
	bool skip = false;
	errcode_t err;

	if (!f) {
		if (name)
			prepared_release(p);
		return diag_nomem(s->scan.options->diag);
	}
	err = check_folder(s, f);
	if (!err)
		err = read_folder(s, f, &skip);
	if (err || skip) {
		frame_free(f);
		return err;
	}
	RB_INSERT(frame_tree, &s->on_way, f);
	s->top = f;
	close_outer(f);
	return 0;
}

/* Go into the folder given last. */
static errcode_t descend(struct dir_source *s)
{
	const struct source_options *o = s->scan.options;
	struct dir_prepared p = { .fd = s->root->fd };
	bool skip = false;
	errcode_t err;

	s->descend = false;
	if (!s->top)
		return push(s, &p, NULL);
	if (o->one_file_system && host_dev(&s->last) != s->root_dev) {
		diag_note(o->diag, DIAG_VERBOSE, dir_scan_host_path(&s->scan),
			  "is on another file system: left empty");
		return 0;
	}
	err = open_last(s, &p);
	if (err)
		return dir_scan_trouble(&s->scan, err, &skip, CONTENT);
	return push(s, &p, s->top->names.sorted[s->top->next - 1]);
}

/* Make the enclosing folder the innermost one again. */
static errcode_t leave(struct dir_source *s)
{
	struct frame *f = s->top, *up = f->up;
	struct statx st;
	errcode_t err = 0;

	/* Its names are known: to look them up, O_PATH is enough. */
	if (up && up->fd < 0) {
		s->scan.path.len = up->path_len;
		err = io_open(&up->fd, f->fd, "..", O_PATH | O_DIRECTORY);
		if (!err && statx(up->fd, "", AT_EMPTY_PATH, STATX_INO, &st))
			err = errno;
		if (!err && (st.stx_ino != up->ino || host_dev(&st) != up->dev))
			err = E4PACK_ET_CHANGED;
		if (!buf_str(&s->scan.path))
			return diag_nomem(s->scan.options->diag);
		if (err)
			return diag_error(s->scan.options->diag,
					  dir_scan_host_path(&s->scan), err,
					  "the way back to it is lost");
		err = look_ahead(s, up);
		if (err)
			return err;
	}
	RB_REMOVE(frame_tree, &s->on_way, f);
	frame_free(f);
	s->top = up;
	return 0;
}

/* On the way over mount points there is no need to mount more. */
static int look_flags(const struct source_options *o)
{
	return AT_SYMLINK_NOFOLLOW |
	       (o->one_file_system ? AT_NO_AUTOMOUNT : 0);
}

static errcode_t give_root(struct dir_source *s, struct entry *e, bool *end)
{
	struct dir_look look;
	errcode_t err;

	dir_look_at(&look, s->root->fd, dir_scan_host_path(&s->scan), ".",
		    look_flags(s->scan.options));
	err = dir_entry_read(&s->scan, e, &look, s->root, s->root->fd, ".",
			     end);
	s->last = look.st;
	s->root_dev = host_dev(&s->last);
	s->started = true;
	s->descend = !err && !*end;
	return err;
}

/* Fill @e from the next name of the innermost folder. */
static errcode_t give_name(struct dir_source *s, struct entry *e, bool *skip)
{
	struct frame *f = s->top;
	const char *name = f->names.sorted[f->next];
	const struct dir_look *look;
	errcode_t err = set_path(s, f, name);

	*skip = false;
	if (err)
		return err;
	look = dir_ahead_get(&f->ahead, f->next++);
	err = dir_entry_read(&s->scan, e, look, f->dir, f->fd, name, skip);
	s->descend = !err && !*skip && S_ISDIR(e->mode);
	if (s->descend)
		s->last = look->st;
	return err;
}

static errcode_t dir_next(struct source *source, struct entry *e, bool *end)
{
	struct dir_source *s = (struct dir_source *)source;
	/* Counting entries is left to the caller, who knows the phase. */
	errcode_t err = progress_check(s->scan.options->progress);
	bool skip;

	*end = false;
	entry_clear(e);
	if (!err && !s->started)
		return give_root(s, e, end);
	if (!err && s->descend)
		err = descend(s);
	while (!err && s->top) {
		if (s->top->next == s->top->names.n) {
			err = leave(s);
			continue;
		}
		err = give_name(s, e, &skip);
		if (err || !skip)
			return err;
		entry_clear(e);
	}
	*end = !err;
	return err;
}

static void dir_prune(struct source *source)
{
	((struct dir_source *)source)->descend = false;
}

static void dir_free(struct source *source)
{
	struct dir_source *s = (struct dir_source *)source;
	struct frame *up;

	for (; s->top; s->top = up) {
		up = s->top->up;
		frame_free(s->top);
	}
	dir_lookers_free(s->lookers);
	dir_scan_release(&s->scan);
	exclude_release(&s->exclude);
	host_dir_put(s->root);
	free(s);
}

static const struct source_ops dir_ops = {
	.next = dir_next,
	.prune = dir_prune,
	.free = dir_free,
};

/* Open the root and keep @path without trailing slashes. */
static errcode_t open_root(struct dir_source *s, const char *path)
{
	struct buf *kept = &s->scan.path;
	struct diag *diag = s->scan.options->diag;
	size_t len = strlen(path);
	errcode_t err;
	int fd;

	while (len && path[len - 1] == '/')
		len--;
	if (buf_add(kept, path, len) || !buf_str(kept))
		return diag_nomem(diag);
	s->scan.root_len = len;
	err = host_open(&fd, AT_FDCWD, path, O_DIRECTORY);
	/* Without search permission not even "." can be looked at, so there is
	 * no root to give, whatever may be left out. */
	if (!err && s->scan.check_access &&
	    faccessat(fd, ".", X_OK, AT_EACCESS)) {
		err = errno;
		close(fd);
	}
	if (err)
		return diag_error(diag, path, err,
				  "the source cannot be opened");
	s->root = host_dir_root(fd, (char *)kept->data);
	if (!s->root) {
		close(fd);
		return diag_nomem(diag);
	}
	return 0;
}

errcode_t dir_source_open(struct source **ret, const char *path,
			  const struct source_options *options)
{
	struct dir_source *s = calloc(1, sizeof(*s));
	errcode_t err;

	if (!s)
		return diag_nomem(options->diag);
	s->source.ops = &dir_ops;
	RB_INIT(&s->on_way);
	dir_scan_init(&s->scan, options);
	s->lookers = dir_lookers_new(options->threads, look_flags(options),
				     !options->n_exclude &&
				     !options->one_file_system);
	err = s->lookers ? exclude_init(&s->exclude, options) :
			   diag_nomem(options->diag);
	if (!err)
		err = open_root(s, path);
	if (err)
		dir_free(&s->source);
	else
		*ret = &s->source;
	return err;
}
