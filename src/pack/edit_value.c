// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of attributes that have inodes of their own, in an edit.
 *
 * Such an inode counts the entries that have its value: one for each inode
 * that has the entry inside, one for each block of attributes, however many
 * inodes share that.  An entry that goes gives its count back, one that comes
 * finds an inode that is known to hold the same bytes, or gets a new one.
 * Counts are kept here until the end, when an inode that has none left is
 * deleted and new ones are put.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "base/number.h"
#include "pack/allocate.h"
#include "pack/edit_run.h"

static struct edit_value *find(const struct edit *e, uint32_t ino)
{
	size_t i;

	for (i = 0; i < e->n_values; i++)
		if (e->values[i].ino == ino)
			return &e->values[i];
	return NULL;
}

static errcode_t add(struct edit *e, const struct edit_value *v)
{
	if (array_reserve(&e->values, &e->cap_values, e->n_values + 1,
			  sizeof(*e->values)))
		return diag_nomem(e->diag);
	e->values[e->n_values++] = *v;
	return 0;
}

/* Lustre's inodes of values name their owner and count nothing. */
static errcode_t check_form(const struct edit *e, const struct disk_inode *d,
			    const struct inode_info *i)
{
	if ((uint32_t)i->times[INODE_MTIME].sec != d->info.ino ||
	    i->generation != d->info.generation)
		return 0;
	return diag_error(e->diag, image_path(e->image),
			  E4PACK_ET_UNSUPPORTED, "inode %u has the value of "
			  "an attribute in the form of Lustre, which cannot "
			  "be changed", d->info.ino);
}

errcode_t edit_know_values(struct edit *e, const struct disk_inode *disk)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < disk->n_values; i++) {
		const struct disk_value *d = &disk->values[i];
		struct edit_value v = {
			.ino = d->ino, .x = d->x, .hash = d->hash,
			.on_disk = true,
		};
		struct inode_info info;
		const uint8_t *raw;

		if (find(e, d->ino))
			continue;
		err = read_inode(&info, e->image, d->ino);
		if (!err)
			err = check_form(e, disk, &info);
		if (!err)
			err = read_inode_raw(&raw, e->image, d->ino);
		if (err)
			break;
		v.refs = v.old_refs = inode_value_refs(raw);
		err = add(e, &v);
	}
	return err;
}

static bool is_same(const struct edit_value *v, const struct xattr *x,
		    uint32_t hash)
{
	return v->hash == hash && v->x && v->x->value_len == x->value_len &&
	       !memcmp(v->x->value, x->value, x->value_len);
}

errcode_t edit_take_value(struct edit *e, uint32_t owner,
			  const struct xattr *x, uint32_t *ino)
{
	struct edit_value v = {
		.x = x, .refs = 1,
		.hash = xattr_value_hash(&e->format, x->value, x->value_len),
	};
	errcode_t err;
	size_t i;

	for (i = 0; i < e->n_values; i++) {
		if (!is_same(&e->values[i], x, v.hash))
			continue;
		e->values[i].refs++;
		*ino = e->values[i].ino;
		return 0;
	}
	err = edit_space_number(&e->space, owner, false, &v.ino);
	if (err == E4PACK_ET_NO_INODES)
		diag_error(e->diag, image_path(e->image), err, "has no inode "
			   "left for the value of an attribute");
	*ino = v.ino;
	return err ? err : add(e, &v);
}

errcode_t edit_drop_value(struct edit *e, uint32_t ino)
{
	struct edit_value *v = find(e, ino);

	if (!v || !v->refs)
		return image_bad(e->image, "inode %u: more attributes have "
				 "its value than it counts: run e2fsck", ino);
	v->refs--;
	return 0;
}

/* No attribute has this value any more. */
static errcode_t delete(struct edit *e, const struct edit_value *v)
{
	struct disk_inode d = { .n_extents = 0 };
	uint8_t *raw;
	errcode_t err = read_inode(&d.info, e->image, v->ino);

	if (!err)
		err = edit_free_old(e, &d);
	if (!err)
		err = edit_find_inode(e, v->ino, false, &raw);
	disk_inode_release(&d);
	if (err)
		return err;
	inode_delete(raw, &e->format, v->ino, (uint32_t)e->now);
	return group_edit_give_inode(e->groups, v->ino, false);
}

static errcode_t put_bytes(struct edit *e, const struct xattr *x,
			   const struct run_list *runs)
{
	size_t left = x->value_len, i;
	const uint8_t *from = x->value;
	errcode_t err = 0;
	uint64_t k;

	for (i = 0; !err && i < runs->n; i++) {
		for (k = 0; !err && left && k < runs->runs[i].len; k++) {
			size_t n = left < e->format.block_size ? left :
				   e->format.block_size;
			uint8_t *block;

			err = changes_new(&e->changes,
					  runs->runs[i].start + k, &block);
			if (err)
				break;
			memcpy(block, from, n);
			from += n;
			left -= n;
		}
	}
	return err;
}

static errcode_t put_new(struct edit *e, const struct edit_value *v)
{
	const uint64_t blocks = div_round_up(v->x->value_len,
					     e->format.block_size);
	struct inode_values i = {
		.mode = S_IFREG | 0600, .links = 1, .version = v->refs,
		.flags = INODE_FLAG_EA_INODE, .size = v->x->value_len,
		.blocks = format_whole_clusters(&e->format, blocks),
		.times[INODE_ATIME].sec = (int32_t)v->hash,
	};
	const struct tree_inode self = { .ino = v->ino };
	struct extent_list list = { NULL, 0, 0 };
	struct run_list runs = { NULL, 0, 0 };
	uint8_t *raw;
	errcode_t err = edit_place(e, blocks, &runs);

	if (!err)
		err = put_bytes(e, v->x, &runs);
	if (!err)
		err = allocate_plain_extents(&list, runs.runs, runs.n,
					     (uint32_t)blocks);
	if (e->format.extents)
		i.flags |= INODE_FLAG_EXTENTS;
	if (!err)
		err = edit_put_map(e, &self, 0, list.extents, list.n, &i);
	if (!err)
		err = edit_find_inode(e, v->ino, true, &raw);
	if (!err)
		inode_encode(raw, &e->format, v->ino, &i);
	extent_list_release(&list);
	run_list_release(&runs);
	return err == ENOMEM ? diag_nomem(e->diag) : err;
}

errcode_t edit_put_values(struct edit *e)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < e->n_values; i++) {
		const struct edit_value *v = &e->values[i];
		uint8_t *raw;

		if (!v->on_disk) {
			err = put_new(e, v);
		} else if (!v->refs) {
			err = delete(e, v);
		} else if (v->refs != v->old_refs) {
			err = edit_find_inode(e, v->ino, false, &raw);
			if (!err)
				inode_set_value_refs(raw, &e->format, v->ino,
						     v->refs);
		}
	}
	return err;
}
