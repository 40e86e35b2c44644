/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One name of a host directory, looked at and made an entry.  Inner header
 * of the directory source.
 */
#ifndef E4PACK_SOURCE_DIR_ENTRY_H
#define E4PACK_SOURCE_DIR_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "source/dir_ahead.h"
#include "source/host_file.h"
#include "source/source.h"

/* What a scan carries from name to name. */
struct dir_scan {
	const struct source_options *options;
	struct buf path;	/* host path of the name looked at */
	size_t root_len;	/* bytes of it that are the source's path,
				 * without trailing slashes */
	bool check_access;	/* not privileged: ask before trusting */
	struct buf list, value;	/* of extended attributes, scratch */
};

void dir_scan_init(struct dir_scan *s, const struct source_options *options);
void dir_scan_release(struct dir_scan *s);

/* The path of the name looked at, on the host and in the source.  Valid
 * until scan.path changes; it must be NUL-ended (buf_str()). */
const char *dir_scan_host_path(const struct dir_scan *s);
const char *dir_scan_path(const struct dir_scan *s);

/* Judge a call on the name looked at that failed with the errno @err: what
 * vanished or is unreadable is left out with a warning (*@skip) if the
 * options say so; @result says so ("left out").  Reports.
 * Return: 0 with *@skip, or a code. */
errcode_t dir_scan_trouble(struct dir_scan *s, errcode_t err, bool *skip,
			   const char *result);

/* Fill the empty @e from @name in @dirfd, which is @dir, of which the kernel
 * said @look; for the root @name is ".".  Reports.  Return: 0, with *@skip
 * when it is to be left out and @e is half filled, or a code. */
errcode_t dir_entry_read(struct dir_scan *s, struct entry *e,
			 const struct dir_look *look, struct host_dir *dir,
			 int dirfd, const char *name, bool *skip);

/* Whether @name in the folder @dirfd, at @path on the host ("": not known),
 * surely has no extended attributes.  Any thread may ask. */
bool dir_xattr_none(int dirfd, const char *path, const char *name);

/* Add the extended attributes of the name looked at to @e; arguments and
 * result as for dir_entry_read(). */
errcode_t dir_xattr_read(struct dir_scan *s, struct entry *e, int dirfd,
			 const char *name, bool *skip);

/* Refuse the encrypted folder @fd whose key is absent, so that names and
 * content are only seen scrambled.  Reports. */
errcode_t dir_check_key(struct dir_scan *s, int fd);

/* Warn if @fd is on proc, sysfs or devtmpfs, whose content is no files of
 * anyone's.  Reports.  Return: 0 or E4PACK_ET_STRICT. */
errcode_t dir_check_mount(struct dir_scan *s, int fd, dev_t dev);

#endif
