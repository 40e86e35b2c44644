// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bytes of an edit.
 *
 *	block was free in the image	written to its place, before the log
 *	block holds old bytes		read, changed, logged
 *
 * What was unwritten in the image, or is in use only as a part of a cluster,
 * reads as zero, whatever lies there: it is logged over zeros.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "delay/writeback.h"
#include "pack/edit_run.h"

/* One file whose bytes are put over old ones. */
struct overwrite {
	struct edit *e;
	const struct delayed_file *file;
	const struct disk_inode *disk;
	struct origin_reader reader;
	bool open;
};

static errcode_t close_reader(struct overwrite *o, errcode_t err)
{
	errcode_t failed = 0;

	if (o->open)
		failed = o->reader.origin->ops->close(&o->reader, err ? NULL :
						      o->e->diag);
	o->open = false;
	return err ? err : failed;
}

/* Read @len bytes of @r from its byte @skip on. */
static errcode_t read_range(struct overwrite *o, const struct content_range *r,
			    uint64_t skip, uint8_t *out, size_t len)
{
	errcode_t err = 0;

	if (!r->origin) {
		memset(out, 0, len);
		return 0;
	}
	if (o->open && o->reader.origin != r->origin)
		err = close_reader(o, 0);
	if (!err && !o->open) {
		err = r->origin->ops->open(r->origin, &o->reader, o->e->diag);
		o->open = !err;
	}
	return err ? err : r->origin->ops->read(&o->reader, out, len,
						r->origin_offset + skip,
						o->e->diag);
}

/* Put the part of @r that lies in block @lblk, at @pblk, over what is
 * there. */
static errcode_t put_block(struct overwrite *o, const struct content_range *r,
			   uint32_t lblk, uint64_t pblk)
{
	uint32_t bits = o->e->format.block_bits;
	uint64_t begin = (uint64_t)lblk << bits, end = begin + (1u << bits);
	uint64_t from = r->offset > begin ? r->offset : begin;
	uint64_t to = r->offset + r->len < end ? r->offset + r->len : end;
	const struct change *seen = changes_from(&o->e->changes, pblk, false);
	bool first = !seen || seen->pblk != pblk;
	uint8_t *block;
	errcode_t err = changes_edit(&o->e->changes, pblk, &block);

	if (err)
		return err;
	if (first && !edit_load_has_bytes(o->disk, lblk, pblk))
		memset(block, 0, (size_t)1 << bits);
	return read_range(o, r, from - r->offset, block + (from - begin),
			  (size_t)(to - from));
}

/* Put what of @r lies over old blocks into the changes. */
static errcode_t put_range(struct overwrite *o, const struct content_range *r)
{
	uint32_t bits = o->e->format.block_bits;
	uint64_t lblk = r->offset >> bits;
	uint64_t last = (r->offset + r->len - 1) >> bits;
	struct es_extent e;
	errcode_t err = 0;

	while (!err && lblk <= last &&
	       es_next_extent(&o->file->es, ES_WRITTEN, (uint32_t)lblk, &e) &&
	       e.lblk <= last) {
		uint64_t at, len;

		if (lblk < e.lblk)
			lblk = e.lblk;
		at = e.pblk + (lblk - e.lblk);
		len = e.lblk + (uint64_t)e.len - lblk;
		if (edit_space_is_new(&o->e->space, at, &len)) {
			lblk += len;
			continue;
		}
		err = put_block(o, r, (uint32_t)lblk, at);
		lblk++;
	}
	return err;
}

static errcode_t overwrite(struct edit *e, struct tree_inode *inode)
{
	struct overwrite o = {
		.e = e, .file = &inode->file,
		.disk = edit_load_find(&e->load, inode),
	};
	struct content_range r = { .len = 0 };
	errcode_t err = delayed_file_load(&inode->file, e->build.tree.delay);

	while (!err && content_next(&inode->file.content, r.offset + r.len,
				    &r))
		err = put_range(&o, &r);
	delayed_file_unload(&inode->file, e->build.tree.delay);
	return close_reader(&o, err);
}

/* Cut an extent to what is written to its place. */
static bool is_new(void *arg, struct es_extent *x)
{
	uint64_t len = x->len;
	bool new = edit_space_is_new(arg, x->pblk, &len);

	x->len = (uint32_t)len;
	return new;
}

static errcode_t write_items(struct edit *e, struct writeback_item *items,
			     size_t n)
{
	const struct writeback_options wo = {
		.diag = e->diag, .progress = e->build.progress,
		.threads = 1, .select = is_new, .select_arg = &e->space,
	};
	const struct blockio io = {
		.fd = e->fd, .block_size = e->format.block_size,
		.blocks = image_geometry(e->image)->blocks,
		.offset = e->options->offset,
	};

	return writeback_data(&io, items, n, &wo);
}

errcode_t edit_overwrite(struct edit *e)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < e->live.n_touched; i++) {
		struct tree_inode *inode = e->live.touched[i];

		if (inode->links && inode->on_disk && S_ISREG(inode->mode) &&
		    content_count(&inode->file.content))
			err = overwrite(e, inode);
	}
	return err;
}

errcode_t edit_write_data(struct edit *e)
{
	struct writeback_item *items;
	size_t i, n = 0;
	errcode_t err;

	items = calloc(e->live.n_touched + 1, sizeof(*items));
	if (!items)
		return diag_nomem(e->diag);
	for (i = 0; i < e->live.n_touched; i++) {
		struct tree_inode *inode = e->live.touched[i];
		struct es_extent x;

		if (inode->links && S_ISREG(inode->mode) &&
		    content_count(&inode->file.content) &&
		    es_next_extent(&inode->file.es, ES_WRITTEN, 0, &x))
			items[n++] = (struct writeback_item){ &inode->file,
							      x.pblk };
	}
	err = write_items(e, items, n);
	free(items);
	return err;
}
