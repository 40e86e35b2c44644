// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls on a real file, and on an image that is only read. */
#include "journal/journal_io.h"

#include <errno.h>

#include "base/errors.h"
#include "base/fileio.h"

static errcode_t tell(const struct journal_file *f, errcode_t err,
		      const char *what)
{
	if (!err)
		return 0;
	return diag_error(f->diag, f->path, err, "%s", what);
}

static errcode_t file_read(void *arg, void *data, size_t len,
			   uint64_t position)
{
	const struct journal_file *f = arg;
	size_t got = 0;
	errcode_t err = io_pread(f->fd, data, len, f->offset + position, &got);

	if (!err && got < len)
		err = E4PACK_ET_SHORT;
	return tell(f, err, "cannot read");
}

static errcode_t file_write(void *arg, const void *data, size_t len,
			    uint64_t position)
{
	const struct journal_file *f = arg;

	return tell(f, io_pwrite(f->fd, data, len, f->offset + position),
		    "cannot write");
}

static errcode_t file_sync(void *arg)
{
	const struct journal_file *f = arg;

	return tell(f, io_fsync(f->fd), "cannot make it durable");
}

void journal_io_file(struct journal_io *io, struct journal_file *file)
{
	io->read = file_read;
	io->write = file_write;
	io->sync = file_sync;
	io->arg = file;
}

static errcode_t image_read_blocks(void *arg, void *data, size_t len,
				   uint64_t position)
{
	struct image *img = arg;
	const uint32_t bits = image_geometry(img)->block_bits;

	return image_read(img, position >> bits, len >> bits, data);
}

static errcode_t refuse_write(void *arg, const void *data, size_t len,
			      uint64_t position)
{
	(void)data;
	(void)len;
	(void)position;
	return diag_error(image_diag(arg), image_path(arg), EROFS,
			  "cannot write");
}

static errcode_t refuse_sync(void *arg)
{
	return refuse_write(arg, NULL, 0, 0);
}

void journal_io_image(struct journal_io *io, struct image *img)
{
	io->read = image_read_blocks;
	io->write = refuse_write;
	io->sync = refuse_sync;
	io->arg = img;
}
