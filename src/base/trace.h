/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace: one line for each step that the kernel's ext4 would tell through
 * a trace point of the same name.
 *
 * A call site says TRACE(t, EVENT, values...).  Without a trace (@t is NULL)
 * that is one test, and the values are not evaluated.  Values are integers,
 * in the order of the event's fields and without the device; trace_text() is
 * for the few that are names.
 *
 * Time is logical: it grows by one with each line, so that two runs that do
 * the same write the same bytes.
 */
#ifndef E4PACK_BASE_TRACE_H
#define E4PACK_BASE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/diag.h"

/* The events of ext4 and jbd2, and one of our own. */
enum trace_event {
	/* Inodes. */
	TRACE_REQUEST_INODE, TRACE_ALLOCATE_INODE, TRACE_LOAD_INODE,
	TRACE_MARK_INODE_DIRTY, TRACE_EVICT_INODE, TRACE_DROP_INODE,
	TRACE_NUMBER_INODE,	/* ours: a number that was provisional */
	/* Writing and reservations. */
	TRACE_DA_WRITE_BEGIN, TRACE_DA_WRITE_END, TRACE_WRITE_BEGIN,
	TRACE_WRITE_END, TRACE_DA_RESERVE_SPACE,
	TRACE_DA_UPDATE_RESERVE_SPACE, TRACE_DA_RELEASE_SPACE,
	TRACE_ALLOC_DA_BLOCKS,
	/* The extent status tree. */
	TRACE_ES_LOOKUP_EXTENT_ENTER, TRACE_ES_LOOKUP_EXTENT_EXIT,
	TRACE_ES_FIND_EXTENT_RANGE_ENTER, TRACE_ES_FIND_EXTENT_RANGE_EXIT,
	TRACE_ES_INSERT_EXTENT, TRACE_ES_CACHE_EXTENT,
	TRACE_ES_INSERT_DELAYED_EXTENT, TRACE_ES_REMOVE_EXTENT,
	TRACE_ES_SHRINK_COUNT, TRACE_ES_SHRINK_SCAN_ENTER,
	TRACE_ES_SHRINK_SCAN_EXIT, TRACE_ES_SHRINK,
	/* Mappings. */
	TRACE_EXT_MAP_BLOCKS_ENTER, TRACE_EXT_MAP_BLOCKS_EXIT,
	TRACE_EXT_SHOW_EXTENT, TRACE_EXT_HANDLE_UNWRITTEN_EXTENTS,
	TRACE_GET_IMPLIED_CLUSTER_ALLOC_EXIT, TRACE_FREE_BLOCKS,
	TRACE_REMOVE_BLOCKS, TRACE_EXT_RM_LEAF, TRACE_FORGET,
	TRACE_TRUNCATE_ENTER, TRACE_TRUNCATE_EXIT,
	/* Writeback. */
	TRACE_SYNC_FILE_ENTER, TRACE_SYNC_FILE_EXIT, TRACE_SYNC_FS,
	TRACE_WRITEPAGES, TRACE_WRITEPAGES_RESULT,
	TRACE_DA_WRITE_FOLIOS_START, TRACE_DA_WRITE_FOLIOS_END,
	TRACE_DA_WRITE_PAGES_EXTENT,
	/* The allocator. */
	TRACE_REQUEST_BLOCKS, TRACE_ALLOCATE_BLOCKS, TRACE_MBALLOC_ALLOC,
	TRACE_MBALLOC_PREALLOC, TRACE_MBALLOC_DISCARD, TRACE_MB_NEW_INODE_PA,
	TRACE_MB_NEW_GROUP_PA, TRACE_MB_RELEASE_INODE_PA,
	TRACE_MB_RELEASE_GROUP_PA, TRACE_DISCARD_PREALLOCATIONS,
	TRACE_MB_BITMAP_LOAD, TRACE_MB_BUDDY_BITMAP_LOAD,
	TRACE_READ_BLOCK_BITMAP_LOAD, TRACE_LOAD_INODE_BITMAP,
	/* The journal. */
	TRACE_JOURNAL_START_INODE, TRACE_JOURNAL_START_SB,
	TRACE_JOURNAL_START_RESERVED, TRACE_JBD2_HANDLE_START,
	TRACE_JBD2_HANDLE_EXTEND, TRACE_JBD2_HANDLE_RESTART,
	TRACE_JBD2_HANDLE_STATS, TRACE_JBD2_START_COMMIT,
	TRACE_JBD2_COMMIT_LOCKING, TRACE_JBD2_COMMIT_FLUSHING,
	TRACE_JBD2_SUBMIT_INODE_DATA, TRACE_JBD2_COMMIT_LOGGING,
	TRACE_JBD2_END_COMMIT, TRACE_JBD2_RUN_STATS, TRACE_JBD2_CHECKPOINT,
	TRACE_JBD2_CHECKPOINT_STATS, TRACE_JBD2_DROP_TRANSACTION,
	TRACE_JBD2_UPDATE_LOG_TAIL, TRACE_JBD2_WRITE_SUPERBLOCK,
	TRACE_EVENTS
};

