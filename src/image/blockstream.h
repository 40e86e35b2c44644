/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocks written one after another, gathered into few large writes as long
 * as each begins where the last one ended. */
#ifndef E4PACK_IMAGE_BLOCKSTREAM_H
#define E4PACK_IMAGE_BLOCKSTREAM_H

#include <stdint.h>

#include <et/com_err.h>

#include "image/blockio.h"

struct blockstream {
	const struct blockio *io;
	uint8_t *data;		/* gathered, not yet written */
	uint64_t pblk;		/* where the first of them goes */
	uint32_t count;		/* blocks gathered */
	uint32_t room;		/* blocks that fit */
};

/* Make a stream; pair with blockstream_finish().  Return: 0 or ENOMEM. */
errcode_t blockstream_init(struct blockstream *s, const struct blockio *io);

/* Take room for @count blocks at @pblk (at most blockstream.room at once).
 * What lies there is not zeroed.
 * Return: 0 with *@ret to fill before the next call, or a write's errno. */
errcode_t blockstream_next(struct blockstream *s, uint64_t pblk,
			   uint32_t count, uint8_t **ret);

/* Write any number of blocks from @data at @pblk. */
errcode_t blockstream_put(struct blockstream *s, uint64_t pblk,
			  uint64_t count, const uint8_t *data);

/* Write what is left (unless @err is set already) and free the stream.
 * Return: @err, or what the last write gave. */
errcode_t blockstream_finish(struct blockstream *s, errcode_t err);

#endif
