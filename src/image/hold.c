// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who else uses an image.  A loop device names its backing file by a path of
 * its own; the file is told by device and inode, so that links and other
 * names for it do not hide it.
 */
#include "image/hold.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "image/read_image.h"

enum { PATH_LEN = PATH_MAX + 32, DEVICE_LEN = 256 + 1 };

static const char devices[] = "/sys/block";

/* The path of the file behind a loop device, without the mark of a file that
 * has no name any more. */
static bool backing_file(char path[PATH_LEN], const char *device)
{
	static const char deleted[] = " (deleted)";
	const size_t mark = sizeof(deleted) - 1;
	char name[sizeof(devices) + DEVICE_LEN + 32];
	size_t got = 0;
	int fd;

	snprintf(name, sizeof(name), "%s/%s/loop/backing_file", devices,
		 device);
	if (io_open(&fd, AT_FDCWD, name, 0))
		return false;
	if (io_read(fd, path, PATH_LEN - 1, &got))
		got = 0;
	close(fd);
	if (got && path[got - 1] == '\n')
		got--;
	if (got > mark && !memcmp(path + got - mark, deleted, mark))
		got -= mark;
	path[got] = '\0';
	return got > 0;
}

/* Whether a loop device, whose name @device gets, uses the file of @st. */
static bool has_loop(char device[DEVICE_LEN], const struct stat *st)
{
	char path[PATH_LEN];
	struct dirent *entry;
	struct stat other;
	bool found = false;
	DIR *dir = opendir(devices);

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "loop", 4) ||
		    !backing_file(path, entry->d_name) || stat(path, &other))
			continue;
		found = other.st_dev == st->st_dev &&
			other.st_ino == st->st_ino;
		snprintf(device, DEVICE_LEN, "%s", entry->d_name);
	}
	closedir(dir);
	return found;
}

static errcode_t hold_file(int fd, const char *path, const struct stat *st,
			   struct diag *diag)
{
	char device[DEVICE_LEN];

	if (flock(fd, LOCK_EX | LOCK_NB))
		return diag_error(diag, path, errno == EWOULDBLOCK ? EBUSY :
				  errno, "cannot be locked");
	if (has_loop(device, st))
		return diag_error(diag, path, EBUSY, "is in use by /dev/%s, "
				  "unmount it and detach the device", device);
	return 0;
}

errcode_t image_hold(int *fd_ret, const char *path, struct diag *diag)
{
	struct stat st;
	int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, fd;
	errcode_t err;

	if (stat(path, &st))
		return diag_error(diag, path, errno, "cannot open");
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return diag_error(diag, path, E4PACK_ET_NOT_EXT4,
				  "neither a file nor a block device");
	if (S_ISBLK(st.st_mode))
		flags |= O_EXCL;
	fd = TEMP_FAILURE_RETRY(open(path, flags));
	if (fd < 0)
		return diag_error(diag, path, errno,
				  "cannot open for writing");
	err = io_above_stdio(&fd);
	if (!err && fstat(fd, &st))
		err = errno;
	if (err)
		err = diag_error(diag, path, err, "cannot open");
	else if (S_ISREG(st.st_mode))
		err = hold_file(fd, path, &st, diag);
	if (err && fd >= 0)
		close(fd);
	if (!err)
		*fd_ret = fd;
	return err;
}

errcode_t image_check_mmp(struct image *img)
{
	enum { AT_SEQUENCE = 4 };
	const uint8_t *block;
	errcode_t err;

	if (!ext2fs_has_feature_mmp(img->fs->super))
		return 0;
	err = image_peek(img, &block, img->fs->super->s_mmp_block);
	if (err)
		return err;
	if (get_le32(block) != EXT4_MMP_MAGIC)
		return image_bad(img, "its block for multi-mount protection "
				 "is damaged");
	if (get_le32(block + AT_SEQUENCE) == EXT4_MMP_SEQ_CLEAN)
		return 0;
	return diag_error(img->diag, img->path, EBUSY, "is in use, as its "
			  "multi-mount protection says; if it is not, "
			  "tune2fs -f -E clear_mmp clears that");
}
