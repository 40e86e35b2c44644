// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host files: finding them again, and reading what was staged.
 *
 * Between scan and flush no file is held open, and everything may happen to
 * it.  So trust comes from one rule only: the descriptor that was read has
 * the state of the scan when it is closed.  The ctime in it only grows, and
 * nobody can set it back: a state that is the same again never changed in
 * between.  Then every byte read is of that state, however the path that led
 * there may have been changed.
 *
 * A large file is compared when it is opened, too, so that nobody waits for
 * the copy of a change.  For a small one that would be one system call in
 * five for no more safety.
 *
 * There may be millions of these, so the state is kept as a print of 64 bits,
 * and the memory of a folder's files is an arena that goes with it.
 */
#include "source/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"

/* Bytes from which on it pays to ask before reading. */
enum { LARGE_FILE = 1024 * 1024 };

/* One per file of the source until flush: as small as it can be.  The lower
 * half of the print is the tag of the origin. */
struct host_file {
	struct origin origin;
	struct host_dir *dir;
	uint32_t print_high;
	char name[];
};

static struct host_dir *make_dir(struct host_dir *parent, int fd,
				 const char *name)
{
	size_t len = strlen(name) + 1;
	struct host_dir *d = malloc(sizeof(*d) + len);

	if (!d)
		return NULL;
	d->parent = parent;
	d->refs = 1;
	d->fd = fd;
	/* Folders may have few files, and scripts a root for each. */
	arena_init_small(&d->files);
	memcpy(d->name, name, len);
	return d;
}

struct host_dir *host_dir_root(int fd, const char *path)
{
	return make_dir(NULL, fd, path);
}

struct host_dir *host_dir_child(struct host_dir *parent, const char *name)
{
	struct host_dir *d = make_dir(parent, -1, name);

	if (d)
		host_dir_get(parent);
	return d;
}

void host_dir_put(struct host_dir *d)
{
	struct host_dir *parent;

	/* A loop: the chain may be thousands deep. */
	for (; d && --d->refs == 0; d = parent) {
		parent = d->parent;
		if (d->fd >= 0)
			close(d->fd);
		arena_release(&d->files);
		free(d);
	}
}

