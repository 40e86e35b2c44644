/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The place of a file on the host, kept from scan to flush: a chain of
 * folders up to the source's root, which is held open, and a print of the
 * identity and state the file was seen in.  An open file is compared with
 * that, so what is read is what was staged.
 */
#ifndef E4PACK_SOURCE_HOST_FILE_H
#define E4PACK_SOURCE_HOST_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <et/com_err.h>

#include "base/arena.h"
#include "source/origin.h"

/* A folder of the source; counted, shared by what lies in it. */
struct host_dir {
	struct host_dir *parent;	/* NULL: the root */
	uint32_t refs;
	int fd;				/* of the root, else -1 */
	struct arena files;		/* memory of the files in it */
	char name[];			/* of the root: the path as given */
};

/* Make the root; takes over @fd.  With AT_FDCWD and "" files in it have names
 * as given on the command line: paths, also absolute ones.  Return: one
 * reference, or NULL without memory (then @fd stays the caller's). */
struct host_dir *host_dir_root(int fd, const char *path);

/* Make the folder @name in @parent, which gets a further reference.
 * Return: one reference, or NULL without memory. */
struct host_dir *host_dir_child(struct host_dir *parent, const char *name);

static inline struct host_dir *host_dir_get(struct host_dir *d)
{
	d->refs++;
	return d;
}

/* Drop a reference; NULL is fine. */
void host_dir_put(struct host_dir *d);

/* Open for reading without leaving a trace in the access time where that is
 * allowed, and without blocking.  @flags as for io_open().
 * Return: 0 or an errno. */
errcode_t host_open(int *fd_ret, int dirfd, const char *name, int flags);

/* The device that @st is on. */
static inline dev_t host_dev(const struct statx *st)
{
	return makedev(st->stx_dev_major, st->stx_dev_minor);
}

/* Make an origin over the regular file @name in @dir, seen as @st
 * (STATX_BASIC_STATS).  When a reader is closed, and for a large file when it
 * is opened, it is compared with @st: any difference is E4PACK_ET_CHANGED.
 * Its memory goes with @dir.
 * Return: one reference, or NULL without memory. */
struct origin *host_file_origin(struct host_dir *dir, const char *name,
				const struct statx *st);

#endif
