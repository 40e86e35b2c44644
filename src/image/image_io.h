/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A channel through which libext2fs reads what struct image shows. */
#ifndef E4PACK_IMAGE_IMAGE_IO_H
#define E4PACK_IMAGE_IMAGE_IO_H

#include <ext2fs/ext2fs.h>

#include "image/image.h"

/* Room for the name of a channel: an address in hexadecimal. */
enum { IMAGE_IO_NAME = 2 + 2 * sizeof(void *) + 1 };

/* Opens by the name that image_io_name() gives.  It reads through
 * image_fetch() and refuses to write. */
extern const io_manager image_io_manager;

/* Return: @out, the name by which the channel finds @img. */
const char *image_io_name(char out[IMAGE_IO_NAME], struct image *img);

#endif
