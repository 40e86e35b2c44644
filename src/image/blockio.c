// SPDX-License-Identifier: GPL-2.0-or-later
/* Block reads and writes with the bounds of the image. */
#include "image/blockio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/fileio.h"

static int inside(const struct blockio *io, uint64_t pblk, uint64_t count)
{
	return pblk <= io->blocks && count <= io->blocks - pblk;
}

errcode_t blockio_write(const struct blockio *io, uint64_t pblk,
			uint64_t count, const void *data)
{
	if (!inside(io, pblk, count))
		return E4PACK_ET_BUG;
	return io_pwrite(io->fd, data, count * io->block_size,
			 blockio_position(io, pblk));
}

errcode_t blockio_read(const struct blockio *io, uint64_t pblk,
		       uint64_t count, void *data)
{
	size_t got;
	errcode_t err;

	if (!inside(io, pblk, count))
		return E4PACK_ET_BUG;
	err = io_pread(io->fd, data, count * io->block_size,
		       blockio_position(io, pblk), &got);
	if (!err && got != count * io->block_size)
		err = E4PACK_ET_SHORT;
	return err;
}

static errcode_t zero_by_writing(const struct blockio *io, uint64_t pblk,
				 uint64_t count)
{
	uint64_t step = (1u << 20) / io->block_size;
	uint8_t *zeros = calloc(step, io->block_size);
	errcode_t err = zeros ? 0 : ENOMEM;

	while (!err && count) {
		uint64_t n = count < step ? count : step;

		err = blockio_write(io, pblk, n, zeros);
		pblk += n;
		count -= n;
	}
	free(zeros);
	return err;
}

errcode_t blockio_zero(const struct blockio *io, uint64_t pblk,
		       uint64_t count)
{
	if (!inside(io, pblk, count))
		return E4PACK_ET_BUG;
	if (!count)
		return 0;
	if (fallocate(io->fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
		      (off_t)blockio_position(io, pblk),
		      (off_t)(count * io->block_size)) == 0)
		return 0;
	return zero_by_writing(io, pblk, count);
}
