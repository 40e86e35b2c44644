// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mappings in an edit.  A mapping that changes is built anew, bottom up, in
 * blocks that were free; the blocks of the old one are given back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/number.h"
#include "image/mapping.h"
#include "pack/edit_run.h"

errcode_t edit_place(struct edit *e, uint64_t blocks, struct run_list *out)
{
	const struct alloc_request req = {
		.len = format_whole_clusters(&e->format, blocks),
	};
	char need[NUMBER_HUMAN_LEN];
	errcode_t err = edit_space_allocate(&e->space, out, &req);

	if (err != E4PACK_ET_NO_SPACE)
		return err == ENOMEM ? diag_nomem(e->diag) : err;
	return diag_error(e->diag, image_path(e->image), err, "has no room "
			  "for %s of folders, mappings and attributes",
			  number_human(need, blocks << e->format.block_bits));
}

/* Places for @n blocks of a mapping: each has a cluster of its own. */
static errcode_t place_map(struct edit *e, uint64_t n, uint64_t *pblk)
{
	uint64_t i, k = 0;
	errcode_t err = 0;

	for (i = 0; !err && i < n; i++) {
		struct run_list one = { NULL, 0, 0 };

		err = edit_place(e, 1, &one);
		if (!err)
			pblk[k++] = one.runs[0].start;
		run_list_release(&one);
	}
	return err;
}

/* Put the encoded blocks into the changes. */
static errcode_t put_blocks(struct edit *e, const uint8_t *blocks,
			    const uint64_t *pblk, uint64_t n)
{
	uint8_t *block;
	uint64_t i;
	errcode_t err = 0;

	for (i = 0; !err && i < n; i++) {
		err = changes_new(&e->changes, pblk[i], &block);
		if (!err)
			memcpy(block, blocks + (i << e->format.block_bits),
			       e->format.block_size);
	}
	return err;
}

errcode_t edit_put_map(struct edit *e, const struct tree_inode *inode,
		       uint32_t generation, const struct extent *extents,
		       size_t n, struct inode_values *v)
{
	uint64_t *pblk = NULL, count = 0;
	uint8_t *blocks = NULL;
	errcode_t err;

	err = mapping_blocks(&count, &e->format, extents, n);
	if (err)
		return diag_error(e->diag, image_path(e->image), err,
				  "inode %u cannot be mapped", inode->ino);
	pblk = calloc(count + 1, sizeof(*pblk));
	blocks = calloc(count + 1, e->format.block_size);
	if (!pblk || !blocks)
		err = diag_nomem(e->diag);
	if (!err)
		err = place_map(e, count, pblk);
	if (!err) {
		err = mapping_encode(v->i_block, blocks, pblk, count,
				     &e->format, inode->ino, generation,
				     extents, n);
		if (err)
			diag_error(e->diag, NULL, err, NULL);
	}
	if (!err)
		err = put_blocks(e, blocks, pblk, count);
	v->blocks += count << e->format.cluster_bits;
	free(blocks);
	free(pblk);
	return err;
}

static errcode_t give(struct edit *e, uint64_t pblk, uint64_t len)
{
	uint64_t reusable, ratio = UINT64_C(1) << e->format.cluster_bits;
	uint64_t first = e->space.geo->first_data_block;
	uint64_t start = first + ((pblk - first) & ~(ratio - 1));

	return edit_space_release_blocks(&e->space, start,
					 format_whole_clusters(&e->format,
							       len), &reusable);
}

errcode_t edit_free_old_map(struct edit *e, struct disk_inode *disk)
{
	errcode_t err = edit_load_map(&e->load, disk);
	size_t i;

	for (i = 0; !err && i < disk->n_maps; i++)
		err = give(e, disk->maps[i], 1);
	return err;
}

errcode_t edit_free_old(struct edit *e, struct disk_inode *disk)
{
	errcode_t err = edit_load_map(&e->load, disk);
	uint64_t next = 0;
	size_t i;

	/* Extents of one cluster may be several. */
	for (i = 0; !err && i < disk->n_extents; i++) {
		uint32_t bits = e->format.cluster_bits;
		const struct extent *x = &disk->extents[i];
		uint64_t first = x->pblk >> bits;
		uint64_t last = (x->pblk + x->len - 1) >> bits;

		if (i && first == next)
			first++;
		if (first <= last)
			err = give(e, first << bits,
				   (last - first + 1) << bits);
		next = last;
	}
	return err ? err : edit_free_old_map(e, disk);
}
