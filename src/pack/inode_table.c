// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Inode tables.  Inodes are visited by number, and objects, mapping blocks
 * and attribute blocks were placed in the same order, so that one cursor into
 * each is enough and every stream of blocks ascends.
 */
#include "pack/inode_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/number.h"
#include "image/blockstream.h"
#include "image/inline_data.h"
#include "image/mapping.h"
#include "image/super.h"
#include "pack/inline_plan.h"
#include "pack/xattr_plan.h"

/* Inode flags as stored; the kernel's names. */
enum {
	INDEX_FL = 0x1000,
	EXTENTS_FL = 0x80000,
	EA_INODE_FL = 0x200000,
	INLINE_DATA_FL = 0x10000000,
};

struct table_writer {
	struct plan *p;
	const struct blockio *io;
	struct blockstream table, maps, xattrs;
	struct inode_table_result *result;
	struct extent_list extents;	/* scratch */
	uint8_t *ibody;		/* scratch, as long as the room in an inode */
	uint8_t *data;		/* scratch, as much as an inode can hold */
	struct data_reader reader;
	uint8_t *block;		/* the table block being filled */
	uint64_t block_at;	/* its place, 0: none */
	size_t next_name;	/* cursor into plan.names */
	size_t next_object;	/* cursor into plan.objects */
	size_t next_ea;		/* cursor into plan.ea */
};

/* Encode the mapping of @o (NULL: nothing mapped) for inode @ino into @v,
 * and write its blocks. */
static errcode_t put_mapping(struct table_writer *w, uint32_t ino,
			     const struct plan_object *o,
			     struct inode_values *v)
{
	struct plan *p = w->p;
	const uint64_t *pblk = o ? p->map_pblk + o->first_map : NULL;
	uint32_t bits = p->format.block_bits;
	uint32_t i, n = o ? o->n_map : 0;
	uint8_t *blocks = NULL;
	errcode_t err = 0;

	w->extents.n = 0;
	if (o)
		err = plan_extents(p, o, &w->extents);
	if (!err && n) {
		blocks = malloc((size_t)n << bits);
		err = blocks ? 0 : ENOMEM;
	}
	if (!err)
		err = mapping_encode(v->i_block, blocks, pblk, n, &p->format,
				     ino, 0, w->extents.extents, w->extents.n);
	for (i = 0; !err && i < n; i++)
		err = blockstream_put(&w->maps, pblk[i], 1,
				      blocks + ((size_t)i << bits));
	free(blocks);
	if (p->format.extents)
		v->flags |= EXTENTS_FL;
	if (o)
		v->blocks += o->space +
			     ((uint64_t)n << p->format.cluster_bits);
	return err;
}

/* The attribute block for one more user of @s, written with the first. */
static errcode_t put_xattr_block(struct table_writer *w, struct plan_set *s,
				 uint64_t *pblk)
{
	uint32_t nth = s->served / XATTR_REFS_MAX, refs;
	uint8_t *out;
	errcode_t err;

	*pblk = w->p->xattr_pblk[s->first_block + nth];
	if (s->served++ % XATTR_REFS_MAX)
		return 0;
	refs = s->users - nth * XATTR_REFS_MAX;
	if (refs > XATTR_REFS_MAX)
		refs = XATTR_REFS_MAX;
	err = blockstream_next(&w->xattrs, *pblk, 1, &out);
	if (err)
		return err;
	memset(out, 0, w->p->format.block_size);
	xattr_encode_block(out, &w->p->format, s->set, &s->layout, s->ea_ino,
			   *pblk, refs);
	return 0;
}

/* The attributes in the inode: what i_block does not hold of inline data,
 * and those of @s (NULL: none) that have their place there. */
static void put_ibody(struct table_writer *w, const struct plan_set *s,
		      bool has_data, struct inode_values *v)
{
	const struct format *fmt = &w->p->format;
	struct xattr data;

	if (!has_data && !(s && s->layout.has_ibody))
		return;
	data = xattr_data(w->data + INLINE_HEAD, inline_rest(v->size));
	v->ibody = w->ibody;
	v->ibody_len = inode_xattr_room(fmt);
	xattr_encode_ibody(w->ibody, v->ibody_len, fmt,
			   has_data ? &data : NULL, s ? s->set : NULL,
			   s ? &s->layout : NULL, s ? s->ea_ino : NULL);
}

static errcode_t put_xattrs(struct table_writer *w,
			    const struct tree_inode *inode,
			    struct inode_values *v)
{
	struct plan_set *s = plan_find_set(w->p, inode);
	const struct format *fmt = &w->p->format;
	errcode_t err = 0;
	uint32_t i;

