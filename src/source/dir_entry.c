// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From what the kernel said of a name to an entry, with further calls only
 * where that asks for them.
 */
#include "source/dir_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"

/* What the longer one of ext4's two encodings of a device has room for. */
enum { MAJOR_MAX = 4095, MINOR_MAX = 1048575 };

void dir_scan_init(struct dir_scan *s, const struct source_options *options)
{
	memset(s, 0, sizeof(*s));
	s->options = options;
	/* Better told now than at flush, after everything else was read. */
	s->check_access = geteuid() != 0;
}

void dir_scan_release(struct dir_scan *s)
{
	buf_release(&s->path);
	buf_release(&s->list);
	buf_release(&s->value);
}

const char *dir_scan_host_path(const struct dir_scan *s)
{
	return s->path.len ? (const char *)s->path.data : "/";
}

const char *dir_scan_path(const struct dir_scan *s)
{
	const char *path = (const char *)s->path.data;

	return path + s->root_len + (path[s->root_len] == '/');
}

errcode_t dir_scan_trouble(struct dir_scan *s, errcode_t err, bool *skip,
			   const char *result)
{
	const struct source_options *o = s->options;
	const char *path = dir_scan_host_path(s);

	if (err == ENOENT && o->allow_vanished) {
		*skip = true;
		return diag_warning(o->diag, path,
				    "vanished while it was read: %s", result);
	}
	if ((err == EACCES || err == EPERM) && o->ignore_unreadable) {
		*skip = true;
		return diag_warning(o->diag, path,
				    "cannot be read: %s", result);
	}
	if (err == ENOENT)
		return diag_error(o->diag, path, E4PACK_ET_CHANGED,
				  "vanished while it was read");
	/* Replaced by something else since the last look. */
	if (err == ELOOP || err == ENOTDIR || err == ENXIO)
		return diag_error(o->diag, path, E4PACK_ET_CHANGED, NULL);
	if (err == ENOKEY)
		return diag_error(o->diag, path, E4PACK_ET_UNSUPPORTED,
				  "is encrypted and its key is not there");
	return diag_error(o->diag, path, err, "cannot be read");
}

static errcode_t check_owner(struct dir_scan *s, const struct statx *st)
{
	if (st->stx_uid != UINT32_MAX && st->stx_gid != UINT32_MAX)
		return 0;
	return diag_error(s->options->diag, dir_scan_host_path(s),
			  E4PACK_ET_OVERFLOW,
			  "the owner 4294967295 stands for none");
}

static errcode_t check_device(struct dir_scan *s, const struct statx *st)
{
	if (st->stx_rdev_major <= MAJOR_MAX && st->stx_rdev_minor <= MINOR_MAX)
		return 0;
	return diag_error(s->options->diag, dir_scan_host_path(s),
			  E4PACK_ET_OVERFLOW,
			  "ext4 cannot store the device number %u:%u",
			  st->stx_rdev_major, st->stx_rdev_minor);
}

/* To pack an image into itself would read what is being written. */
static errcode_t check_target(struct dir_scan *s, const struct statx *st)
{
	const struct source_options *o = s->options;

	if (!o->has_target || st->stx_ino != o->target_ino ||
	    host_dev(st) != o->target_dev)
		return 0;
	return diag_error(o->diag, dir_scan_host_path(s), E4PACK_ET_FAILED,
			  "the image lies inside this source");
}

static struct timestamp time_of(struct statx_timestamp t)
{
	return (struct timestamp){ t.tv_sec, t.tv_nsec };
}

/* Encryption is none of the entry's: its content is given in the clear. */
static uint32_t flags_of(const struct statx *st)
{
	static const struct {
		uint64_t attribute;
		uint32_t flag;
	} map[] = {
		{ STATX_ATTR_COMPRESSED, FS_COMPR_FL },
		{ STATX_ATTR_IMMUTABLE, FS_IMMUTABLE_FL },
		{ STATX_ATTR_APPEND, FS_APPEND_FL },
		{ STATX_ATTR_NODUMP, FS_NODUMP_FL },
	};
	uint32_t flags = 0;
	size_t i;

	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (st->stx_attributes & map[i].attribute)
			flags |= map[i].flag;
	return flags;
}

static errcode_t fill_common(struct dir_scan *s, struct entry *e,
			     const struct statx *st)
{
	e->path = strdup(dir_scan_path(s));
	if (!e->path)
		return diag_nomem(s->options->diag);
	e->mode = st->stx_mode;
	e->uid = st->stx_uid;
	e->gid = st->stx_gid;
	e->times[ENTRY_ATIME] = time_of(st->stx_atime);
	e->times[ENTRY_MTIME] = time_of(st->stx_mtime);
	e->times[ENTRY_CTIME] = time_of(st->stx_ctime);
	e->times[ENTRY_CRTIME] = time_of(st->stx_btime);
	e->has_time[ENTRY_ATIME] = true;
	e->has_time[ENTRY_MTIME] = true;
	e->has_time[ENTRY_CTIME] = true;
	e->has_time[ENTRY_CRTIME] = st->stx_mask & STATX_BTIME;
	e->fs_flags = flags_of(st);
	/* Links and devices may have several names, too. */
	if (st->stx_nlink > 1 && !S_ISDIR(st->stx_mode)) {
		e->has_identity = true;
		e->link_dev = host_dev(st);
		e->link_ino = st->stx_ino;
	}
	return 0;
}

