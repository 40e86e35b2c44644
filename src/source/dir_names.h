/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All names of a host directory, in byte order.  Inner header of the
 * directory source. */
#ifndef E4PACK_SOURCE_DIR_NAMES_H
#define E4PACK_SOURCE_DIR_NAMES_H

#include <stddef.h>

#include <et/com_err.h>

#include "base/buf.h"

struct dir_names {
	const char **sorted;	/* none twice, without "." and ".." */
	size_t n;
	struct buf bytes;	/* what @sorted points into */
};

/* Fill the zeroed @d from the beginning of the open folder @fd.  Does not
 * report; release @d even on failure.  Return: 0 or an errno. */
errcode_t dir_names_read(struct dir_names *d, int fd);
void dir_names_release(struct dir_names *d);

#endif
