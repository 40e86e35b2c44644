/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole reads and writes: short counts, EINTR and EAGAIN are looped over,
 * so that callers see either all bytes or one errno.  Nothing here reports.
 */
#ifndef E4PACK_BASE_FILEIO_H
#define E4PACK_BASE_FILEIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/progress.h"

/* Open for reading on a descriptor over 2, close-on-exec; @flags are further
 * open(2) flags.  @dirfd and @path as for openat(2).  Return: 0 or an errno. */
errcode_t io_open(int *fd_ret, int dirfd, const char *path, int flags);

/* Move @fd over 2 if it is one of the standard three, so that a message
 * never lands in an image.  *@fd is closed on failure. */
errcode_t io_above_stdio(int *fd);

/* Read up to @len bytes; *@got is less only at end of file. */
errcode_t io_read(int fd, void *data, size_t len, size_t *got);

/* As io_read(), for a pipe or a terminal: a writer that says nothing does not
 * make the stop flag of @progress (may be NULL) useless.
 * Return: the same, or E4PACK_ET_INTERRUPTED. */
errcode_t io_read_stoppable(int fd, void *data, size_t len, size_t *got,
			    const struct progress *progress);

/* As io_read() at @offset. */
errcode_t io_pread(int fd, void *data, size_t len, uint64_t offset,
		   size_t *got);

/* Write all @len bytes. */
errcode_t io_write(int fd, const void *data, size_t len);

/* Write all @len bytes at @offset.  An offset over 2^63-1 is EFBIG. */
errcode_t io_pwrite(int fd, const void *data, size_t len, uint64_t offset);

/* Wait until @fd is on disk.  What failed is never tried again: the kernel
 * tells of a lost page only once. */
errcode_t io_fsync(int fd);

/* How bytes get into a file: */
enum io_ground {
	GROUND_COPIES,		/* one writer at a time */
	GROUND_MEMORY,		/* and through maps by others meanwhile */
	GROUND_MAY_SHARE,	/* io_copy_range() may move none at all */
};

/* Tell by the file system that the file @fd is on. */
enum io_ground io_ground(int fd);

/* Let the disk begin with what was written to these bytes, so that io_fsync()
 * has less to wait for.  That tells what failed, too. */
void io_start_writeout(int fd, uint64_t offset, uint64_t len);

/* Make the file @size bytes long.  A size over 2^63-1 is EFBIG. */
errcode_t io_resize(int fd, uint64_t size);

/* Close @fd, which is gone whatever is returned. */
errcode_t io_close(int fd);

/* Copy @len bytes between files inside the kernel.
 * Return: 0; EXDEV, EINVAL or EOPNOTSUPP where the kernel cannot, with *@done
 * bytes copied (copy the rest by hand); E4PACK_ET_SHORT at an early end. */
errcode_t io_copy_range(int in, uint64_t in_offset, int out,
			uint64_t out_offset, uint64_t len, uint64_t *done);

/* The same through maps of the file @out, which is to be long enough: for
 * GROUND_MEMORY, where that takes twice the time of one thread, but not the
 * lock that writes hold.
 * Return: 0, or an errno or E4PACK_ET_SHORT with *@done bytes copied. */
errcode_t io_copy_mapped(int in, uint64_t in_offset, int out,
			 uint64_t out_offset, uint64_t len, uint64_t *done);

/* Find the data segment at or after @offset: *@start to *@end (exclusive).
 * Where the file system knows no holes, everything is data.
 * Return: 0; ENXIO when only a hole is left; another errno. */
errcode_t io_next_data(int fd, uint64_t offset, uint64_t size,
		       uint64_t *start, uint64_t *end);

#endif
