/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The jbd2 journal of an image: the front door of this room.  What it holds
 * is read by scan.h, applied by replay.h and written by commit.h.
 */
#ifndef E4PACK_JOURNAL_JOURNAL_H
#define E4PACK_JOURNAL_JOURNAL_H

#include "base/trace.h"
#include "image/image.h"
#include "journal/journal_io.h"
#include "journal/jsuper.h"
#include "journal/logmap.h"

/* What journal_init() is given; valid as long as the journal. */
struct journal_place {
	struct journal_io io;
	uint64_t room;		/* blocks; no home lies behind them */
	uint32_t block_size;	/* bytes */
	struct diag *diag;
	const char *path;	/* subject of messages */
	struct trace *trace;	/* told of a commit; NULL: nobody listens */
	uint32_t ino;		/* of the log's inode, for the trace */
};

struct journal {
	struct journal_place place;
	struct logmap map;
	struct jsuper super;
	struct jbd_layout layout;	/* what super's features make */
};

/* Open the journal of @img; one outside of the image is refused.  @io is how
 * it is touched from now on, NULL for reading through the image only.
 * Reports.
 * Return: 0 with @j to journal_release(); E4PACK_ET_UNSUPPORTED without a
 * journal or for a feature of it; as logmap_read(), jsuper_read() or @io. */
errcode_t journal_open(struct journal *j, struct image *img,
		       const struct journal_io *io);

/* As journal_open() with the map given, which becomes the journal's own
 * whatever is returned. */
errcode_t journal_init(struct journal *j, const struct journal_place *place,
		       struct logmap *map);

/* Free what it holds; a zeroed one is fine. */
void journal_release(struct journal *j);

/* Make the layout what the features in @j->super say, after a change. */
void journal_settle(struct journal *j);

/* Return: the log block behind @block, round at the end. */
uint32_t journal_next(const struct journal *j, uint32_t block);

/* Blocks that transactions can use. */
uint32_t journal_capacity(const struct journal *j);

/* Read block @block of the log to @data.  Reports. */
errcode_t journal_read(const struct journal *j, uint32_t block, void *data);

/* Write the superblock of the log as @j->super has it.  Reports. */
errcode_t journal_write_super(struct journal *j);

/* Return: where block @pblk of the image begins, bytes. */
static inline uint64_t journal_position(const struct journal *j,
					uint64_t pblk)
{
	return pblk * j->place.block_size;
}

#endif
