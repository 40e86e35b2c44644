/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a journal touches the image: three calls, so that a test can record
 * them, refuse them, and lose some.
 */
#ifndef E4PACK_JOURNAL_JOURNAL_IO_H
#define E4PACK_JOURNAL_JOURNAL_IO_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/diag.h"
#include "image/image.h"

/* Positions are bytes of the image.  Each reports.
 * Return: 0, an errno, or E4PACK_ET_SHORT. */
struct journal_io {
	errcode_t (*read)(void *arg, void *data, size_t len,
			  uint64_t position);
	errcode_t (*write)(void *arg, const void *data, size_t len,
			   uint64_t position);
	/* Wait until all that was written is on disk. */
	errcode_t (*sync)(void *arg);
	void *arg;
};

/* A file that holds an image, open for reading and writing. */
struct journal_file {
	int fd;			/* not owned */
	uint64_t offset;	/* bytes before the image */
	const char *path;	/* for messages */
	struct diag *diag;
};

/* Fill @io for @file, which must outlive it. */
void journal_io_file(struct journal_io *io, struct journal_file *file);

/* Fill @io for reading whole blocks of an open image. */
void journal_io_image(struct journal_io *io, struct image *img);

#endif
