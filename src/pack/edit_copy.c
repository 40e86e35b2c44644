// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edits of a copy.  Nobody sees the copy before it is whole and on disk, so
 * its blocks are written where they belong, in any order, without a log.
 */
#include "pack/edit_copy.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "image/super_state.h"

enum { BUFFER_BYTES = 1024 * 1024 };

/* Copy [@start, @end) by hand. */
static errcode_t copy_bytes(int in, int out, uint64_t start, uint64_t end)
{
	uint8_t *buffer = malloc(BUFFER_BYTES);
	errcode_t err = buffer ? 0 : ENOMEM;

	while (!err && start < end) {
		size_t want = end - start < BUFFER_BYTES ?
			(size_t)(end - start) : BUFFER_BYTES, got = 0;

		err = io_pread(in, buffer, want, start, &got);
		if (!err && got < want)
			err = E4PACK_ET_SHORT;
		if (!err)
			err = io_pwrite(out, buffer, got, start);
		start += got;
	}
	free(buffer);
	return err;
}

static errcode_t copy_range(int in, int out, uint64_t start, uint64_t end)
{
	uint64_t done = 0;
	errcode_t err = io_copy_range(in, start, out, start, end - start,
				      &done);

	if (err == EXDEV || err == EINVAL || err == EOPNOTSUPP)
		err = copy_bytes(in, out, start + done, end);
	return err;
}

static errcode_t copy_data(int in, int out, uint64_t size,
			   struct progress *progress)
{
	uint64_t at = 0, start, end;
	errcode_t err = io_resize(out, size);

	while (!err && at < size) {
		err = io_next_data(in, at, size, &start, &end);
		if (err == ENXIO)
			return 0;
		if (!err)
			err = copy_range(in, out, start, end);
		if (!err)
			err = progress_check(progress);
		at = end;
	}
	return err;
}

errcode_t edit_copy_open(struct target *copy, const char *path, int fd,
			 const struct e4pack_options *options,
			 struct diag *diag, struct progress *progress)
{
	const struct target_options to = {
		.force = true, .sync = !options->no_sync,
	};
	struct stat st;
	errcode_t err = 0;

	if (fstat(fd, &st))
		return diag_error(diag, path, errno, "cannot stat");
	if (!S_ISREG(st.st_mode))
		return diag_error(diag, path, E4PACK_ET_USAGE, "is no regular "
				  "file: --whole-copy needs one");
	err = target_open(copy, path, &to, diag);
	if (err)
		return err;
	progress_begin(progress, "copy", 0);
	if (fchmod(copy->fd, st.st_mode & 07777) ||
	    (!geteuid() && fchown(copy->fd, st.st_uid, st.st_gid)))
		err = errno;
	if (!err && ioctl(copy->fd, FICLONE, fd))
		err = copy_data(fd, copy->fd, (uint64_t)st.st_size, progress);
	if (!err)
		return 0;
	if (err != E4PACK_ET_INTERRUPTED)
		diag_error(diag, path, err, "cannot be copied");
	target_abort(copy);
	return err;
}

errcode_t edit_copy_write(struct edit *e)
{
	const struct image_geometry *geo = image_geometry(e->image);
	const struct blockio io = {
		.fd = e->fd, .block_size = geo->block_size,
		.blocks = geo->blocks,
	};
	const struct change *b;
	uint8_t super[SUPER_BYTES];
	errcode_t err = 0;

	for (b = changes_from(&e->changes, 0, false); !err && b;
	     b = changes_from(&e->changes, b->pblk + 1, false))
		err = blockio_write(&io, b->pblk, 1, b->data);
	group_edit_super(e->groups, super, e->now);
	if (!err)
		err = io_pwrite(e->fd, super, SUPER_BYTES, SUPER_POSITION);
	return err ? diag_error(e->diag, image_path(e->image), err,
				"cannot be written") : 0;
}