/* Status of an extent, as "WUDHR". */
enum trace_es {
	TRACE_ES_WRITTEN = 1, TRACE_ES_UNWRITTEN = 2, TRACE_ES_DELAYED = 4,
	TRACE_ES_HOLE = 8, TRACE_ES_REFERENCED = 16,
};

/* What a mapping is asked for. */
enum trace_map {
	TRACE_MAP_CREATE = 1, TRACE_MAP_UNWRITTEN = 2, TRACE_MAP_DELALLOC = 4,
	TRACE_MAP_PRE_IO = 8, TRACE_MAP_CONVERT = 0x10,
	TRACE_MAP_METADATA_NOFAIL = 0x20, TRACE_MAP_NO_NORMALIZE = 0x40,
	TRACE_MAP_CONVERT_UNWRITTEN = 0x100, TRACE_MAP_ZERO = 0x200,
	TRACE_MAP_IO_SUBMIT = 0x400, TRACE_MAP_EX_NOCACHE = 0x40000000,
};

/* What a mapping is found to be, as "NMUB". */
enum trace_mapped {
	TRACE_MAPPED_MAPPED = 0x10, TRACE_MAPPED_NEW = 0x20,
	TRACE_MAPPED_DELAYED = 0x100, TRACE_MAPPED_BOUNDARY = 0x200,
	TRACE_MAPPED_UNWRITTEN = 0x800,
};

/* What the allocator is asked for. */
enum trace_mb {
	TRACE_MB_MERGE = 1, TRACE_MB_FIRST = 8, TRACE_MB_DATA = 0x20,
	TRACE_MB_NOPREALLOC = 0x40, TRACE_MB_GROUP_ALLOC = 0x80,
	TRACE_MB_GOAL_ONLY = 0x100, TRACE_MB_TRY_GOAL = 0x200,
	TRACE_MB_DELALLOC_RESERVED = 0x400, TRACE_MB_STREAM_ALLOC = 0x800,
	TRACE_MB_USE_ROOT = 0x1000, TRACE_MB_USE_RESERVED = 0x2000,
	TRACE_MB_STRICT_CHECK = 0x4000,
};

/* How blocks are freed. */
enum trace_free {
	TRACE_FREE_METADATA = 1, TRACE_FREE_FORGET = 2,
	TRACE_FREE_VALIDATED = 4, TRACE_FREE_NO_QUOTA = 8,
	TRACE_FREE_NOT_FIRST_CLUSTER = 0x10,
	TRACE_FREE_NOT_LAST_CLUSTER = 0x20,
};

/* Types of journal handles. */
enum trace_handle {
	TRACE_HANDLE_MISC, TRACE_HANDLE_INODE, TRACE_HANDLE_WRITE_PAGE,
	TRACE_HANDLE_MAP_BLOCKS, TRACE_HANDLE_DIR, TRACE_HANDLE_TRUNCATE,
	TRACE_HANDLE_QUOTA, TRACE_HANDLE_RESIZE, TRACE_HANDLE_MIGRATE,
	TRACE_HANDLE_MOVE_EXTENTS, TRACE_HANDLE_XATTR,
	TRACE_HANDLE_EXT_CONVERT,
};

/* How a line looks. */
enum trace_format {
	TRACE_LOGICAL,	/* "TIME EVENT: fields", each field with a value */
	TRACE_KERNEL,	/* as in the kernel's trace file, to the byte but for
			 * task, processor and time */
};

struct trace;

/* Begin a trace in the file @path, made or emptied.  Reports.
 * Return: 0 with *@ret to trace_close(), or an errno. */
errcode_t trace_open(struct trace **ret, const char *path,
		     enum trace_format format, struct diag *diag);

/* End the trace: write what is left, close the file, free @t, which may be
 * NULL.  Reports.  Return: 0, or the first failure since it was opened. */
errcode_t trace_close(struct trace *t);

/* Whether anybody listens. */
static inline bool trace_on(const struct trace *t)
{
	return t != NULL;
}

/* Tell @event with its @n values; see TRACE(). */
void trace_tell(struct trace *t, enum trace_event event, const uint64_t *values,
		size_t n);

#define TRACE_VALUES(...)						\
	((const uint64_t[]){ __VA_ARGS__ }),				\
	sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)

#define TRACE(t, event, ...)						\
	do {								\
		if (trace_on(t))					\
			trace_tell(t, event, TRACE_VALUES(__VA_ARGS__));\
	} while (0)

/* A name as a value: of a function that does something for the event. */
static inline uint64_t trace_text(const char *name)
{
	return (uintptr_t)name;
}

#endif
