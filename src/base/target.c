// SPDX-License-Identifier: GPL-2.0-or-later
/* Making a file so that its name never shows half of it. */
#include "base/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"

static void target_release(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->dirfd >= 0)
		close(t->dirfd);
	free(t->temp);
	free(t->name);
	free(t->path);
	memset(t, 0, sizeof(*t));
	t->fd = t->dirfd = -1;
}

/* Split @path into the folder, opened, and the name in it. */
static errcode_t open_folder(struct target *t, const char *path)
{
	char *folder = strdup(path), *slash;

	if (!folder)
		return diag_nomem(t->diag);
	slash = strrchr(folder, '/');
	t->name = strdup(slash ? slash + 1 : folder);
	if (!t->name) {
		free(folder);
		return diag_nomem(t->diag);
	}
	if (slash == folder)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	t->dirfd = TEMP_FAILURE_RETRY(open(slash ? folder : ".", O_RDONLY |
					   O_DIRECTORY | O_CLOEXEC));
	if (t->dirfd >= 0 && io_above_stdio(&t->dirfd))
		t->dirfd = -1;
	free(folder);
	if (!*t->name || !strcmp(t->name, ".") || !strcmp(t->name, ".."))
		return diag_error(t->diag, path, E4PACK_ET_USAGE,
				  "is not the name of a file");
	if (t->dirfd < 0)
		return diag_error(t->diag, path, errno,
				  "the folder cannot be opened");
	return 0;
}

static errcode_t open_temp(struct target *t)
{
	unsigned int i;
	errcode_t err;

	for (i = 0; i < 1000; i++) {
		free(t->temp);
		t->temp = NULL;
		if (asprintf(&t->temp, ".%.200s.%ld.%u.tmp", t->name,
			     (long)getpid(), i) < 0) {
			t->temp = NULL;
			return diag_nomem(t->diag);
		}
		t->fd = TEMP_FAILURE_RETRY(openat(t->dirfd, t->temp, O_RDWR |
						  O_CREAT | O_EXCL |
						  O_CLOEXEC, 0666));
		if (t->fd >= 0 || errno != EEXIST)
			break;
	}
	if (t->fd < 0) {
		err = errno;
		free(t->temp);
		t->temp = NULL;
		return diag_error(t->diag, t->path, err,
				  "cannot be created");
	}
	err = io_above_stdio(&t->fd);
	if (err)
		return diag_error(t->diag, t->path, err, "cannot be created");
	t->discarded_zero = true;
	return 0;
}

static errcode_t open_in_place(struct target *t, const struct stat *st)
{
	uint64_t size = (uint64_t)st->st_size;
	int flags = O_RDWR | O_CLOEXEC;
	errcode_t err;

	t->in_place = true;
	t->is_device = S_ISBLK(st->st_mode);
	if (t->is_device)
		flags |= O_EXCL;
	t->fd = TEMP_FAILURE_RETRY(open(t->path, flags));
	if (t->fd < 0)
		return diag_error(t->diag, t->path, errno,
				  errno == EBUSY ? "is in use" :
				  "cannot be opened for writing");
	err = io_above_stdio(&t->fd);
	if (err)
		return diag_error(t->diag, t->path, err,
				  "cannot be opened for writing");
	if (t->is_device && ioctl(t->fd, BLKGETSIZE64, &size) < 0)
		return diag_error(t->diag, t->path, errno,
				  "the size of the device cannot be read");
	if (t->options.offset > size ||
	    (t->is_device && t->options.offset == size))
		return diag_error(t->diag, t->path, E4PACK_ET_USAGE,
				  "offset %llu is past the end (%llu bytes)",
				  (unsigned long long)t->options.offset,
				  (unsigned long long)size);
	t->room = t->is_device ? size - t->options.offset : UINT64_MAX;
	return 0;
}