	put_ibody(w, s, inode->in_inode, v);
	if (!s)
		return 0;
	/* Every owner is charged for the values in inodes of their own. */
	for (i = 0; i < s->set->n; i++)
		if (s->layout.value_in_inode[i])
			v->blocks += xattr_value_blocks(fmt,
					s->set->entries[i].value_len);
	if (s->layout.has_block) {
		err = put_xattr_block(w, s, &v->file_acl);
		v->blocks += UINT64_C(1) << fmt->cluster_bits;
	}
	return err;
}

/* The object of @inode, if it is the next one. */
static struct plan_object *take_object(struct table_writer *w,
				       const struct tree_inode *inode)
{
	struct plan *p = w->p;

	if (w->next_object < p->n_objects &&
	    p->objects[w->next_object].node &&
	    p->objects[w->next_object].node->inode == inode)
		return &p->objects[w->next_object++];
	return NULL;
}

static errcode_t put_inline(struct table_writer *w, const struct node *n,
			    struct inode_values *v)
{
	errcode_t err;

	memset(w->data, 0, INLINE_HEAD);
	err = inline_plan_data(w->p, n, &w->reader, w->data, &v->size);
	memcpy(v->i_block, w->data, INLINE_HEAD);
	v->flags |= INLINE_DATA_FL;
	return err;
}

static errcode_t put_content(struct table_writer *w, const struct node *n,
			     struct inode_values *v)
{
	const struct tree_inode *inode = n->inode;
	struct plan_object *o = take_object(w, inode);

	if (inode->in_inode)
		return put_inline(w, n, v);
	switch (inode->mode & S_IFMT) {
	case S_IFREG:
		v->size = inode->file.size;
		return put_mapping(w, inode->ino, o, v);
	case S_IFDIR:
		v->size = (uint64_t)o->blocks << w->p->format.block_bits;
		if (o->indexed)
			v->flags |= INDEX_FL;
		return put_mapping(w, inode->ino, o, v);
	case S_IFLNK:
		v->size = inode->link.len;
		if (o)
			return put_mapping(w, inode->ino, o, v);
		memcpy(v->i_block, inode->link.target, inode->link.len);
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		inode_set_device(v->i_block, inode->dev.major,
				 inode->dev.minor);
		return 0;
	default:
		return 0;
	}
}

static errcode_t tree_values(struct table_writer *w, const struct node *n,
			     struct inode_values *v)
{
	const struct tree_inode *inode = n->inode;
	errcode_t err;

	v->mode = inode->mode;
	v->uid = inode->uid;
	v->gid = inode->gid;
	v->links = inode->links;
	v->flags = inode->fs_flags;
	tree_times(inode, v->times);
	err = put_content(w, n, v);
	return err ? err : put_xattrs(w, inode, v);
}

/* The inode of an attribute value: its reference count lies in the version
 * and ctime, the hash of the value in atime. */
static errcode_t ea_values(struct table_writer *w, struct inode_values *v)
{
	const struct plan_ea *e = &w->p->ea[w->next_ea++];
	const struct xattr *x = &e->set->set->entries[e->entry];

	v->mode = S_IFREG | 0600;
	v->links = 1;
	v->flags = EA_INODE_FL;
	v->size = x->value_len;
	v->version = xattr_plan_references(e->set, e->entry);
	v->times[INODE_ATIME].sec = (int32_t)xattr_value_hash(&w->p->format,
							      x->value,
							      x->value_len);
	return put_mapping(w, e->ino, &w->p->objects[e->object], v);
}

static errcode_t journal_values(struct table_writer *w,
				struct inode_values *v)
{
	struct plan *p = w->p;
	errcode_t err;
	int i;

	v->mode = S_IFREG | 0600;
	v->links = 1;
	v->size = p->journal_blocks << p->format.block_bits;
	for (i = 0; i < INODE_TIMES; i++)
		v->times[i].sec = p->geometry.time;
	err = put_mapping(w, FORMAT_JOURNAL_INO, &p->objects[0], v);
	memcpy(w->result->journal_i_block, v->i_block, sizeof(v->i_block));
	return err;
}

/* Fill @v for inode @ino; *@used false for one that stays zero: a reserved
 * one, or a number that is not in use. */
static errcode_t values(struct table_writer *w, uint32_t ino,
			struct inode_values *v, bool *used)
{
	struct plan *p = w->p;
	const struct plan_object *o = NULL;

