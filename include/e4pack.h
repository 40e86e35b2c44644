/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4pack: build and inspect ext4 images without mounting them.
 *
 * One call builds an image:
 *
 *	const char *sources[] = { "rootfs" };
 *	struct e4pack_options options = { .size = { .kind = E4PACK_SIZE_MIN } };
 *
 *	if (e4pack_create(&options, "image", sources, 1, NULL))
 *		return 1;
 *
 * Rules of this interface: zero an option struct, then fill in; 0 is the
 * default everywhere.  Nothing is copied out of an option struct: it and what
 * it points to must outlive the call.  Calls share no state, so that several
 * may run at once in different threads.  A failure has been told through the
 * message sink by the time a call returns.
 */
#ifndef E4PACK_H
#define E4PACK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a call ended.  The numbers are those of the command's exit status. */
enum e4pack_status {
	E4PACK_OK = 0,
	E4PACK_FAILED = 1,	/* told through the message sink */
	E4PACK_USAGE = 2,	/* an option is wrong; told likewise */
	E4PACK_NO = 3,		/* the question is answered with no */
	E4PACK_INTERRUPTED = 4,	/* the stop flag was set */
};

/* ---------------------------------------------------------------- Session */

enum e4pack_level {
	E4PACK_VERBOSE,		/* detail that few ask for */
	E4PACK_NOTE,		/* worth knowing, nothing is wrong */
	E4PACK_WARNING,		/* the result is not exactly what was given */
	E4PACK_ERROR,		/* why the call fails */
};

/* Takes one message.  @subject is what it is about (a path, an option) or
 * NULL.  Both strings are free of control bytes and valid only during the
 * call.  Workers may call it, one at a time. */
typedef void e4pack_message(void *arg, enum e4pack_level level,
			    const char *subject, const char *text);

/* Told how far a phase is: @done of @total, which is 0 where not known.
 * Called often; draw seldom. */
typedef void e4pack_progress(void *arg, const char *phase, uint64_t done,
			     uint64_t total);

/* Takes @len bytes of a report.  Return: 0, or an errno that ends the call. */
typedef long e4pack_output(void *arg, const char *text, size_t len);

/* What every call shares. */
struct e4pack_session {
	e4pack_message *message;	/* NULL: messages are dropped */
	void *message_arg;
	e4pack_progress *progress;	/* NULL: none */
	void *progress_arg;
	const volatile sig_atomic_t *stop;	/* not 0: stop soon and clean
						 * up; NULL: never */
	bool strict;		/* warnings are errors */
};

/* ------------------------------------------------------------------ Build */

enum e4pack_size_kind {
	E4PACK_SIZE_DEFAULT,	/* min+10% */
	E4PACK_SIZE_BYTES,	/* @value bytes, rounded down to blocks */
	E4PACK_SIZE_MIN,	/* the fewest blocks that hold everything */
	E4PACK_SIZE_MIN_PERCENT,	/* @value percent over that */
	E4PACK_SIZE_MIN_BYTES,	/* @value bytes over that */
};

struct e4pack_size {
	enum e4pack_size_kind kind;
	uint64_t value;
};

enum e4pack_inodes_kind {
	E4PACK_INODES_DEFAULT,	/* used ones, 11, and the size's headroom */
	E4PACK_INODES_COUNT,	/* @value of them */
	E4PACK_INODES_MIN_PERCENT,	/* used ones, 11, and @value percent */
	E4PACK_INODES_RATIO,	/* one for each @value bytes */
};

struct e4pack_inodes {
	enum e4pack_inodes_kind kind;
	uint64_t value;
};

/* Where atime, ctime and crtime come from; mtime is always the source's. */
enum e4pack_times {
	E4PACK_TIMES_MTIME,	/* from mtime: reading a tree changes nothing */
	E4PACK_TIMES_SOURCE,	/* from the source, where it has them */
	E4PACK_TIMES_FIXED,	/* time_sec for all three */
};

struct e4pack_owner_map {
	uint32_t from, to;
};

struct e4pack_totals;

/* Told what is made, when it is whole and not yet under its name.
 * Return: 0, or an errno: then it is not made. */
typedef long e4pack_made(void *arg, const struct e4pack_totals *totals);

/* How places are found. */
enum e4pack_allocator {
	E4PACK_BEST_FIT,	/* whole files into the shortest free run */
	E4PACK_KERNEL,		/* as ext4 in the kernel does */
};

/* How the lines of a trace look. */
enum e4pack_trace_format {
	E4PACK_TRACE_LOGICAL,	/* "TIME EVENT: fields" */
	E4PACK_TRACE_KERNEL,	/* as in a trace file of the kernel */
};

struct e4pack_options {
	struct e4pack_session session;
	e4pack_made *made;	/* NULL: no one is told */
	void *made_arg;

