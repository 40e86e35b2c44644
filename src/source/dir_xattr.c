// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The extended attributes of a host file, which is not opened.  Most have
 * none, so the list is what counts: since Linux 6.13 it can be asked for by
 * a folder's descriptor and a name, which spares the walk along the path.
 * Before, and for the values, the path is all there is.
 */
#include "source/dir_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

/* For headers older than the call. */
#if !defined(SYS_listxattrat) && (defined(__aarch64__) || \
	(defined(__x86_64__) && !defined(__ILP32__)))
#define SYS_listxattrat 465
#endif

/* How often a list or value may outgrow the buffer made for it, and the
 * first size of that buffer. */
enum { MAX_TRIES = 16, FIRST_BYTES = 1024 };

/* The list of @path, or with @name the value of that attribute, into @b.
 * Return: 0 or an errno. */
static errcode_t read_xattr(struct buf *b, const char *path, const char *name)
{
	ssize_t n = -1;
	errcode_t err;
	int tries;

	b->len = 0;
	err = buf_reserve(b, FIRST_BYTES);
	for (tries = 0; !err && tries < MAX_TRIES; tries++) {
		n = name ? lgetxattr(path, name, b->data, b->cap) :
			   llistxattr(path, (char *)b->data, b->cap);
		if (n >= 0 || errno != ERANGE)
			break;
		err = buf_reserve(b, 2 * b->cap);
	}
	if (err)
		return err;
	if (n < 0)
		return errno;
	b->len = n;
	return 0;
}

static errcode_t add_value(struct dir_scan *s, struct entry *e,
			   const char *path, const char *name, bool *skip)
{
	struct diag *diag = s->options->diag;
	errcode_t err = read_xattr(&s->value, path, name);

	if (!err)
		err = entry_add_xattr(e, name, s->value.data, s->value.len);
	switch (err) {
	case 0:
	case ENODATA:	/* removed since it was listed */
		return 0;
	case ENOMEM:
		return diag_nomem(diag);
	case ENOENT:
		return dir_scan_trouble(s, err, skip, "left out");
	case EPERM:
	case EACCES:
	case EOPNOTSUPP:
		return diag_warning(diag, dir_scan_host_path(s),
				    "the attribute %s cannot be read: "
				    "left out", name);
	default:
		return diag_error(diag, dir_scan_host_path(s), err,
				  "the attribute %s cannot be read", name);
	}
}

static errcode_t add_listed(struct dir_scan *s, struct entry *e,
			    const char *path, bool *skip)
{
	const char *name = (const char *)s->list.data;
	const char *end = name + s->list.len;
	errcode_t err = 0;

	while (!err && !*skip && name < end) {
		size_t len = strnlen(name, end - name);

		/* A file system that forgets the last NUL gives no name. */
		if (len == (size_t)(end - name))
			break;
		err = add_value(s, e, path, name, skip);
		name += len + 1;
	}
	return err;
}

#ifdef SYS_listxattrat
static atomic_bool no_listxattrat;	/* this kernel does not have it */

/* The bytes of the list of @name in @dirfd.  Return: as llistxattr(). */
static ssize_t list_at(int dirfd, const char *name)
{
	ssize_t n;

	if (atomic_load_explicit(&no_listxattrat, memory_order_relaxed)) {
		errno = ENOSYS;
		return -1;
	}
	n = syscall(SYS_listxattrat, dirfd, name, AT_SYMLINK_NOFOLLOW, NULL,
		    0);
	if (n < 0 && errno == ENOSYS)
		atomic_store(&no_listxattrat, true);
	return n;
}
#else
static ssize_t list_at(int dirfd, const char *name)
{
	(void)dirfd, (void)name;
	errno = ENOSYS;
	return -1;
}
#endif

bool dir_xattr_none(int dirfd, const char *path, const char *name)
{
	char whole[PATH_MAX];
	ssize_t n = list_at(dirfd, name);
	int len;

	if (n < 0 && errno == ENOSYS) {
		len = snprintf(whole, sizeof(whole), "%s/%s", path, name);
		if (!*path || len < 0 || (size_t)len >= sizeof(whole))
			return false;
		n = llistxattr(whole, NULL, 0);
	}
	return n == 0 || (n < 0 && errno == EOPNOTSUPP);
}

/* A path that the kernel takes; *@made is to free().  NULL without memory. */
static const char *short_path(struct dir_scan *s, int dirfd, const char *name,
			      char **made)
{
	/* The root's path may be a link to it, the root is not. */
	bool is_root = s->path.len == s->root_len;
	int len;

	*made = NULL;
	if (s->path.len < PATH_MAX && !is_root)
		return dir_scan_host_path(s);
	if (is_root && s->path.len + 2 < PATH_MAX)
		len = asprintf(made, "%s/.", (char *)s->path.data);
	else
		len = asprintf(made, "/proc/self/fd/%d/%s", dirfd, name);
	if (len < 0)
		*made = NULL;
	return *made;
}

errcode_t dir_xattr_read(struct dir_scan *s, struct entry *e, int dirfd,
			 const char *name, bool *skip)
{
	const char *path;
	errcode_t err;
	char *made;

	path = short_path(s, dirfd, name, &made);
	if (!path)
		return diag_nomem(s->options->diag);
	err = read_xattr(&s->list, path, NULL);
	if (!err)
		err = add_listed(s, e, path, skip);
	else if (err == EOPNOTSUPP)
		err = 0;
	else if (err == ENOENT)
		err = dir_scan_trouble(s, err, skip, "left out");
	else if (err == ENOMEM)
		err = diag_nomem(s->options->diag);
	else
		err = diag_error(s->options->diag, dir_scan_host_path(s), err,
				 "its attributes cannot be listed");
	free(made);
	return err;
}
