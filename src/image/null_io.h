/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An I/O channel for libext2fs that reaches nothing: every read and write
 * fails.  It lets the library compute a frame without a file. */
#ifndef E4PACK_IMAGE_NULL_IO_H
#define E4PACK_IMAGE_NULL_IO_H

#include <ext2fs/ext2fs.h>

extern const io_manager null_io_manager;

#endif
