/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One object as a source gives it: a name with attributes, and for a regular
 * file the places its bytes are.  The same form for every kind of source.
 */
#ifndef E4PACK_SOURCE_ENTRY_H
#define E4PACK_SOURCE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/timestamp.h"
#include "source/origin.h"

/* A stretch of a file that has data; what lies between two is a hole. */
struct entry_data {
	uint64_t offset;	/* bytes from the beginning of the file */
	uint64_t len;		/* bytes, not 0 */
	uint64_t origin_offset;	/* where its first byte is in the origin */
};

/* An extended attribute in the form of listxattr(2) and getxattr(2):
 * "user.mime_type", "system.posix_acl_access" (the kernel's binary form). */
struct entry_xattr {
	char *name;
	uint8_t *value;		/* may be NULL when len is 0 */
	size_t len;
};

enum entry_time { ENTRY_ATIME, ENTRY_MTIME, ENTRY_CTIME, ENTRY_CRTIME,
		  ENTRY_TIMES };

struct entry {
	char *path;		/* "" is the root; no leading or doubled
				 * slash, no "." or ".." component */
	uint32_t mode;		/* type (S_IFMT) and permissions */
	uint32_t uid, gid;
	uint32_t dev_major, dev_minor;	/* of a device node */
	struct timestamp times[ENTRY_TIMES];
	bool has_time[ENTRY_TIMES];	/* mtime always, others if known */
	uint64_t size;		/* bytes, of a regular file */
	char *target;		/* of a symbolic link, else NULL */
	char *hardlink;		/* path, in the form of @path, of the entry
				 * this is another name of, else NULL */
	uint64_t link_dev, link_ino;	/* host identity, where ... */
	bool has_identity;	/* ... it has several names on the host */
	uint32_t fs_flags;	/* FS_*_FL of FS_IOC_GETFLAGS, 0 if not known */
	struct entry_xattr *xattrs;	/* sorted by name, none twice */
	size_t n_xattrs;
	struct origin *origin;	/* where a regular file's bytes are; NULL
				 * when it has none */
	struct entry_data *data;	/* ascending, not touching */
	size_t n_data;
};

/* Make an empty entry; allocates nothing. */
void entry_init(struct entry *e);

/* Free the contents and make @e empty again; the origin is put. */
void entry_clear(struct entry *e);

/* Free the contents. */
void entry_release(struct entry *e);

/* Append a stretch of data, joined to the last one where it continues it in
 * the file and in the origin.  Return: 0, ENOMEM, or E4PACK_ET_BAD_ENTRY
 * when it begins before the last one's end or reaches over 2^63-1. */
errcode_t entry_add_data(struct entry *e, uint64_t offset, uint64_t len,
			 uint64_t origin_offset);

/* Append an extended attribute, copied.  Keeps the order; a name given twice
 * keeps the later value.  Return: 0 or ENOMEM. */
errcode_t entry_add_xattr(struct entry *e, const char *name,
			  const void *value, size_t len);

#endif