	/* The file system. */
	struct e4pack_size size;
	struct e4pack_inodes inodes;
	uint64_t max_size;	/* bytes a solved size may reach; 0: the room
				 * that the target's file system has */
	uint32_t block_size;	/* bytes; 0: 4096 */
	uint32_t cluster_size;	/* bytes, with bigalloc; 0: 16 blocks */
	uint32_t inode_size;	/* bytes; 0: 256 */
	uint32_t journal_mib;	/* MiB; 0: after the size */
	double reserved_percent;	/* of the blocks, for root */
	const char *label;	/* up to 16 bytes; NULL: none */
	const char *uuid;	/* text form; NULL: from the entry list */
	const char *hash_seed;	/* text form; NULL: from the entry list */
	const char *features;	/* "a,^b"; NULL: Debian 12's ext4 set */
	uint32_t stride, stripe_width;	/* blocks */
	uint64_t resize_blocks;	/* descriptors to grow to so many blocks */
	bool packed_meta_blocks;
	bool has_num_backup_sb;	/* use num_backup_sb, else 2 */
	uint32_t num_backup_sb;	/* 0 to 2, with sparse_super2 */

	/* The write path.  Anything but the defaults needs an absolute size,
	 * as the image then takes form while it is filled. */
	uint64_t dirty_limit;	/* bytes that may wait for their place; 0: any
				 * number, until the end */
	bool nodelalloc;	/* every write allocates at once */
	enum e4pack_allocator allocator;

	/* An edit. */
	bool journal_only;	/* leave the change in the log, for the next
				 * mount or e2fsck to apply */
	bool whole_copy;	/* edit a copy, which then takes the name */

	/* The target. */
	bool force;		/* replace an existing target */
	bool dry_run;		/* plan only, write nothing */
	bool no_sync;		/* do not wait for the disk */
	bool has_offset;	/* write inside an existing file ... */
	uint64_t offset;	/* ... from this byte on */

	/* The sources. */
	bool set_owner;		/* every entry belongs to ... */
	uint32_t owner_uid, owner_gid;	/* ... these */
	bool set_root_owner;	/* the root folder belongs to ... */
	uint32_t root_uid, root_gid;	/* ... these */
	const struct e4pack_owner_map *uid_map, *gid_map;
	size_t n_uid_map, n_gid_map;
	enum e4pack_times times;
	int64_t time_sec;	/* for E4PACK_TIMES_FIXED */
	bool clamp_mtime;	/* no time later than the epoch below */
	bool has_epoch;		/* SOURCE_DATE_EPOCH is set: ... */
	int64_t epoch;		/* ... its seconds */
	const char *const *exclude;	/* patterns of names to leave out */
	size_t n_exclude;
	bool one_file_system;
	bool ignore_unreadable;
	bool allow_vanished;
	bool keep_dir_symlinks;
	const char *order_file;	/* paths to place first; NULL: none */
	uint32_t threads;	/* that read and write; 0: one a processor */

	/* The trace. */
	const char *trace_file;	/* is told of every step; NULL: none */
	enum e4pack_trace_format trace_format;
};

/* What an image holds, or would hold. */
struct e4pack_totals {
	uint32_t block_size;	/* bytes */
	uint64_t blocks;	/* data + metadata + journal + free */
	uint64_t bytes;		/* of the image */
	uint64_t inodes, inodes_used;
	/* With bigalloc every block of a cluster that is in use counts as
	 * what the cluster holds. */
	uint64_t data_blocks;	/* of regular files and slow links */
	uint64_t metadata_blocks;	/* all else that is in use, folders
					 * among it */
	uint64_t journal_blocks, free_blocks;
	uint64_t files, directories, symlinks, specials;
	uint64_t hardlinks;	/* names beyond the first of an inode */
	uint64_t extents;	/* of regular files */
	uint64_t reserved_blocks;	/* promised while staging */
	uint64_t allocated_blocks;	/* claimed at flush: as many */
	uint64_t flushes;	/* writeback passes */
};

/* Make image @image from @n sources: directories, tar or cpio archives, or
 * "-" for an archive on standard input; the later wins.  On failure the
 * target's name shows what it showed before.  @totals may be NULL; it is
 * filled on success. */
enum e4pack_status e4pack_create(const struct e4pack_options *options,
				 const char *image,
				 const char *const *sources, size_t n,
				 struct e4pack_totals *totals);

/* Find what e4pack_create() would make; nothing is written. */
enum e4pack_status e4pack_plan(const struct e4pack_options *options,
			       const char *const *sources, size_t n,
			       struct e4pack_totals *totals);

struct e4pack_batch_options {
	struct e4pack_options build;	/* of the new image */
	bool keep_going;	/* tell of every command that fails */
	bool json;		/* one line for each command */
	e4pack_output *output;	/* what commands show */
	void *output_arg;
};

/* Make image @image (NULL: only try) from an empty tree and @n scripts, "-"
 * or none for one on standard input.  All are parsed before the first command
 * runs; if one fails, nothing is made.  @totals may be NULL. */
enum e4pack_status e4pack_batch_new(const struct e4pack_batch_options *options,
				    const char *image,
				    const char *const *scripts, size_t n,
				    struct e4pack_totals *totals);

