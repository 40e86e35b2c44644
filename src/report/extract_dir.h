/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of an image as files of a folder of the host. */
#ifndef E4PACK_REPORT_EXTRACT_DIR_H
#define E4PACK_REPORT_EXTRACT_DIR_H

#include <stdbool.h>

#include "report/extract_object.h"

struct extract_dir;

/* Open the folder s->where, making it if only its last name is missing.
 * @force: what is in the way is replaced, unless it is a folder.  Reports.
 * Return: 0 with *@ret to extract_dir_free(), ENOMEM or an errno. */
errcode_t extract_dir_new(struct extract_dir **ret, struct extract_state *s,
			  bool force);

/* Give up: files that are not whole are removed and counted. */
void extract_dir_free(struct extract_dir *d);

/* The open folder. */
int extract_dir_fd(const struct extract_dir *d);

/* Its operations; their argument is the folder. */
extern const struct extract_ops extract_dir_ops;

#endif