	*used = true;
	memset(v, 0, sizeof(*v));
	if (ino == FORMAT_ROOT_INO)
		return tree_values(w, p->tree->root, v);
	if (ino == FORMAT_RESIZE_INO && p->resize_pblk)
		return super_resize_inode(&p->geometry, w->io, p->resize_pblk,
					  v);
	if (ino == FORMAT_JOURNAL_INO && p->journal_blocks)
		return journal_values(w, v);
	if (ino == FORMAT_LOST_FOUND_INO)
		return tree_values(w, p->lost_found, v);
	if (w->next_object < p->n_objects)
		o = &p->objects[w->next_object];
	if (o && o->node && o->node->inode->ino == ino)
		return tree_values(w, o->node, v);
	if (w->next_name < p->n_names &&
	    p->names[w->next_name]->inode->ino == ino)
		return tree_values(w, p->names[w->next_name++], v);
	if (w->next_ea < p->n_ea && p->ea[w->next_ea].ino == ino)
		return ea_values(w, v);
	*used = false;
	return 0;
}

static errcode_t put_inode(struct table_writer *w, uint32_t ino)
{
	const struct format *fmt = &w->p->format;
	const struct geometry *g = &w->p->geometry;
	uint32_t i = ino - 1, group = i / g->group_inodes;
	uint64_t offset = (uint64_t)(i % g->group_inodes) * fmt->inode_size;
	uint64_t pblk = geometry_inode_table(g, group) +
			(offset >> fmt->block_bits);
	struct inode_values v;
	bool used;
	errcode_t err = 0;

	if (pblk != w->block_at) {
		err = blockstream_next(&w->table, pblk, 1, &w->block);
		if (err)
			return err;
		memset(w->block, 0, fmt->block_size);
		w->block_at = pblk;
	}
	err = values(w, ino, &v, &used);
	if (used || ino <= FORMAT_LOST_FOUND_INO)
		w->result->in_use[i >> 3] |= (uint8_t)(1u << (i & 7));
	if (err || !used)
		return err;
	inode_encode(w->block + (offset & (fmt->block_size - 1)), fmt, ino,
		     &v);
	if (S_ISDIR(v.mode))
		w->result->dirs[group]++;
	return 0;
}

/* What the used inodes leave of each table must read as zero. */
static errcode_t zero_rest(struct plan *p, const struct blockio *io)
{
	const struct geometry *g = &p->geometry;
	uint32_t per_block = p->format.block_size / p->format.inode_size;
	errcode_t err = 0;
	uint32_t group;

	for (group = 0; !err && group < g->groups; group++) {
		uint64_t before = (uint64_t)group * g->group_inodes;
		uint64_t used = p->last_ino > before ? p->last_ino - before : 0;
		uint64_t blocks = div_round_up(used, per_block);

		if (blocks < g->table_blocks)
			err = blockio_zero(io, geometry_inode_table(g, group) +
					   blocks, g->table_blocks - blocks);
	}
	return err;
}

static errcode_t writer_init(struct table_writer *w)
{
	const struct format *fmt = &w->p->format;
	errcode_t err = blockstream_init(&w->table, w->io);

	if (!err)
		err = blockstream_init(&w->maps, w->io);
	if (!err)
		err = blockstream_init(&w->xattrs, w->io);
	w->ibody = malloc(inode_xattr_room(fmt) + 1);
	w->data = malloc(INLINE_HEAD + inline_max(fmt));
	w->result->dirs = calloc(w->p->geometry.groups,
				 sizeof(*w->result->dirs));
	w->result->in_use = calloc(w->p->last_ino / 8 + 1, 1);
	if (!w->ibody || !w->data || !w->result->dirs || !w->result->in_use)
		return ENOMEM;
	return err;
}

errcode_t inode_table_write(struct plan *p, const struct blockio *io,
			    bool zeroed, struct inode_table_result *r)
{
	struct table_writer w = { .p = p, .io = io, .result = r,
				  .next_object = 1,
				  .reader = { .diag = p->diag } };
	errcode_t err = writer_init(&w);
	uint32_t ino;

	for (ino = 1; !err && ino <= p->last_ino; ino++)
		err = put_inode(&w, ino);
	err = data_reader_release(&w.reader, err);
	err = blockstream_finish(&w.table, err);
	err = blockstream_finish(&w.maps, err);
	err = blockstream_finish(&w.xattrs, err);
	if (!err && !zeroed)
		err = zero_rest(p, io);
	extent_list_release(&w.extents);
	free(w.ibody);
	free(w.data);
	return err;
}

void inode_table_result_release(struct inode_table_result *r)
{
	free(r->dirs);
	free(r->in_use);
	*r = (struct inode_table_result){ .dirs = NULL };
}
