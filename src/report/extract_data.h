/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of one file, from its blocks to a file of the host. */
#ifndef E4PACK_REPORT_EXTRACT_DATA_H
#define E4PACK_REPORT_EXTRACT_DATA_H

#include "report/extract_object.h"

/* What copying needs again and again.  Zero it, or extract_copier_release(). */
struct extract_copier {
	uint8_t *buffer;
	bool by_hand;		/* the kernel cannot copy here */
};

void extract_copier_release(struct extract_copier *c);

/* Find the place of the first data of @i, 0 where it has none.  Reports.
 * Return: as read_map(). */
errcode_t extract_first_block(uint64_t *ret, struct extract_state *s,
			      const struct inode_info *i);

/* Write the content of @i to the new and empty file @fd, holes as holes, and
 * give it its size.  @path is for messages.  Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE; E4PACK_ET_INTERRUPTED; ENOMEM; or an errno
 * of the host. */
errcode_t extract_content(struct extract_copier *c, struct extract_state *s,
			  const struct inode_info *i, int fd,
			  const char *path);

#endif
