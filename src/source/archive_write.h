/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tar stream in the pax form, as GNU tar, bsdtar and our own reader take
 * it.  The same members give the same bytes.
 */
#ifndef E4PACK_SOURCE_ARCHIVE_WRITE_H
#define E4PACK_SOURCE_ARCHIVE_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/buf.h"
#include "base/timestamp.h"
#include "source/pax_record.h"

/* Takes @len bytes of the stream.  Return: 0 or an errno. */
typedef errcode_t tar_sink(void *arg, const void *data, size_t len);

/* The stream.  Zero it, set @sink and @arg. */
struct tar_writer {
	tar_sink *sink;
	void *arg;
	struct buf waiting;	/* not handed to the sink yet */
	uint64_t position;	/* bytes put into the stream */
	struct pax_records records;	/* of one member */
};

struct tar_xattr {
	const char *name;	/* with its prefix: "user.mime" */
	const uint8_t *value;
	size_t len;
};

/* A stretch of a file that has data. */
struct tar_run {
	uint64_t offset, len;	/* bytes */
};

struct tar_member {
	const char *path;	/* relative; "" for the folder of them all */
	const char *target;	/* of a link, else NULL */
	bool hard;		/* a further name of the path @target */
	uint32_t mode;		/* with the type; no socket */
	uint32_t uid, gid, major, minor;
	uint64_t size;		/* of a regular file, else 0 */
	struct timestamp mtime, atime, ctime;
	uint32_t fs_flags;	/* FS_*_FL to tell */
	const struct tar_xattr *xattrs;
	size_t n_xattrs;
	const char *acl_access, *acl_default;	/* text forms, or NULL */
	/* Of a regular file: ascending, not touching, within its size. */
	const struct tar_run *runs;
	size_t n_runs;
};

/* Begin a member.  The data of all its runs has to follow, one after the
 * other, by tar_write_data().
 * Return: 0; ENOMEM; EFBIG for more than a pax header can tell;
 * E4PACK_ET_UNSUPPORTED for flags without libarchive, which names them; or
 * what the sink returned. */
errcode_t tar_write_member(struct tar_writer *w, const struct tar_member *m);

/* Put out data of the member.  Return: 0, ENOMEM, or as the sink. */
errcode_t tar_write_data(struct tar_writer *w, const void *data, size_t len);

/* End the stream: its end mark, zeros to a whole record.
 * Return: as tar_write_data(). */
errcode_t tar_write_end(struct tar_writer *w);

/* Free what the writer holds; nothing is put out. */
void tar_writer_release(struct tar_writer *w);

#endif