/* Run scripts, as e4pack_batch_new() does, on an image that is there.  What
 * they change goes through its journal as one transaction: on failure, and
 * when the program is killed, the image is the old one or the new one, and a
 * message says which. */
enum e4pack_status e4pack_batch(const struct e4pack_batch_options *options,
				const char *image,
				const char *const *scripts, size_t n);

/* Merge @n sources into an image that is there, likewise. */
enum e4pack_status e4pack_add(const struct e4pack_options *options,
			      const char *image, const char *const *sources,
			      size_t n);

/* Put @totals out, as aligned text or as one JSON document. */
enum e4pack_status e4pack_show_totals(const struct e4pack_session *session,
				      const struct e4pack_totals *totals,
				      bool json, e4pack_output *output,
				      void *output_arg);

/* ---------------------------------------------------------------- Inspect */

struct e4pack_inspect_options {
	struct e4pack_session session;
	e4pack_output *output;	/* where the report goes */
	void *output_arg;
	bool json;
	uint64_t offset;	/* where the image begins in its file, bytes */
	uint32_t width;		/* columns of the terminal; 0: not one */
};

/* Report the extent status of the files and folders named by @paths (all of
 * the image with @n 0). */
enum e4pack_status e4pack_es(const struct e4pack_inspect_options *options,
			     const char *image, const char *const *paths,
			     size_t n);

struct e4pack_frag_options {
	struct e4pack_inspect_options inspect;
	bool csv;		/* a line for each file instead; not with
				 * json */
	const char *svg;	/* a file for a picture of the whole image,
				 * "-": to output instead of the report; NULL:
				 * none */
	uint32_t top;		/* files to list; 0: 10, and with csv all */
	bool has_limit;		/* E4PACK_NO when more files than ... */
	uint64_t limit;		/* ... this are fragmented */
};

/* Report fragmentation and free space. */
enum e4pack_status e4pack_frag(const struct e4pack_frag_options *options,
			       const char *image, const char *const *paths,
			       size_t n);

struct e4pack_journal_options {
	struct e4pack_inspect_options inspect;
	bool replay;		/* do what a mount would do with it; the image
				 * is written to */
};

/* Report what is in the journal, or replay it. */
enum e4pack_status e4pack_journal(const struct e4pack_journal_options *options,
				  const char *image);

struct e4pack_info_options {
	struct e4pack_inspect_options inspect;
	bool groups;		/* each block group, too */
};

/* Report what the superblock and the journal say. */
enum e4pack_status e4pack_info(const struct e4pack_info_options *options,
			       const char *image);

struct e4pack_tree_options {
	struct e4pack_inspect_options inspect;
	bool follow;		/* a symbolic link that a path ends in */
	/* Of e4pack_ls() only. */
	bool nul;		/* exact paths, each ended by NUL; not with
				 * json */
	bool attributes;	/* with mode, owner, size, time, target */
	bool inodes;		/* with inode numbers */
	bool recursive;		/* what is below, too */
};

/* List names: of each path that is a folder what is in it.  @paths may have
 * globs in them (the root with @n 0). */
enum e4pack_status e4pack_ls(const struct e4pack_tree_options *options,
			     const char *image, const char *const *paths,
			     size_t n);

/* Report all that the inodes of @paths say. */
enum e4pack_status e4pack_stat(const struct e4pack_tree_options *options,
			       const char *image, const char *const *paths,
			       size_t n);

/* Put out the bytes of the files @paths, one after the other. */
enum e4pack_status e4pack_cat(const struct e4pack_tree_options *options,
			      const char *image, const char *const *paths,
			      size_t n);

/* Report how image @second differs from image @first: E4PACK_NO when it does.
 * The offset of @options is that of both. */
enum e4pack_status e4pack_diff(const struct e4pack_inspect_options *options,
			       const char *first, const char *second);

struct e4pack_extract_options {
	struct e4pack_inspect_options inspect;	/* its output takes the
						 * archive "-" */
	const char *directory;	/* take out into this folder, or ... */
	const char *archive;	/* ... as a tar in the pax form into this
				 * file, or "-" */
	bool force;		/* replace what is in the way */
};

/* Take out what @paths name, which may have globs in them, and the folders
 * above it; everything with @n 0.  What the folder cannot have as it is in
 * the image is warned of, once a kind. */
enum e4pack_status e4pack_extract(const struct e4pack_extract_options *options,
				  const char *image, const char *const *paths,
				  size_t n);

struct e4pack_verify_options {
	struct e4pack_options build;	/* as the image was made with; of it
					 * count the session, the offset, the
					 * sources and the threads */
	bool json;
	e4pack_output *output;	/* where the report goes */
	void *output_arg;
};

/* Check every checksum, count and structure of an image and report what is
 * wrong; with sources, also whether it holds just what they do.
 * Return: E4PACK_NO when something is wrong, or differs. */
enum e4pack_status e4pack_verify(const struct e4pack_verify_options *options,
				 const char *image,
				 const char *const *sources, size_t n);

/* Return: the version, as "0.1.0". */
const char *e4pack_version(void);

#ifdef __cplusplus
}
#endif

#endif