errcode_t host_open(int *fd_ret, int dirfd, const char *name, int flags)
{
	errcode_t err;

	flags |= O_NONBLOCK | O_NOCTTY;
	err = io_open(fd_ret, dirfd, name, flags | O_NOATIME);
	/* Only the owner may leave the access time as it is. */
	if (err == EPERM)
		err = io_open(fd_ret, dirfd, name, flags);
	return err;
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

/* The identity and state of a file in 64 bits, the lowest of which says that
 * it is large.  Another state has the same print once in 2^63 times, and only
 * a file that changes while it is read has another one at all: that is as
 * good as never.  Who wants a change to go unnoticed must be able to write
 * the file, and can have any content in the image without that.
 *
 * The ctime is what no one can set back: it tells of a file that was written
 * and given its old mtime. */
static uint64_t state_print(const struct stat *st)
{
	uint64_t h = mix(0, st->st_dev);

	h = mix(h, st->st_ino);
	h = mix(h, (uint64_t)st->st_size);
	h = mix(h, (uint64_t)st->st_mtim.tv_sec);
	h = mix(h, (uint64_t)st->st_ctim.tv_sec);
	h = mix(h, (uint64_t)st->st_mtim.tv_nsec << 32 |
		   (uint64_t)st->st_ctim.tv_nsec);
	h = mix(h, st->st_mode & S_IFMT);
	return (h & ~UINT64_C(1)) | (st->st_size >= LARGE_FILE);
}

/* The state that the scan saw: it asks with statx(), for more; of an open
 * file fstat() tells enough, in four fifths of the time. */
static uint64_t scan_print(const struct statx *st)
{
	const struct stat s = {
		.st_dev = host_dev(st),
		.st_ino = st->stx_ino, .st_size = (off_t)st->stx_size,
		.st_mode = st->stx_mode,
		.st_mtim = { st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec },
		.st_ctim = { st->stx_ctime.tv_sec, st->stx_ctime.tv_nsec },
	};

	return state_print(&s);
}

static uint64_t file_print(const struct host_file *f)
{
	return (uint64_t)f->print_high << 32 | f->origin.tag;
}

/* The path of @name in @dir, written from its end: below the root, or with
 * the root's path as given.  Return: to free(), or NULL without memory. */
static char *build_path(const struct host_dir *dir, const char *name,
			bool with_root)
{
	size_t len = strlen(name) + 1, part;
	const struct host_dir *d;
	char *path, *p;

	for (d = dir; d->parent; d = d->parent)
		;
	/* Names in the working directory are told as they were given. */
	with_root = with_root && d->name[0];
	for (d = dir; d->parent || with_root; d = d->parent) {
		len += strlen(d->name) + 1;
		if (!d->parent)
			break;
	}
	path = malloc(len);
	if (!path)
		return NULL;
	p = path + len - (strlen(name) + 1);
	memcpy(p, name, strlen(name) + 1);
	for (d = dir; d->parent || with_root; d = d->parent) {
		part = strlen(d->name);
		*--p = '/';
		p -= part;
		memcpy(p, d->name, part);
		if (!d->parent)
			break;
	}
	return path;
}

/* Open @path, which is cut where it is too long for one call. */
static errcode_t open_long(int *fd_ret, int root, char *path)
{
	int at = root, next;
	errcode_t err = 0;

	while (!err && strlen(path) >= PATH_MAX) {
		/* A name has 255 bytes at most: there is a slash. */
		char *cut = memrchr(path, '/', PATH_MAX - 1);

		if (!cut) {
			err = ENAMETOOLONG;
			break;
		}
		*cut = '\0';
		/* A link here would be seen in the state of the file. */
		err = io_open(&next, at, path, O_PATH | O_DIRECTORY);
		if (at != root)
			close(at);
		at = err ? root : next;
		path = cut + 1;
	}
	if (!err)
		err = host_open(fd_ret, at, path, O_NOFOLLOW);
	if (at != root)
		close(at);
	return err;
}

/* Tell @code of the file; @what as for diag_error(). */
static errcode_t tell(const struct host_file *f, struct diag *diag,
		      errcode_t code, const char *what)
{
	char *path = build_path(f->dir, f->name, true);

	if (what)
		diag_error(diag, path ? path : f->name, code, "%s", what);
	else
		diag_error(diag, path ? path : f->name, code, NULL);
	free(path);
	return code;
}

static errcode_t check_state(const struct host_file *f, int fd,
			     struct diag *diag)
{
	struct stat st;

	if (fstat(fd, &st))
		return tell(f, diag, errno, "its state cannot be read");
	if (state_print(&st) != file_print(f))
		return tell(f, diag, E4PACK_ET_CHANGED, NULL);
	return 0;
}

static errcode_t open_again(const struct host_file *f, int *fd,
			    struct diag *diag)
{
	const struct host_dir *root = f->dir;
	char *path = build_path(f->dir, f->name, false);
	errcode_t err;

	if (!path)
		return diag_nomem(diag);
	while (root->parent)
		root = root->parent;
	err = open_long(fd, root->fd, path);
	free(path);
	if (err == ENOENT)
		return tell(f, diag, E4PACK_ET_CHANGED,
			    "vanished while it was read");
	/* Another type than the one staged: a link, a socket, no folder. */
	if (err == ELOOP || err == ENXIO || err == ENOTDIR)
		return tell(f, diag, E4PACK_ET_CHANGED, NULL);
	return err ? tell(f, diag, err, "cannot be opened") : 0;
}

static errcode_t host_file_open(struct origin *o, struct origin_reader *r,
				struct diag *diag)
{
	struct host_file *f = (struct host_file *)o;
	int fd;
	errcode_t err = open_again(f, &fd, diag);

	if (err)
		return err;
	if (file_print(f) & 1)
		err = check_state(f, fd, diag);
	if (err) {
		close(fd);
		return err;
	}
	*r = (struct origin_reader){ o, fd, 0 };
	return 0;
}

static errcode_t host_file_read(struct origin_reader *r, void *data,
				size_t len, uint64_t offset,
				struct diag *diag)
{
	struct host_file *f = (struct host_file *)r->origin;
	size_t got;
	errcode_t err = io_pread(r->fd, data, len, offset, &got), changed;

	/* Another file in its place may be one that cannot be read so. */
	if (err) {
		changed = check_state(f, r->fd, diag);
		return changed ? changed : tell(f, diag, err,
						"cannot be read");
	}
	return got < len ? tell(f, diag, E4PACK_ET_CHANGED, NULL) : 0;
}

static errcode_t host_file_close(struct origin_reader *r, struct diag *diag)
{
	struct host_file *f = (struct host_file *)r->origin;
	errcode_t err = diag ? check_state(f, r->fd, diag) : 0;

	close(r->fd);
	*r = (struct origin_reader){ .fd = -1 };
	return err;
}

static void host_file_free(struct origin *o)
{
	struct host_file *f = (struct host_file *)o;

	host_dir_put(f->dir);
}

static const struct origin_ops host_file_ops = {
	.open = host_file_open,
	.read = host_file_read,
	.close = host_file_close,
	.free = host_file_free,
};

struct origin *host_file_origin(struct host_dir *dir, const char *name,
				const struct statx *st)
{
	size_t len = strlen(name) + 1;
	struct host_file *f = arena_alloc(&dir->files,
					  offsetof(struct host_file, name) +
					  len);
	uint64_t print = scan_print(st);

	if (!f)
		return NULL;
	f->origin = (struct origin){ &host_file_ops, 1, (uint32_t)print };
	f->dir = host_dir_get(dir);
	f->print_high = (uint32_t)(print >> 32);
	memcpy(f->name, name, len);
	return &f->origin;
}
