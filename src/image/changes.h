/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an edit makes of the blocks of an image, in memory.  Blocks that the
 * image had in use are changed from what they hold, and go through the log;
 * blocks that were free are new, and are written before it.
 */
#ifndef E4PACK_IMAGE_CHANGES_H
#define E4PACK_IMAGE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>
#include <et/com_err.h>

#include "image/image.h"

/* One block. */
struct change {
	RB_ENTRY(change) by_pblk;
	uint64_t pblk;
	bool is_new;		/* was free in the image */
	uint8_t data[];		/* block_size bytes */
};

RB_HEAD(change_tree, change);
RB_PROTOTYPE(change_tree, change, by_pblk, change_cmp)
int change_cmp(struct change *a, struct change *b);

struct changes {
	struct image *image;	/* read only */
	struct change_tree blocks;
	uint64_t n_old, n_new;
};

void changes_init(struct changes *c, struct image *image);
void changes_release(struct changes *c);

/* The bytes of block @pblk, which is in use in the image, as changed so far;
 * valid until changes_release().  Reports.
 * Return: 0, ENOMEM, or as image_read(). */
errcode_t changes_edit(struct changes *c, uint64_t pblk, uint8_t **ret);

/* Look at a block as it is now, changed or not; *@ret is valid until the
 * image is looked at again.  Reports.  Return: as image_peek(). */
errcode_t changes_peek(struct changes *c, uint64_t pblk, const uint8_t **ret);

/* As changes_edit() for a block that was free: zeros at first. */
errcode_t changes_new(struct changes *c, uint64_t pblk, uint8_t **ret);

/* Forget what was made of a block. */
void changes_drop(struct changes *c, uint64_t pblk);

/* The first block of that kind at or after @pblk, or NULL. */
const struct change *changes_from(const struct changes *c, uint64_t pblk,
				  bool is_new);

#endif
