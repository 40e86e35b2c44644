// SPDX-License-Identifier: GPL-2.0-or-later
/* Gathered block writes. */
#include "image/blockstream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

enum { GATHER_BYTES = 1 << 20 };

errcode_t blockstream_init(struct blockstream *s, const struct blockio *io)
{
	memset(s, 0, sizeof(*s));
	s->io = io;
	s->room = GATHER_BYTES / io->block_size;
	s->data = malloc(GATHER_BYTES);
	return s->data ? 0 : ENOMEM;
}

static errcode_t write_gathered(struct blockstream *s)
{
	errcode_t err = 0;

	if (s->count)
		err = blockio_write(s->io, s->pblk, s->count, s->data);
	s->count = 0;
	return err;
}

errcode_t blockstream_next(struct blockstream *s, uint64_t pblk,
			   uint32_t count, uint8_t **ret)
{
	errcode_t err = 0;

	if (count > s->room)
		return E4PACK_ET_BUG;
	if (s->pblk + s->count != pblk || s->count + count > s->room)
		err = write_gathered(s);
	if (err)
		return err;
	if (!s->count)
		s->pblk = pblk;
	*ret = s->data + (size_t)s->count * s->io->block_size;
	s->count += count;
	return 0;
}

errcode_t blockstream_put(struct blockstream *s, uint64_t pblk,
			  uint64_t count, const uint8_t *data)
{
	errcode_t err = 0;
	uint8_t *out;

	while (!err && count) {
		uint32_t n = count < s->room ? (uint32_t)count : s->room;
		size_t bytes = (size_t)n * s->io->block_size;

		err = blockstream_next(s, pblk, n, &out);
		if (!err)
			memcpy(out, data, bytes);
		pblk += n;
		data += bytes;
		count -= n;
	}
	return err;
}

errcode_t blockstream_finish(struct blockstream *s, errcode_t err)
{
	if (s->data && !err)
		err = write_gathered(s);
	free(s->data);
	memset(s, 0, sizeof(*s));
	return err;
}