static errcode_t check_existing(struct target *t, const struct stat *st,
				bool is_link)
{
	if (S_ISDIR(st->st_mode))
		return diag_error(t->diag, t->path, E4PACK_ET_BAD_TYPE,
				  "is a directory");
	if (is_link && !S_ISBLK(st->st_mode))
		return diag_error(t->diag, t->path, E4PACK_ET_BAD_TYPE,
				  "is a symbolic link: name the file itself");
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return diag_error(t->diag, t->path, E4PACK_ET_BAD_TYPE,
				  "is neither a regular file nor a block device");
	if (!t->options.force && !t->options.at_offset)
		return diag_error(t->diag, t->path, E4PACK_ET_EXISTS,
				  "exists already: use -F to replace it");
	return 0;
}

static errcode_t open_any(struct target *t)
{
	struct stat st, link;
	bool exists, is_link;
	errcode_t err;

	if (lstat(t->path, &link) < 0 && errno != ENOENT)
		return diag_error(t->diag, t->path, errno,
				  "cannot be created");
	exists = lstat(t->path, &link) == 0;
	is_link = exists && S_ISLNK(link.st_mode);
	if (is_link && stat(t->path, &st) < 0)
		return diag_error(t->diag, t->path, E4PACK_ET_BAD_TYPE,
				  "is a symbolic link: name the file itself");
	if (exists) {
		if (!is_link)
			st = link;
		err = check_existing(t, &st, is_link);
		if (err)
			return err;
	} else if (t->options.at_offset) {
		return diag_error(t->diag, t->path, ENOENT,
				  "an offset needs a file that exists");
	}
	if (exists && (S_ISBLK(st.st_mode) || t->options.at_offset))
		return open_in_place(t, &st);
	t->replaces = exists;
	if (exists)
		t->replaced = st;
	err = open_folder(t, t->path);
	return err ? err : open_temp(t);
}

errcode_t target_open(struct target *t, const char *path,
		      const struct target_options *options,
		      struct diag *diag)
{
	struct target new = { .diag = diag, .options = *options,
			      .dirfd = -1, .fd = -1 };
	errcode_t err;

	new.path = strdup(path);
	if (!new.path)
		return diag_nomem(diag);
	err = open_any(&new);
	if (!err && fstat(new.fd, &new.st) < 0)
		err = diag_error(diag, path, errno, "cannot be examined");
	if (err)
		target_abort(&new);
	else
		*t = new;
	return err;
}

/* Write back and close: some file systems tell of a failed write only here,
 * so the name comes after it. */
static errcode_t finish_file(struct target *t)
{
	errcode_t err = t->options.sync ? io_fsync(t->fd) : 0, closed;

	if (err)
		diag_error(t->diag, t->path, err, "fsync failed");
	closed = io_close(t->fd);
	t->fd = -1;
	if (closed && !err)
		err = diag_error(t->diag, t->path, closed, "close failed");
	return err;
}

static errcode_t give_name(struct target *t)
{
	errcode_t err;

	if (renameat(t->dirfd, t->temp, t->dirfd, t->name) < 0)
		return diag_error(t->diag, t->path, errno,
				  "the finished file cannot be renamed");
	free(t->temp);
	t->temp = NULL;
	err = t->options.sync ? io_fsync(t->dirfd) : 0;
	if (err)
		diag_error(t->diag, t->path, err,
			   "is whole, but fsync of its folder failed");
	return err;
}

errcode_t target_commit(struct target *t)
{
	errcode_t err = finish_file(t);
	bool renamed = false;

	if (!err && t->temp) {
		err = give_name(t);
		renamed = !t->temp;
	}
	target_abort(t);
	t->renamed = renamed;
	return err;
}

void target_abort(struct target *t)
{
	if (!t->path)
		return;
	if (t->temp)
		unlinkat(t->dirfd, t->temp, 0);
	target_release(t);
}

uint64_t target_free_bytes(const struct target *t)
{
	struct statvfs v;
	uint64_t bytes;

	if (t->in_place)
		return t->room;
	if (fstatvfs(t->fd, &v) < 0 ||
	    __builtin_mul_overflow((uint64_t)v.f_bavail, v.f_frsize, &bytes))
		return UINT64_MAX;
	return bytes;
}
