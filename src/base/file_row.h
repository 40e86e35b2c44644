/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One name of a tree as a JSON row: the keys that ls --json has. */
#ifndef E4PACK_BASE_FILE_ROW_H
#define E4PACK_BASE_FILE_ROW_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/timestamp.h"

struct file_row {
	const char *path;	/* path_len bytes */
	size_t path_len;
	uint32_t ino, mode, uid, gid, links;
	uint64_t size;		/* bytes */
	struct timestamp mtime;
	const char *target;	/* of a link, target_len bytes; else NULL */
	size_t target_len;
};

/* Return: a new document, or NULL without memory. */
json_t *file_row_json(const struct file_row *row);

#endif
