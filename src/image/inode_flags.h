/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The flags of an inode in words. */
#ifndef E4PACK_IMAGE_INODE_FLAGS_H
#define E4PACK_IMAGE_INODE_FLAGS_H

#include <stdint.h>

/* The names of all flags set, with spaces between; bits without a name as
 * "0x400".  Return: a string to free(), or NULL without memory. */
char *inode_flags_names(uint32_t flags);

#endif
