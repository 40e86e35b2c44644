/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folders that are being filled, each known by its parent and its name there,
 * so that a path of any length is reached name by name and never through a
 * link.  Only a few of them are open at a time.
 */
#ifndef E4PACK_REPORT_PLACE_H
#define E4PACK_REPORT_PLACE_H

#include <stddef.h>
#include <sys/queue.h>

#include <et/com_err.h>

#include "base/buf.h"

struct place {
	TAILQ_ENTRY(place) open;	/* with @fd >= 0 */
	struct places *all;
	struct place *parent;	/* NULL: the base */
	unsigned int refs;
	int fd;			/* O_PATH, or -1 */
	size_t depth;		/* 0: the base */
	size_t len;
	char name[];		/* NUL-ended */
};

/* All places of one base, the open ones of them, longest unused first. */
struct places {
	TAILQ_HEAD(, place) open;
	size_t n_open, most_open;
};

/* Make the base, which is the open folder @fd (-1: nothing will be opened)
 * and keeps it open to the end.  The descriptor stays the caller's.
 * Return: the base, to place_put(), or NULL without memory. */
struct place *places_init(struct places *p, int fd);

/* Make the place @name, of @len bytes, in @parent; nothing is opened.
 * Return: the place, to place_put(), or NULL without memory. */
struct place *place_new(struct place *parent, const char *name, size_t len);

/* Take a reference, or give one back; NULL is fine to give back. */
struct place *place_get(struct place *p);
void place_put(struct place *p);

/* Open the folder.  *@fd stays good until places are opened again.
 * Return: 0, ENOMEM, or what openat(2) said: ENOTDIR for a link. */
errcode_t place_fd(struct place *p, int *fd);

/* Append the path of @name in @p, from the base on.  Return: 0 or ENOMEM. */
errcode_t place_path(struct buf *out, const struct place *p,
		     const char *name);

#endif
