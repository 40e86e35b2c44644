/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bytes of many files, staged and in an image, compared in parallel. */
#ifndef E4PACK_PACK_COMPARE_CONTENT_H
#define E4PACK_PACK_COMPARE_CONTENT_H

#include "base/buf.h"
#include "delay/delayed_file.h"
#include "image/read_inode.h"

struct node;

/* A file whose content is to be compared; sizes are equal. */
struct content_item {
	struct node *node;	/* a name of it */
	const struct delayed_file *file;
	size_t first, n;	/* its extents, in content_batch.extents */
	uint8_t *inline_data;	/* or these bytes, owned; NULL: none */
	size_t inline_len;
	bool differs;		/* out ... */
	uint64_t at;		/* ... from this byte on */
};

/* Files that wait.  Zero it, or content_batch_release(). */
struct content_batch {
	struct content_item *items;
	size_t n, cap;
	struct extent *extents;
	size_t n_extents, cap_extents;
	uint64_t bytes;		/* of all files together */
};

/* Add file @f, which is inode @i of @img.  Reports to the image's diag.
 * Return: 0, ENOMEM, or as read_map(). */
errcode_t content_batch_add(struct content_batch *b, struct image *img,
			    const struct inode_info *i, struct node *node,
			    const struct delayed_file *f);

/* Compare all, with @threads workers at most; the items say how it came out.
 * What cannot be read of the sources is told to @diag.
 * Return: 0, ENOMEM, or as an origin or image_read(). */
errcode_t content_batch_compare(struct content_batch *b, struct image *img,
				unsigned int threads, struct diag *diag);

/* Forget all items; the memory stays for further ones. */
void content_batch_clear(struct content_batch *b);
void content_batch_release(struct content_batch *b);

#endif
