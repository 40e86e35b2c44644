/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of an image as members of a tar stream. */
#ifndef E4PACK_REPORT_EXTRACT_TAR_H
#define E4PACK_REPORT_EXTRACT_TAR_H

#include "report/extract_object.h"
#include "source/archive_write.h"

struct extract_tar;

/* Make a stream into @sink.  Reports.
 * Return: 0 with *@ret to extract_tar_free(), or ENOMEM. */
errcode_t extract_tar_new(struct extract_tar **ret, struct extract_state *s,
			  tar_sink *sink, void *arg);
void extract_tar_free(struct extract_tar *t);

/* Its operations; their argument is the stream. */
extern const struct extract_ops extract_tar_ops;

#endif
