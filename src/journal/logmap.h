/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the blocks of a log lie in the image. */
#ifndef E4PACK_JOURNAL_LOGMAP_H
#define E4PACK_JOURNAL_LOGMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "image/image.h"

struct log_run {
	uint32_t first;		/* block of the log */
	uint32_t len;		/* blocks */
	uint64_t pblk;		/* block of the image that @first is */
};

/* Zero it, or logmap_release(). */
struct logmap {
	struct log_run *runs;	/* from block 0 of the log, without gaps */
	struct log_run *places;	/* the same by pblk */
	size_t n, cap;
	uint32_t blocks;	/* mapped */
};

void logmap_release(struct logmap *m);

/* Append @len blocks of the image.  Return: 0, ENOMEM, or E4PACK_ET_TOO_BIG
 * over 2^32 - 1 blocks. */
errcode_t logmap_add(struct logmap *m, uint64_t pblk, uint32_t len);

/* Make logmap_has() work, once all is added.  Return: 0; ENOMEM;
 * E4PACK_ET_BAD_IMAGE for a block that is mapped twice. */
errcode_t logmap_finish(struct logmap *m);

/* Map the file that inode @ino of the image is, up to the first hole or the
 * end of its size.
 * Reports.  Return: as logmap_finish() and read_map(). */
errcode_t logmap_read(struct logmap *m, struct image *img, uint32_t ino);

/* Return: the run that holds block @block of the log, which is under
 * m->blocks. */
const struct log_run *logmap_run(const struct logmap *m, uint32_t block);

/* Return: where block @block of the log is; it is under m->blocks.  *@run
 * gets how many from there on are in one piece. */
uint64_t logmap_find(const struct logmap *m, uint32_t block, uint32_t *run);

/* Whether block @pblk of the image belongs to the log. */
bool logmap_has(const struct logmap *m, uint64_t pblk);

#endif