static errcode_t read_target(struct dir_scan *s, struct entry *e, int dirfd,
			     const char *name, size_t size_hint, bool *skip)
{
	struct buf target = BUF_INIT;
	errcode_t err;
	ssize_t n = 0;

	err = buf_reserve(&target,
			  (size_hint < PATH_MAX ? size_hint : PATH_MAX) + 1);
	/* A full buffer may have cut the target. */
	while (!err) {
		n = readlinkat(dirfd, name, (char *)target.data, target.cap);
		if (n < 0)
			err = errno;
		if (n < (ssize_t)target.cap)
			break;
		err = buf_reserve(&target, target.cap + 1);
	}
	if (!err) {
		target.len = n;
		e->target = buf_detach(&target);
		err = e->target ? 0 : ENOMEM;
	}
	buf_release(&target);
	if (err == ENOMEM)
		return diag_nomem(s->options->diag);
	/* It was a link a moment ago: as if it had been followed. */
	if (err == EINVAL)
		err = ELOOP;
	if (err)
		return dir_scan_trouble(s, err, skip, "left out");
	if (!n)
		return diag_error(s->options->diag, dir_scan_host_path(s),
				  E4PACK_ET_BAD_ENTRY,
				  "the symbolic link has an empty target");
	return 0;
}

/* Linear in the stretches: each step begins where the last one ended.  What
 * changes meanwhile is seen when the origin is opened. */
static errcode_t find_holes(struct dir_scan *s, struct entry *e, int fd)
{
	uint64_t start, end = 0;
	errcode_t err;

	while (!(err = io_next_data(fd, end, e->size, &start, &end))) {
		err = entry_add_data(e, start, end - start, start);
		if (err == ENOMEM)
			return diag_nomem(s->options->diag);
		if (err)
			break;
	}
	if (err == ENXIO)
		return 0;
	return diag_error(s->options->diag, dir_scan_host_path(s), err,
			  "its holes cannot be found");
}

enum { LARGE_FILE = 1 << 20 };

/*
 * Whether a file must be asked for holes.  One that has just the blocks its
 * size needs has none, unless other blocks of the host make up for it: those
 * of attributes, of preallocation, of a mapping.  Attributes are known; the
 * others weigh as much as a hole only in a file of many extents, which is
 * large: it is asked, too, where one call more does not show.
 */
static bool may_have_holes(const struct entry *e, const struct statx *st)
{
	uint64_t unit = st->stx_blksize ? st->stx_blksize : 512;
	uint64_t needs = div_round_up(e->size, unit) * div_round_up(unit, 512);

	return e->n_xattrs || st->stx_blocks != needs || e->size >= LARGE_FILE;
}

static errcode_t read_layout(struct dir_scan *s, struct entry *e,
			     const struct statx *st, int dirfd,
			     const char *name, bool *skip)
{
	bool encrypted = st->stx_attributes & STATX_ATTR_ENCRYPTED;
	errcode_t err;
	int fd;

	if (!e->size && !encrypted)
		return 0;
	/* An encrypted file shows only when opened whether its key is there. */
	if (!encrypted && !may_have_holes(e, st))
		return entry_add_data(e, 0, e->size, 0) ?
			diag_nomem(s->options->diag) : 0;
	err = host_open(&fd, dirfd, name, O_NOFOLLOW);
	if (err)
		return dir_scan_trouble(s, err, skip, "left out");
	err = find_holes(s, e, fd);
	close(fd);
	return err;
}

static errcode_t read_regular(struct dir_scan *s, struct entry *e,
			      const struct statx *st, struct host_dir *dir,
			      int dirfd, const char *name, bool *skip)
{
	errcode_t err = check_target(s, st);

	if (err)
		return err;
	if (s->check_access && faccessat(dirfd, name, R_OK, AT_EACCESS))
		return dir_scan_trouble(s, errno, skip, "left out");
	if (st->stx_attributes & STATX_ATTR_VERITY)
		err = diag_warning(s->options->diag, dir_scan_host_path(s),
				   "its fs-verity protection is not copied");
	if (err)
		return err;
	e->size = st->stx_size;
	err = read_layout(s, e, st, dirfd, name, skip);
	if (err || *skip || !e->n_data)
		return err;
	e->origin = host_file_origin(dir, name, st);
	return e->origin ? 0 : diag_nomem(s->options->diag);
}

static errcode_t read_by_type(struct dir_scan *s, struct entry *e,
			      const struct statx *st, struct host_dir *dir,
			      int dirfd, const char *name, bool *skip)
{
	switch (st->stx_mode & S_IFMT) {
	case S_IFREG:
		return read_regular(s, e, st, dir, dirfd, name, skip);
	case S_IFLNK:
		return read_target(s, e, dirfd, name, st->stx_size, skip);
	case S_IFCHR:
	case S_IFBLK:
		e->dev_major = st->stx_rdev_major;
		e->dev_minor = st->stx_rdev_minor;
		return check_device(s, st);
	case S_IFDIR:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	default:
		return diag_error(s->options->diag, dir_scan_host_path(s),
				  E4PACK_ET_UNSUPPORTED,
				  "is of an unknown type");
	}
}

errcode_t dir_entry_read(struct dir_scan *s, struct entry *e,
			 const struct dir_look *look, struct host_dir *dir,
			 int dirfd, const char *name, bool *skip)
{
	const struct statx *st = &look->st;
	errcode_t err;

	*skip = false;
	if (look->err)
		return dir_scan_trouble(s, look->err, skip, "left out");
	err = check_owner(s, st);
	if (!err)
		err = fill_common(s, e, st);
	if (!err && !look->plain)
		err = dir_xattr_read(s, e, dirfd, name, skip);
	if (!err && !*skip)
		err = read_by_type(s, e, st, dir, dirfd, name, skip);
	return err;
}
