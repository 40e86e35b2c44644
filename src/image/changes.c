// SPDX-License-Identifier: GPL-2.0-or-later
/* Changed blocks, by place. */
#include "image/changes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/errors.h"

int change_cmp(struct change *a, struct change *b)
{
	return (a->pblk > b->pblk) - (a->pblk < b->pblk);
}

RB_GENERATE(change_tree, change, by_pblk, change_cmp)

void changes_init(struct changes *c, struct image *image)
{
	*c = (struct changes){ .image = image };
	RB_INIT(&c->blocks);
}

void changes_release(struct changes *c)
{
	struct change *b, *next;

	for (b = RB_MIN(change_tree, &c->blocks); b; b = next) {
		next = RB_NEXT(change_tree, &c->blocks, b);
		RB_REMOVE(change_tree, &c->blocks, b);
		free(b);
	}
	changes_init(c, c->image);
}

static struct change *find(const struct changes *c, uint64_t pblk)
{
	struct change key = { .pblk = pblk };

	return RB_FIND(change_tree, (struct change_tree *)&c->blocks, &key);
}

/* Make an entry for @pblk, which has none. */
static errcode_t make(struct changes *c, uint64_t pblk, bool is_new,
		      struct change **ret)
{
	const struct image_geometry *geo = image_geometry(c->image);
	struct change *b;
	errcode_t err = 0;

	if (pblk >= geo->blocks)
		return image_bad(c->image, "block %llu is outside of it",
				 (unsigned long long)pblk);
	b = calloc(1, sizeof(*b) + geo->block_size);
	if (!b)
		return diag_nomem(image_diag(c->image));
	b->pblk = pblk;
	b->is_new = is_new;
	if (!is_new)
		err = image_read(c->image, pblk, 1, b->data);
	if (err) {
		free(b);
		return err;
	}
	RB_INSERT(change_tree, &c->blocks, b);
	if (is_new)
		c->n_new++;
	else
		c->n_old++;
	*ret = b;
	return 0;
}

static errcode_t get(struct changes *c, uint64_t pblk, bool is_new,
		     uint8_t **ret)
{
	struct change *b = find(c, pblk);
	errcode_t err = b ? 0 : make(c, pblk, is_new, &b);

	if (!err && b->is_new != is_new)
		err = diag_error(image_diag(c->image), image_path(c->image),
				 E4PACK_ET_BUG, "block %llu is both old and "
				 "new", (unsigned long long)pblk);
	if (!err)
		*ret = b->data;
	return err;
}

errcode_t changes_edit(struct changes *c, uint64_t pblk, uint8_t **ret)
{
	return get(c, pblk, false, ret);
}

errcode_t changes_new(struct changes *c, uint64_t pblk, uint8_t **ret)
{
	return get(c, pblk, true, ret);
}

errcode_t changes_peek(struct changes *c, uint64_t pblk, const uint8_t **ret)
{
	const struct change *b = find(c, pblk);

	if (!b)
		return image_peek(c->image, ret, pblk);
	*ret = b->data;
	return 0;
}

void changes_drop(struct changes *c, uint64_t pblk)
{
	struct change *b = find(c, pblk);

	if (!b)
		return;
	RB_REMOVE(change_tree, &c->blocks, b);
	if (b->is_new)
		c->n_new--;
	else
		c->n_old--;
	free(b);
}

const struct change *changes_from(const struct changes *c, uint64_t pblk,
				  bool is_new)
{
	struct change key = { .pblk = pblk }, *b;

	b = RB_NFIND(change_tree, (struct change_tree *)&c->blocks, &key);
	while (b && b->is_new != is_new)
		b = RB_NEXT(change_tree, NULL, b);
	return b;
}
