/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of the image as bytes of a file: the one place that knows where
 * block 0 lies (-E offset=).  Positions and counts are checked against the
 * size of the image, so that nothing is ever written outside of it.
 */
#ifndef E4PACK_IMAGE_BLOCKIO_H
#define E4PACK_IMAGE_BLOCKIO_H

#include <stdint.h>

#include <et/com_err.h>

struct blockio {
	int fd;			/* not owned */
	uint32_t block_size;	/* bytes */
	uint64_t blocks;	/* of the image */
	uint64_t offset;	/* bytes before block 0 */
};

/* Write @count whole blocks from @data at block @pblk.  Safe from several
 * threads at once.  Return: 0, an errno, or E4PACK_ET_BUG past the end. */
errcode_t blockio_write(const struct blockio *io, uint64_t pblk,
			uint64_t count, const void *data);

/* Read @count whole blocks; an early end of the file is E4PACK_ET_SHORT. */
errcode_t blockio_read(const struct blockio *io, uint64_t pblk,
		       uint64_t count, void *data);

/* Make @count blocks read as zero, without writing them where the file or
 * device can do it. */
errcode_t blockio_zero(const struct blockio *io, uint64_t pblk,
		       uint64_t count);

/* Where block @pblk begins in io->fd, in bytes. */
static inline uint64_t blockio_position(const struct blockio *io,
					uint64_t pblk)
{
	return io->offset + pblk * io->block_size;
}

#endif
