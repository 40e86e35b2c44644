/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attributes of an image's objects, set on files of the host. */
#ifndef E4PACK_REPORT_EXTRACT_ATTR_H
#define E4PACK_REPORT_EXTRACT_ATTR_H

#include "report/extract_object.h"

/* What attributes are set on: an open file, or a name that is not opened. */
struct attr_spot {
	int fd;			/* open for use, or -1 and then ... */
	int folder;		/* ... @name in this folder, */
	const char *name;	/* which is never followed */
	const char *path;	/* for messages */
	bool inherits;		/* a default ACL above may have left its mark */
};

/* Set owner, extended attributes, mode, times and flags from @i, in the order
 * in which none undoes another; data has to be there before.  What the host
 * or the rights of the caller do not allow is counted.  Reports.
 * Return: 0, ENOMEM, EIO and the like, or as read_xattrs(). */
errcode_t extract_attributes(struct extract_state *s,
			     const struct attr_spot *spot,
			     const struct inode_info *i, bool with_flags);

/* Set the flags of chattr(1) alone.  Counted likewise. */
void extract_flags(struct extract_state *s, int fd,
		   const struct inode_info *i);

#endif
