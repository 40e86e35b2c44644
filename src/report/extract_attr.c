// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order: a new owner takes set-user-ID bits and capabilities away, so the
 * owner comes first; an ACL changes the mode, so the mode comes after it;
 * all of them change ctime only, so times may come late; what is immutable
 * takes nothing more, so flags are the end.
 */
#include "report/extract_attr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/errors.h"
#include "image/acl.h"

static const uint32_t NO_ID = UINT32_MAX;	/* "as it is", for chown(2) */

/* Whether a failure says that this host or user cannot have the attribute;
 * others are real. */
static bool is_lack(int code)
{
	switch (code) {
	case EPERM:
	case EACCES:
	case EOPNOTSUPP:
	case ENOSYS:
	case ENOTTY:
	case EINVAL:
	case ERANGE:
	case EROFS:
		return true;
	default:
		return false;
	}
}

/* Count a failed call as @lack, or tell what it is. */
static errcode_t count(struct extract_state *s, const struct attr_spot *spot,
		       int failed, enum extract_lack lack, const char *what)
{
	int code = errno;

	if (!failed)
		return 0;
	if (!is_lack(code))
		return extract_error(s, spot->path, code, what);
	s->lacks[lack]++;
	return 0;
}

static int change_owner(const struct attr_spot *spot, uint32_t uid,
			uint32_t gid)
{
	if (spot->fd >= 0)
		return fchown(spot->fd, uid, gid);
	return fchownat(spot->folder, spot->name, uid, gid,
			AT_SYMLINK_NOFOLLOW);
}

/* Set the owner.  *@mode loses the bits that would lend somebody else's
 * rights. */
static errcode_t set_owner(struct extract_state *s,
			   const struct attr_spot *spot,
			   const struct inode_info *i, uint32_t *mode)
{
	uint32_t lent = S_ISUID | S_ISGID;
	bool nobody = i->uid == NO_ID || i->gid == NO_ID;
	errcode_t err;

	errno = EINVAL;
	if (!nobody && !change_owner(spot, i->uid, i->gid))
		return 0;
	err = count(s, spot, -1, LACK_OWNER, "its owner cannot be set");
	if (err)
		return err;
	if (i->gid != NO_ID && !change_owner(spot, NO_ID, i->gid))
		lent = S_ISUID;
	if (S_ISDIR(*mode) || !(*mode & lent))
		return 0;
	*mode &= ~lent;
	s->lacks[LACK_SET_ID]++;
	return 0;
}

enum { PROC_LEN = 40 + 256 };

/* How a name that is not opened is called where only a path will do. */
static const char *proc_name(char out[PROC_LEN], const struct attr_spot *spot)
{
	snprintf(out, PROC_LEN, "/proc/self/fd/%d/%s", spot->folder,
		 spot->name);
	return out;
}

static int change_xattr(const struct attr_spot *spot, const char *name,
			const void *value, size_t len)
{
	char path[PROC_LEN];

	if (spot->fd >= 0)
		return fsetxattr(spot->fd, name, value, len, 0);
	return lsetxattr(proc_name(path, spot), name, value, len, 0);
}

static enum extract_lack lack_of(const struct object_xattr *x)
{
	switch (x->index) {
	case XATTR_INDEX_ACL_ACCESS:
	case XATTR_INDEX_ACL_DEFAULT:
		return LACK_ACL;
	case XATTR_INDEX_TRUSTED:
		return LACK_TRUSTED;
	case XATTR_INDEX_SECURITY:
		return LACK_SECURITY;
	default:
		return LACK_XATTR;
	}
}

/* The host's file systems hold less of attributes than ext4, and say so in
 * several ways; without /proc a name cannot be reached. */
static errcode_t set_xattr(struct extract_state *s,
			   const struct attr_spot *spot,
			   const struct object_xattr *x, const void *value,
			   size_t len)
{
	int failed = change_xattr(spot, x->name, value, len);

	if (failed && (errno == ENOSPC || errno == E2BIG || errno == ENOENT))
		errno = ERANGE;
	return count(s, spot, failed, lack_of(x),
		     "an extended attribute cannot be set");
}

