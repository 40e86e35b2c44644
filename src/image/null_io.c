// SPDX-License-Identifier: GPL-2.0-or-later
/* The channel that refuses. */
#include "image/null_io.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

static errcode_t null_open(const char *name, int flags, io_channel *channel);

static errcode_t null_close(io_channel channel)
{
	if (--channel->refcount > 0)
		return 0;
	free(channel->name);
	free(channel);
	return 0;
}

static errcode_t null_set_blksize(io_channel channel, int block_size)
{
	channel->block_size = block_size;
	return 0;
}

static errcode_t null_read(io_channel channel, unsigned long block, int count,
			   void *data)
{
	(void)channel;
	(void)block;
	(void)count;
	(void)data;
	return E4PACK_ET_BUG;
}

static errcode_t null_write(io_channel channel, unsigned long block,
			    int count, const void *data)
{
	(void)channel;
	(void)block;
	(void)count;
	(void)data;
	return E4PACK_ET_BUG;
}

static errcode_t null_flush(io_channel channel)
{
	(void)channel;
	return 0;
}

static const struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "null",
	.open = null_open,
	.close = null_close,
	.set_blksize = null_set_blksize,
	.read_blk = null_read,
	.write_blk = null_write,
	.flush = null_flush,
};

/* libext2fs takes the table without const, but only reads it. */
const io_manager null_io_manager = (io_manager)(uintptr_t)&manager;

static errcode_t null_open(const char *name, int flags, io_channel *channel)
{
	io_channel io = calloc(1, sizeof(*io));

	(void)flags;
	if (!io)
		return EXT2_ET_NO_MEMORY;
	io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	io->manager = null_io_manager;
	io->name = strdup(name);
	io->block_size = 1024;
	io->refcount = 1;
	if (!io->name) {
		free(io);
		return EXT2_ET_NO_MEMORY;
	}
	*channel = io;
	return 0;
}
