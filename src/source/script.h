/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scripts of batch: text in, typed commands out.  A script is read to
 * its end and checked whole before anything is done with it; what a command
 * does is not known here.
 *
 * One command a line, its words as lexer.h has them.  A path in the image may
 * begin with a slash, has no ".." component, and is kept in the form of
 * entry.path.  Sizes are decimal, or with one of K M G T.
 */
#ifndef E4PACK_SOURCE_SCRIPT_H
#define E4PACK_SOURCE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/progress.h"
#include "base/timestamp.h"
#include "source/entry.h"
#include "source/origin.h"

enum script_verb {
	SCRIPT_MKDIR, SCRIPT_PUT, SCRIPT_TREE, SCRIPT_UNTAR,
	SCRIPT_WRITE, SCRIPT_APPEND, SCRIPT_TRUNCATE, SCRIPT_FALLOCATE,
	SCRIPT_PUNCH, SCRIPT_LN, SCRIPT_SYMLINK, SCRIPT_MKNOD, SCRIPT_MKFIFO,
	SCRIPT_MV, SCRIPT_RM, SCRIPT_RMDIR, SCRIPT_CHMOD, SCRIPT_CHOWN,
	SCRIPT_TOUCH, SCRIPT_SETXATTR, SCRIPT_RMXATTR, SCRIPT_CHATTR,
	SCRIPT_FSYNC, SCRIPT_SYNC, SCRIPT_ES, SCRIPT_STAT, SCRIPT_DF,
	SCRIPT_LS, SCRIPT_ECHO,
	SCRIPT_VERBS
};

enum script_data_kind {
	SCRIPT_DATA_HOST,	/* a host file, whole */
	SCRIPT_DATA_PART,	/* @len bytes at @offset of a host file */
	SCRIPT_DATA_TEXT,	/* @len bytes at @text */
	SCRIPT_DATA_ZERO,	/* @len zero bytes */
	SCRIPT_DATA_RANDOM,	/* @len bytes of SplitMix64 from @seed */
};

/* The bytes a command brings: its word DATA. */
struct script_data {
	enum script_data_kind kind;
	const char *name;	/* of the host file, as given */
	const char *text;	/* NUL-ended, too; has none inside */
	uint64_t offset;
	uint64_t len;		/* bytes; 0 for HOST: it is not looked at yet */
	uint64_t seed;
};

/* One command; what its verb has no word for is 0 or NULL. */
struct script_command {
	enum script_verb verb;
	uint32_t line;		/* counted from 1 */
	const char *file;	/* name of the script, for messages */
	const char *path;	/* PATH; OLD of ln and mv */
	const char *path2;	/* NEW of ln and mv; as given, TARGET of
				 * symlink, HOSTDIR of tree, ARCHIVE of untar */
	uint64_t offset;	/* bytes, at most 2^63-1 as @size */
	uint64_t size;		/* SIZE or LEN; OFFSET + LEN is in range */
	uint32_t mode;		/* permissions, up to 07777 */
	uint32_t uid, gid;
	uint32_t type;		/* of mknod: S_IFBLK, S_IFCHR, S_IFIFO or
				 * S_IFSOCK */
	uint32_t major, minor;	/* of mknod; what ext4 has room for */
	bool parents;		/* -p */
	bool recursive;		/* -r */
	bool has_mode;		/* @mode was given */
	bool has_owner;		/* @uid and @gid were given */
	bool has_time;		/* @time was given */
	char flag_op;		/* of chattr: '+', '-' or '=' */
	uint32_t flags;		/* of chattr: FS_*_FL, only what ext4 keeps */
	struct timestamp time;
	const char *name;	/* of an extended attribute */
	const char *text;	/* of echo */
	struct script_data data;
};

/* Commands of one or more scripts in their order. */
struct script {
	struct script_command *commands;
	size_t n, cap;
	struct arena arena;	/* every string of the commands */
	uint64_t taken;		/* bytes read, and kept for commands */
	const struct progress *progress;	/* may stop the reading; NULL */
};

/* What the scripts of a run may come to, text and commands together. */
#define SCRIPT_BYTES_MAX (UINT64_C(1) << 30)

/* Make an empty script; allocates nothing. */
void script_init(struct script *s);
void script_release(struct script *s);

/* Append the commands of the script @name ("-": standard input).  Each wrong
 * line is told as FILE:LINE, with the syntax of its verb, and reading goes on
 * to the end.  After an error the commands are good for nothing but
 * script_release(), or a further script_read() to hear of the next script's
 * errors, too.  Reports.
 * Return: 0; E4PACK_ET_USAGE when a line is wrong; E4PACK_ET_TOO_BIG over
 * SCRIPT_BYTES_MAX; an errno of reading; ENOMEM; E4PACK_ET_INTERRUPTED. */
errcode_t script_read(struct script *s, const char *name, struct diag *diag);

/* How a command of @verb is written: "write PATH OFFSET DATA". */
const char *script_syntax(enum script_verb verb);

/* The word itself: "write". */
const char *script_verb_name(enum script_verb verb);

/* The verb that @word was probably meant to be: at most two letters wrong,
 * missing, too many or swapped, but not all of them.
 * Return: its name, or NULL when none is near. */
const char *script_suggest(const char *word);

/* Give the bytes of @d as an origin of *@len bytes from its byte 0.  *@ret is
 * NULL when all are zeros, or there are none.  Host files are looked at now,
 * links followed, and held to what they were when the origin is read.
 * With @attributes (empty, entry_init()) they also give mode, owner, times,
 * flags and extended attributes; a whole one its size, data and origin, too,
 * so that holes can be kept.  Its path stays NULL.  Reports.
 * Return: 0 with one reference in *@ret; E4PACK_ET_UNSUPPORTED when it is no
 * regular file; E4PACK_ET_SHORT when the part is not in it; an errno; what
 * reading attributes gives; ENOMEM. */
errcode_t script_open_data(const struct script_data *d, struct origin **ret,
			   uint64_t *len, struct entry *attributes,
			   struct diag *diag);

#endif
