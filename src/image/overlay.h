/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of an image whose newest contents lie elsewhere in it: what a log
 * that was never applied would write over them.  Memory: one entry a block.
 */
#ifndef E4PACK_IMAGE_OVERLAY_H
#define E4PACK_IMAGE_OVERLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct overlay_block {
	uint64_t home;		/* the block that is shown ... */
	uint64_t at;		/* ... with the contents of this one */
	bool escaped;		/* whose first bytes stand for others */
};

/* Zero it, or overlay_release(). */
struct overlay {
	struct overlay_block *blocks;	/* ascending by home, each once */
	size_t n;
	uint8_t head[4];	/* the first bytes of what is escaped */
};

/* Free the entries and make it empty. */
void overlay_release(struct overlay *o);

/* Return: the first entry whose home is @pblk or later, o->n for none. */
size_t overlay_from(const struct overlay *o, uint64_t pblk);

/* Whether there is an entry for any of the @count blocks from @pblk on. */
bool overlay_has(const struct overlay *o, uint64_t pblk, uint64_t count);

#endif
