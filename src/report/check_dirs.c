// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The folders, in the order of their numbers.  Each block is read once, its
 * entries counted as names of their inodes; an index is gathered on the way
 * and checked at the end.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_inline.h"
#include "image/read_map.h"
#include "report/check_dir.h"

void dir_fault(struct dir_check *d, const char *what)
{
	fault_inode(d->check->faults, d->info.ino, "folder block %u: %s",
		    d->at, what);
}

struct check_folder *check_folder(const struct check *c, uint32_t ino)
{
	if (ino > c->geo->inodes || !bits_has(&c->folders, ino))
		return NULL;
	return &c->folder[bits_rank(&c->folders, ino)];
}

static errcode_t take_extent(void *arg, const struct extent *e)
{
	struct dir_check *d = arg;
	const struct check *c = d->check;
	uint8_t *copy = malloc(c->geo->block_size);
	const uint8_t *block;
	errcode_t err = copy ? 0 : diag_nomem(image_diag(c->img));
	uint32_t i;

	for (i = 0; !err && i < e->len; i++) {
		d->at = e->lblk + i;
		d->blocks++;
		err = image_peek(c->img, &block, e->pblk + i);
		if (err)
			break;
		memcpy(copy, block, c->geo->block_size);
		err = check_dir_block(d, copy);
	}
	free(copy);
	return err;
}

static errcode_t read_entries(struct dir_check *d)
{
	const struct map_visitor v = { .extent = take_extent, .arg = d };
	struct buf data = BUF_INIT;
	errcode_t err;

	d->blocks = 0;
	if (!(d->info.flags & FL_INLINE)) {
		err = read_map(d->check->img, &d->info, &v);
	} else {
		err = read_inline(&data, d->check->img, &d->info);
		if (!err)
			err = check_dir_inline(d, data.data,
					       (uint32_t)data.len);
		buf_release(&data);
	}
	/* Told when the inode was looked at. */
	d->unread |= err == E4PACK_ET_BAD_IMAGE;
	return err == E4PACK_ET_BAD_IMAGE ? 0 : err;
}

static errcode_t check_dir(struct check *c, struct check_folder *folder)
{
	struct dir_check d = { .check = c, .folder = folder };
	const uint8_t *raw;
	uint8_t key[8];
	errcode_t err = read_inode_raw(&raw, c->img, folder->ino);

	if (err)
		return err;
	inode_decode(&d.info, raw, c->geo, folder->ino);
	put_le32(key, d.info.ino);
	put_le32(key + 4, d.info.generation);
	d.seed = format_crc32c(c->geo->csum_seed, key, sizeof(key));
	d.indexed = (d.info.flags & FL_INDEX) &&
		    (c->compat & COMPAT_DIR_INDEX);
	d.hash_beside = (d.info.flags & FL_ENCRYPT) &&
			(d.info.flags & FL_CASEFOLD);
	if ((d.info.flags & FL_INDEX) && !d.indexed)
		fault_inode(c->faults, d.info.ino, "the folder is indexed, "
			    "without the feature dir_index");
	err = htree_begin(&d);
	if (!err)
		err = read_entries(&d);
	/* What follows from a mapping that is not whole is no news. */
	if (!err && !d.unread)
		htree_end(&d);
	if (!err)
		err = dir_find_twice(&d, read_entries);
	free(d.htree.blocks);
	free(d.names);
	return err;
}

errcode_t check_dirs(struct check *c)
{
	errcode_t err = 0;
	size_t i;

	if (c->n_folders && c->folder[0].ino == FORMAT_ROOT_INO)
		c->folder[0].parent = FORMAT_ROOT_INO;
	for (i = 0; !err && i < c->n_folders; i++) {
		err = c->progress ? progress_check(c->progress) : 0;
		if (!err)
			err = check_dir(c, &c->folder[i]);
	}
	return err;
}
