/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking at the names of host folders, and going into those folders, before
 * the walk comes to them, by threads that do nothing else.  Inner header of
 * the directory source.
 *
 * What the kernel says of a name does not depend on who asks, and nobody
 * reports here: the walk judges each answer in its turn, so that the number
 * of threads changes nothing but the time.
 */
#ifndef E4PACK_SOURCE_DIR_AHEAD_H
#define E4PACK_SOURCE_DIR_AHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <et/com_err.h>

#include "source/dir_names.h"

/* What the kernel said of a name. */
struct dir_look {
	struct statx st;	/* where @err is 0 */
	int err;		/* of statx(): 0 or an errno */
	bool plain;		/* it has no extended attributes; else they are
				 * not known */
};

/* The threads, and the folders that they look at. */
struct dir_lookers;

/* One folder that is looked at.  All zeros: none, which may be ended. */
struct dir_ahead {
	struct dir_lookers *lookers;
	struct dir_window *window;
};

/* Make what @threads in all look with, the caller among them; @flags are
 * those of statx().  With @prepares they go into folders, too, those that are
 * on the device of the folder around them and not encrypted.  No thread is
 * started before there is work for it, and one that cannot be is done without.
 * Return: to dir_lookers_free(), or NULL without memory. */
struct dir_lookers *dir_lookers_new(uint32_t threads, int flags,
				    bool prepares);

/* Stop the threads.  Every folder must be ended.  NULL is fine. */
void dir_lookers_free(struct dir_lookers *l);

/* Begin with the names from @next on of the folder @fd on the device @dev,
 * which is at @path on the host (copied); it is looked at before those that
 * were begun earlier.  The array of @names and @fd must stay until
 * dir_ahead_end().
 * Return: 0 or ENOMEM. */
errcode_t dir_ahead_begin(struct dir_ahead *a, struct dir_lookers *l, int fd,
			  dev_t dev, const char *path,
			  const struct dir_names *names, size_t next);

/* What is known of name @i, which is not before the one asked for last: the
 * caller looks itself where no other has.  Valid until the next call. */
const struct dir_look *dir_ahead_get(struct dir_ahead *a, size_t i);

/* A folder that was opened and read ahead. */
struct dir_prepared {
	int fd;
	struct dir_names names;
	struct dir_ahead ahead;	/* begun with all of them */
};

/* Take over the folder that is name @i of @a, the one asked for last, to go
 * into it.  It is the one that was looked at.
 * Return: true with @p, whose parts are to be ended, released and closed;
 * false if nobody has prepared it, or could: @p is as it was. */
bool dir_ahead_enter(struct dir_ahead *a, size_t i, struct dir_prepared *p);

/* End with the folder: when this returns, nobody uses it any more. */
void dir_ahead_end(struct dir_ahead *a);

/* Look at @name in the folder @fd, at @path ("": not known), here and now. */
void dir_look_at(struct dir_look *look, int fd, const char *path,
		 const char *name, int flags);

/* Open the folder @name in @dirfd, which must be the one looked at, @ino on
 * @dev.  Return: 0 or an errno, ENOTDIR for another folder. */
errcode_t dir_open_looked(int *fd, int dirfd, const char *name, dev_t dev,
			  ino_t ino);

#endif
