// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a finished tree needs: one object per thing that has blocks, one set
 * per distinct list of attributes, and the sums that the solver works with.
 */
#include "pack/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "base/number.h"
#include "image/dirblock.h"
#include "image/mapping.h"
#include "pack/identity.h"
#include "pack/inline_plan.h"
#include "pack/live_frame.h"
#include "pack/place.h"
#include "pack/xattr_plan.h"

enum { LOST_FOUND_BYTES = 16384, SECTOR_BITS = 9 };

/* Blocks of the clusters that an object takes: those where a file has
 * something, or all from the first to the last of @blocks. */
static uint64_t object_space(const struct plan *p, enum plan_kind kind,
			     const struct node *node, uint64_t blocks)
{
	return kind == PLAN_FILE ? delayed_file_space(&node->inode->file) :
		format_whole_clusters(&p->format, blocks);
}

errcode_t plan_add_object(struct plan *p, enum plan_kind kind,
			  struct node *node, uint64_t blocks)
{
	uint64_t space = object_space(p, kind, node, blocks);
	struct plan_object *o;
	errcode_t err;

	if (space > UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	err = array_reserve(&p->objects, &p->cap_objects, p->n_objects + 1,
			    sizeof(*p->objects));
	if (err)
		return err;
	o = &p->objects[p->n_objects];
	*o = (struct plan_object){
		.kind = kind, .node = node,
		.blocks = (uint32_t)blocks, .space = (uint32_t)space,
	};
	/* As if it lay in one piece, which most will. */
	err = plan_count_map(p, o, NULL, 0);
	if (err)
		return err;
	o->whole_map = true;
	p->map_blocks += (uint64_t)o->n_map << p->format.cluster_bits;
	p->n_objects++;
	if (kind == PLAN_DIR)
		p->dir_blocks += space;
	else if (kind != PLAN_JOURNAL)
		p->data_blocks += space;
	return 0;
}

errcode_t plan_set_journal(struct plan *p, uint64_t blocks)
{
	struct plan_object *o = &p->objects[0];
	uint64_t space = object_space(p, PLAN_JOURNAL, NULL, blocks);

	if (space > UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	o->blocks = (uint32_t)blocks;
	o->space = (uint32_t)space;
	o->whole_map = false;
	return 0;
}

errcode_t plan_dir_names(const struct node *dir, const struct format *fmt,
			 struct dir_name **ret)
{
	struct tree_inode *inode = dir->inode;
	struct dir_name *names = calloc(inode->dir.n ? inode->dir.n : 1,
					sizeof(*names));
	struct names_cursor c = names_begin(&inode->dir.children);
	struct node *child;
	size_t i = 0;

	if (!names)
		return ENOMEM;
	while ((child = names_next(&c))) {
		names[i++] = (struct dir_name){
			.name = child->name,
			.len = child->name_len,
			.ino = child->inode->ino,
			.file_type = fmt->filetype ?
				dir_file_type(child->inode->mode) : 0,
		};
	}
	*ret = names;
	return 0;
}

bool plan_is_first_name(const struct plan *p, const struct plan_object *o)
{
	return o->node && o->node != p->tree->root && o->node != p->lost_found;
}

uint64_t plan_dir_least(const struct tree_inode *dir,
			const struct format *fmt)
{
	if (dir->ino != FORMAT_LOST_FOUND_INO)
		return 1;
	return div_round_up(LOST_FOUND_BYTES, fmt->block_size);
}

errcode_t plan_dir_layout(struct dir_layout *l, struct dir_name **names,
			  const struct node *dir, const struct format *fmt)
{
	errcode_t err;

	err = plan_dir_names(dir, fmt, names);
	if (err)
		return err;
	err = dir_layout_init(l, fmt, *names, dir->inode->dir.n,
			      plan_dir_least(dir->inode, fmt));
	if (err)
		free(*names);
	return err;
}

static errcode_t add_dir(struct plan *p, struct node *n)
{
	struct dir_name *names;
	struct dir_layout layout;
	errcode_t err;

	if (n->inode->links > FORMAT_LINK_MAX && !p->format.dir_nlink)
		return EMLINK;
	if (n->inode->in_inode)
		return 0;
	err = plan_dir_layout(&layout, &names, n, &p->format);
	if (err)
		return err;
	free(names);
	err = plan_add_object(p, PLAN_DIR, n, layout.blocks);
	if (!err)
		p->objects[p->n_objects - 1].indexed = layout.indexed;
	dir_layout_release(&layout);
	return err;
}

static errcode_t add_file(struct plan *p, struct node *n)
{
	const struct delayed_file *f = &n->inode->file;
	uint64_t blocks = delayed_file_blocks(f);
	uint64_t space = delayed_file_space(f);
	const struct run one = { .len = space };

	if (f->size > INT32_MAX && !p->format.large_file)
		return E4PACK_ET_TOO_BIG;
	if (!p->format.huge_file &&
	    space << (p->format.block_bits - SECTOR_BITS) > UINT32_MAX)
		return E4PACK_ET_TOO_BIG;
	if (!blocks)
		return 0;
	p->seqs += delayed_file_seq(f);
	p->counted.reserved_blocks += space;
	/* On a live image it has its places, and lies as it lies. */
	p->counted.extents += delayed_file_count_extents(f, &one,
							 p->live ? 1 : 0);
	return plan_add_object(p, PLAN_FILE, n, blocks);
}

static errcode_t add_inode(struct plan *p, struct node *n)
{
	const struct tree_inode *inode = n->inode;

	plan_count_inode(p, inode);
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		return add_file(p, n);
	case S_IFDIR:
		return add_dir(p, n);
	case S_IFLNK:
		if (inode->link.len <= FORMAT_FAST_LINK_MAX)
			return 0;
		return plan_add_object(p, PLAN_LINK, n, 1);
	default:
		return 0;
	}
}

static errcode_t report_node(struct plan *p, struct node *n, errcode_t err)
{
	char *path = tree_path(n);
	const char *subject = path && *path ? path : "/";

	if (err == ENOMEM)
		diag_nomem(p->diag);
	else if (err == EMLINK)
		diag_error(p->diag, subject, E4PACK_ET_TOO_BIG,
			   "has more than 64998 folders in it, which needs "
			   "-O dir_nlink");
	else if (S_ISDIR(n->inode->mode) && err == E4PACK_ET_TOO_BIG)
		diag_error(p->diag, subject, err,
			   "has more names than its index can hold: use "
			   "-O large_dir or a larger block size");
	else if (err == E4PACK_ET_TOO_BIG && !p->format.large_file)
		diag_error(p->diag, subject, err,
			   "is larger than 2 GiB, which needs -O large_file");
	else if (err == E4PACK_ET_TOO_BIG)
		diag_error(p->diag, subject, err,
			   "is larger than the file system can map");
	else
		diag_error(p->diag, subject, err, NULL);
	free(path);
	return err;
}

static errcode_t add_objects(struct plan *p)
{
	errcode_t err;
	size_t i;

	err = plan_add_object(p, PLAN_JOURNAL, NULL, 0);
	if (err)
		return diag_nomem(p->diag);
	err = add_inode(p, p->tree->root);
	if (err)
		return report_node(p, p->tree->root, err);
	err = add_inode(p, p->lost_found);
	if (err)
		return report_node(p, p->lost_found, err);
	for (i = 0; i < p->n_inodes; i++) {
		err = add_inode(p, p->names[i]);
		if (err)
			return report_node(p, p->names[i], err);
	}
	return 0;
}

/* The second counter: metadata to come is promised as the data was, in
 * clusters; on a live image in place of what was promised change by
 * change. */
static errcode_t promise_metadata(struct plan *p)
{
	struct reserve *r = &p->tree->delay->reserve;
	uint32_t bits = p->format.cluster_bits;
	uint64_t meta = ((p->dir_blocks + p->map_blocks) >> bits) +
			p->n_xattr_blocks;
	char need[NUMBER_HUMAN_LEN], have[NUMBER_HUMAN_LEN];
	errcode_t err = reserve_meta(r, r->meta, meta);

	if (!err)
		return 0;
	bits += p->format.block_bits;
	number_human(need, meta << bits);
	number_human(have, reserve_available(r) << bits);
	return diag_error(p->diag, NULL, err, "folders, mappings and "
			  "attributes need %s, the image has %s left: use "
			  "--size", need, have);
}

static errcode_t place_converted(struct plan *p)
{
	errcode_t err = live_sync(&p->live->live);

	return err ? diag_error(p->diag, NULL, err, NULL) : 0;
}

/* Names that objects have, too, need not be kept twice. */
static void drop_names(struct plan *p)
{
	struct node **fewer;
	size_t i, next = 0, n = 0;

	for (i = 0; i < p->n_names; i++) {
		while (next < p->n_objects &&
		       !plan_is_first_name(p, &p->objects[next]))
			next++;
		if (next < p->n_objects &&
		    p->objects[next].node == p->names[i])
			next++;
		else
			p->names[n++] = p->names[i];
	}
	p->n_names = n;
	fewer = realloc(p->names, (n ? n : 1) * sizeof(*fewer));
	if (fewer) {
		p->names = fewer;
		p->cap_names = n ? n : 1;
	}
}

errcode_t plan_init(struct plan *p)
{
	errcode_t err;
	int i;

	p->stuck = SIZE_MAX;
	progress_begin(p->progress, "plan", 0);
	err = place_number(p);
	if (!err)
		err = inline_plan_settle(p);
	/* What had to leave its inode gets its place now. */
	if (!err && p->live)
		err = place_converted(p);
	if (!err)
		err = identity_settle(p);
	if (err)
		return err;
	for (i = 0; i < 4; i++)
		p->format.hash_seed[i] = get_le32(p->frame.hash_seed + 4 * i);
	err = xattr_plan_sets(p);
	if (!err)
		err = add_objects(p);
	if (!err)
		err = xattr_plan_ea_inodes(p);
	if (!err)
		drop_names(p);
	return err ? err : promise_metadata(p);
}

void plan_release(struct plan *p)
{
	xattr_plan_release(p);
	free(p->names);
	free(p->objects);
	geometry_release(&p->geometry);
	run_list_release(&p->runs);
	run_list_release(&p->free);
	run_list_release(&p->found);
	free(p->map_pblk);
	free(p->xattr_pblk);
	memset(p, 0, sizeof(*p));
}
