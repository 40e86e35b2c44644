/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the walk over an image and the places its objects go to: what one
 * object is, what is done with it, and what could not be done.
 */
#ifndef E4PACK_REPORT_EXTRACT_OBJECT_H
#define E4PACK_REPORT_EXTRACT_OBJECT_H

#include "base/progress.h"
#include "image/read_inode.h"
#include "report/link_map.h"

struct extract_object {
	const char *path;	/* from the base; "" for the base itself */
	const char *name;	/* the last of @path */
	struct place *place;	/* the folder it lies in; the base's own */
	const struct inode_info *inode;
	const char *target;	/* of a symbolic link, else NULL */
};

/* What is left out or not as in the image, told once each with a count. */
enum extract_lack {
	LACK_OWNER, LACK_SET_ID, LACK_MODE, LACK_TIME, LACK_DEVICE,
	LACK_SOCKET, LACK_ACL, LACK_TRUSTED, LACK_SECURITY, LACK_XATTR,
	LACK_FLAGS, EXTRACT_LACKS
};

/* Shared by all who take part. */
struct extract_state {
	struct image *img;
	const char *where;	/* the folder or archive, for messages */
	struct progress *progress;	/* NULL: neither shown nor stopped */
	uint64_t budget;	/* mapping blocks, see read_map.h */
	uint64_t lacks[EXTRACT_LACKS];
	uint64_t objects;	/* that are whole */
	uint64_t undone;	/* removed again, as they were not whole */
	bool damaged;		/* something was passed over, and told */
};

/* Not a failure: the object is left out, and counted or told. */
enum { EXTRACT_LEFT_OUT = -3 };

/* Where objects go.  Each call reports; E4PACK_ET_BAD_IMAGE says that only
 * this object is damaged. */
struct extract_ops {
	/* An object; a folder before what is in it. */
	errcode_t (*make)(void *arg, const struct extract_object *o);
	/* A further name of what is called @first already. */
	errcode_t (*link)(void *arg, const struct extract_object *o,
			  const struct first_name *first);
	/* A folder, after what is in it.  May be NULL. */
	errcode_t (*leave)(void *arg, const struct extract_object *o);
	/* All is told.  May be NULL. */
	errcode_t (*finish)(void *arg);
};

/* Tell that @path (of an object) met @code.  Return: @code. */
errcode_t extract_error(const struct extract_state *s, const char *path,
			errcode_t code, const char *what);

/* Keep in mind that damage was told and passed over.
 * Return: 0 for E4PACK_ET_BAD_IMAGE, else @err. */
errcode_t extract_pass(struct extract_state *s, errcode_t err);

/* One extended attribute of an object. */
struct object_xattr {
	char *name;		/* with its prefix */
	uint8_t *value;		/* an ACL is in ext4's form */
	size_t len;
	uint8_t index;		/* EXT4_XATTR_INDEX_* */
};

/* Zero it, or object_xattrs_release(). */
struct object_xattrs {
	struct object_xattr *x;	/* sorted by name */
	size_t n, cap;
};

enum { XATTR_INDEX_ACL_ACCESS = 2, XATTR_INDEX_ACL_DEFAULT = 3,
       XATTR_INDEX_TRUSTED = 4, XATTR_INDEX_SECURITY = 6 };

/* Read the attributes that have a name outside of ext4.  Damage is told and
 * passed over.  Reports.  Return: 0, ENOMEM, or as read_xattrs(). */
errcode_t object_xattrs_read(struct object_xattrs *list,
			     struct extract_state *s,
			     const struct inode_info *i);
void object_xattrs_release(struct object_xattrs *list);

/* Flags of chattr(1) that objects keep outside of the image, too. */
uint32_t object_flags(const struct inode_info *i);

#endif
