// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libext2fs opens a channel by a name and nothing else, so that the name is
 * the address of the image.  It is made and used within one call.
 */
#include "image/image_io.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/read_image.h"

static errcode_t open_channel(const char *name, int flags,
			      io_channel *channel);

static errcode_t close_channel(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t set_block_size(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

/* A count below zero is one of bytes. */
static errcode_t read_blocks(io_channel channel, unsigned long long block,
			     int count, void *data)
{
	const int64_t len = count < 0 ? -(int64_t)count :
			    (int64_t)count * channel->block_size;
	uint64_t position;

	if (__builtin_mul_overflow(block, (uint64_t)channel->block_size,
				   &position))
		return E4PACK_ET_SHORT;
	return image_fetch(channel->private_data, position, (size_t)len, data);
}

static errcode_t read_near_blocks(io_channel channel, unsigned long block,
				  int count, void *data)
{
	return read_blocks(channel, block, count, data);
}

static errcode_t refuse(io_channel channel, unsigned long block, int count,
			const void *data)
{
	(void)channel;
	(void)block;
	(void)count;
	(void)data;
	return E4PACK_ET_BUG;
}

static errcode_t flush(io_channel channel)
{
	(void)channel;
	return 0;
}

static const struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "image",
	.open = open_channel,
	.close = close_channel,
	.set_blksize = set_block_size,
	.read_blk = read_near_blocks,
	.read_blk64 = read_blocks,
	.write_blk = refuse,
	.flush = flush,
};

/* libext2fs takes the table without const, but only reads it. */
const io_manager image_io_manager = (io_manager)(uintptr_t)&manager;

const char *image_io_name(char out[IMAGE_IO_NAME], struct image *img)
{
	snprintf(out, IMAGE_IO_NAME, "%" PRIxPTR, (uintptr_t)img);
	return out;
}

static errcode_t open_channel(const char *name, int flags,
			      io_channel *channel)
{
	io_channel io = calloc(1, sizeof(*io));

	(void)flags;
	if (!io)
		return EXT2_ET_NO_MEMORY;
	io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	io->manager = image_io_manager;
	io->name = strdup(name);
	io->block_size = 1024;
	io->refcount = 1;
	io->private_data = (void *)strtoumax(name, NULL, 16);
	if (!io->name) {
		free(io);
		return EXT2_ET_NO_MEMORY;
	}
	*channel = io;
	return 0;
}
