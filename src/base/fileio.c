// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole reads, writes and copies over file descriptors. */
#include "base/fileio.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/errors.h"

enum {
	POLL_MS = 500,
	MAP_WINDOW = 512 * 1024,	/* a multiple of every page size */
};

errcode_t io_above_stdio(int *fd)
{
	int moved, saved;

	if (*fd > 2)
		return 0;
	moved = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	saved = errno;
	close(*fd);
	*fd = moved;
	return moved < 0 ? saved : 0;
}

errcode_t io_open(int *fd_ret, int dirfd, const char *path, int flags)
{
	int fd;
	errcode_t err;

	*fd_ret = -1;
	do
		fd = openat(dirfd, path, flags | O_RDONLY | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return errno;
	err = io_above_stdio(&fd);
	if (!err)
		*fd_ret = fd;
	return err;
}

/* Whether a call that failed is worth making again; waits where it must. */
static int again(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (errno == EINTR)
		return 1;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return 0;
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

errcode_t io_read(int fd, void *data, size_t len, size_t *got)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, (char *)data + done, len - done);

		if (n < 0 && again(fd, POLLIN))
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		done += n;
	}
	*got = done;
	return 0;
}

errcode_t io_read_stoppable(int fd, void *data, size_t len, size_t *got,
			    const struct progress *progress)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t done = 0;
	errcode_t err;
	ssize_t n;

	while (done < len) {
		err = progress ? progress_check(progress) : 0;
		if (err)
			return err;
		n = poll(&p, 1, POLL_MS);
		if (n == 0 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
			continue;
		n = n < 0 ? n : read(fd, (char *)data + done, len - done);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		done += n;
	}
	*got = done;
	return 0;
}

errcode_t io_pread(int fd, void *data, size_t len, uint64_t offset,
		   size_t *got)
{
	size_t done = 0;

	if (offset > INT64_MAX - len)
		return EFBIG;
	while (done < len) {
		ssize_t n = pread(fd, (char *)data + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && again(fd, POLLIN))
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		done += n;
	}
	*got = done;
	return 0;
}

errcode_t io_write(int fd, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(fd, (const char *)data + done, len - done);

		if (n < 0 && again(fd, POLLOUT))
			continue;
		if (n < 0)
			return errno;
		done += n;
	}
	return 0;
}

errcode_t io_pwrite(int fd, const void *data, size_t len, uint64_t offset)
{
	size_t done = 0;

	if (offset > INT64_MAX - len)
		return EFBIG;
	while (done < len) {
		ssize_t n = pwrite(fd, (const char *)data + done, len - done,
				   (off_t)(offset + done));

		if (n < 0 && again(fd, POLLOUT))
			continue;
		if (n < 0)
			return errno;
		done += n;
	}
	return 0;
}

errcode_t io_fsync(int fd)
{
	return TEMP_FAILURE_RETRY(fsync(fd)) < 0 ? errno : 0;
}

void io_start_writeout(int fd, uint64_t offset, uint64_t len)
{
	if (offset <= INT64_MAX && len <= INT64_MAX - offset)
		sync_file_range(fd, (off_t)offset, (off_t)len,
				SYNC_FILE_RANGE_WRITE);
}

errcode_t io_resize(int fd, uint64_t size)
{
	if (size > INT64_MAX)
		return EFBIG;
	return TEMP_FAILURE_RETRY(ftruncate(fd, (off_t)size)) < 0 ? errno : 0;
}

errcode_t io_close(int fd)
{
	/* Linux has closed it when it says EINTR; another file may have the
	 * number by now. */
	return close(fd) < 0 && errno != EINTR ? errno : 0;
}

enum io_ground io_ground(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return GROUND_MAY_SHARE;
	switch (fs.f_type) {
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
		return GROUND_MEMORY;
	case EXT4_SUPER_MAGIC:
		return GROUND_COPIES;
	default:
		return GROUND_MAY_SHARE;
	}
}

errcode_t io_copy_range(int in, uint64_t in_offset, int out,
			uint64_t out_offset, uint64_t len, uint64_t *done)
{
	off_t from = (off_t)in_offset, to = (off_t)out_offset;

	*done = 0;
	if (in_offset > INT64_MAX - len || out_offset > INT64_MAX - len)
		return EFBIG;
	while (*done < len) {
		uint64_t left = len - *done;
		size_t ask = left < (1u << 30) ? (size_t)left : 1u << 30;
		ssize_t n = copy_file_range(in, &from, out, &to, ask, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSYS || errno == EBADF))
			return EOPNOTSUPP;
		if (n < 0)
			return errno;
		if (n == 0)
			return E4PACK_ET_SHORT;
		*done += n;
	}
	return 0;
}

errcode_t io_copy_mapped(int in, uint64_t in_offset, int out,
			 uint64_t out_offset, uint64_t len, uint64_t *done)
{
	*done = 0;
	if (in_offset > INT64_MAX - len || out_offset > INT64_MAX - len)
		return EFBIG;
	while (*done < len) {
		uint64_t to = out_offset + *done, skip = to % MAP_WINDOW;
		uint64_t left = len - *done, room = MAP_WINDOW - skip;
		size_t n = left < room ? left : room, got;
		char *map = mmap(NULL, skip + n, PROT_READ | PROT_WRITE,
				 MAP_SHARED, out, (off_t)(to - skip));
		errcode_t err;

		if (map == MAP_FAILED)
			return errno;
		/* Only the kernel touches the map: what would be SIGBUS here
		 * is a failed call there. */
		err = io_pread(in, map + skip, n, in_offset + *done, &got);
		munmap(map, skip + n);
		if (err)
			return err;
		*done += got;
		if (got < n)
			return E4PACK_ET_SHORT;
	}
	return 0;
}

/* Linux answers ENOENT behind the inline data of a file whose size goes past
 * them (6.18): there is no data, and what there was lay in an inode. */
enum { LARGEST_INODE = 65536 };

errcode_t io_next_data(int fd, uint64_t offset, uint64_t size,
		       uint64_t *start, uint64_t *end)
{
	off_t data, hole;

	if (offset >= size)
		return ENXIO;
	data = lseek(fd, (off_t)offset, SEEK_DATA);
	if (data < 0 && (errno == ENXIO || errno == ENOENT))
		return ENXIO;
	if (data < 0 && errno != EINVAL && errno != EOPNOTSUPP)
		return errno;
	if (data < 0) {
		*start = offset;
		*end = size;
		return 0;
	}
	hole = lseek(fd, data, SEEK_HOLE);
	if (hole < 0 && errno == ENOENT)
		hole = data + LARGEST_INODE;
	if (hole < 0)
		return errno == ENXIO ? ENXIO : errno;
	*start = (uint64_t)data;
	*end = (uint64_t)hole < size ? (uint64_t)hole : size;
	return *start < *end ? 0 : ENXIO;
}