static errcode_t set_acl(struct extract_state *s,
			 const struct attr_spot *spot,
			 const struct object_xattr *x,
			 const struct inode_info *i)
{
	struct buf value = BUF_INIT;
	errcode_t err = acl_from_disk(&value, x->value, x->len);

	if (err == ENOMEM)
		diag_nomem(image_diag(s->img));
	else if (err)
		err = extract_pass(s, image_bad(s->img, "inode %u: its ACL "
						"is damaged", i->ino));
	else
		err = set_xattr(s, spot, x, value.data, value.len);
	buf_release(&value);
	return err;
}

/* Take an ACL away that came from a folder above. */
static void drop_acl(const struct attr_spot *spot, const char *name)
{
	char path[PROC_LEN];

	if (spot->fd >= 0)
		fremovexattr(spot->fd, name);
	else
		lremovexattr(proc_name(path, spot), name);
}

static errcode_t set_xattrs(struct extract_state *s,
			    const struct attr_spot *spot,
			    const struct inode_info *i)
{
	struct object_xattrs list = { NULL, 0, 0 };
	errcode_t err = object_xattrs_read(&list, s, i);
	size_t k;

	if (spot->inherits && !S_ISLNK(i->mode)) {
		drop_acl(spot, "system.posix_acl_access");
		drop_acl(spot, "system.posix_acl_default");
	}
	for (k = 0; !err && k < list.n; k++) {
		const struct object_xattr *x = &list.x[k];

		if (x->index == XATTR_INDEX_ACL_ACCESS ||
		    x->index == XATTR_INDEX_ACL_DEFAULT)
			err = set_acl(s, spot, x, i);
		else
			err = set_xattr(s, spot, x, x->value, x->len);
	}
	object_xattrs_release(&list);
	return err;
}

static errcode_t set_mode(struct extract_state *s,
			  const struct attr_spot *spot, uint32_t mode)
{
	int failed;

	if (S_ISLNK(mode))
		return 0;
	if (spot->fd >= 0)
		failed = fchmod(spot->fd, mode & 07777);
	else
		failed = fchmodat(spot->folder, spot->name, mode & 07777,
				  AT_SYMLINK_NOFOLLOW);
	return count(s, spot, failed, LACK_MODE, "its mode cannot be set");
}

static errcode_t set_times(struct extract_state *s,
			   const struct attr_spot *spot,
			   const struct inode_info *i)
{
	const struct timestamp a = i->times[INODE_ATIME];
	const struct timestamp m = i->times[INODE_MTIME];
	const struct timespec t[2] = {
		{ .tv_sec = a.sec, .tv_nsec = a.nsec },
		{ .tv_sec = m.sec, .tv_nsec = m.nsec },
	};
	int failed;

	if (spot->fd >= 0)
		failed = futimens(spot->fd, t);
	else
		failed = utimensat(spot->folder, spot->name, t,
				   AT_SYMLINK_NOFOLLOW);
	return count(s, spot, failed, LACK_TIME, "its times cannot be set");
}

void extract_flags(struct extract_state *s, int fd,
		   const struct inode_info *i)
{
	uint32_t flags = object_flags(i);
	int have = 0;

	if (!flags)
		return;
	if (!ioctl(fd, FS_IOC_GETFLAGS, &have)) {
		have |= (int)flags;
		if (!ioctl(fd, FS_IOC_SETFLAGS, &have))
			return;
	}
	s->lacks[LACK_FLAGS]++;
}

errcode_t extract_attributes(struct extract_state *s,
			     const struct attr_spot *spot,
			     const struct inode_info *i, bool with_flags)
{
	uint32_t mode = i->mode;
	errcode_t err = set_owner(s, spot, i, &mode);

	if (!err)
		err = set_xattrs(s, spot, i);
	if (!err)
		err = set_mode(s, spot, mode);
	if (!err)
		err = set_times(s, spot, i);
	if (!err && with_flags && spot->fd >= 0)
		extract_flags(s, spot->fd, i);
	return err;
}
