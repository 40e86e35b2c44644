// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An image against its sources: these are staged as create stages them, with
 * its options, into a tree that nothing is placed for; then the tree and the
 * image's folders are gone through side by side, names in byte order.  Contents
 * are gathered and compared a batch at a time.
 *
 * A staged inode remembers the number of the first inode it was met with: its
 * further names have to lead there.  Their counts of links being equal, no
 * other name does.
 */
#include "pack/compare.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/errors.h"
#include "image/read_dir.h"
#include "image/read_link.h"
#include "image/read_xattr.h"
#include "pack/build.h"
#include "pack/compare_content.h"
#include "pack/create.h"
#include "pack/workers.h"
#include "tree/node.h"
#include "tree/stage.h"

enum { BATCH_FILES = 4096, BATCH_BYTES = 64 << 20, DIFFERENCE_LEN = 160 };

/* A name in a folder of the image. */
struct image_name {
	const char *name;
	uint8_t len;
	uint32_t ino;
};

struct folder_pair {
	struct node *node;
	struct inode_info info;
};

struct compare {
	const struct compare_options *o;
	struct image *img;
	struct build build;
	struct folder_pair *todo;	/* folders that both have */
	size_t n_todo, cap_todo;
	struct content_batch batch;
	uint64_t entries;

	struct arena arena;		/* names of one folder */
	struct image_name *names;
	size_t n_names, cap_names;
};

static errcode_t differs(struct compare *c, const char *path,
			 const char *what)
{
	return c->o->differs(c->o->arg, path, what);
}

/* Tell of @n, or of what the image has under @name in folder @n. */
static errcode_t node_differs(struct compare *c, const struct node *n,
			      const struct image_name *name, const char *what)
{
	char *folder = tree_path(n), *path = NULL;
	errcode_t err;

	if (!folder || asprintf(&path, "%s%s%s%.*s", *folder ? "/" : "",
				folder, name || !*folder ? "/" : "",
				name ? name->len : 0,
				name ? name->name : "") < 0)
		err = diag_nomem(c->o->diag);
	else
		err = differs(c, path, what);
	free(path);
	free(folder);
	return err;
}

static errcode_t add_name(void *arg, const struct dir_item *item)
{
	struct compare *c = arg;
	const char *name;

	if (dir_item_is_dot(item))
		return 0;
	name = arena_dup(&c->arena, item->name, item->len);
	if (!name || array_reserve(&c->names, &c->cap_names, c->n_names + 1,
				   sizeof(*c->names)))
		return diag_nomem(c->o->diag);
	c->names[c->n_names++] = (struct image_name){
		.name = name, .len = item->len, .ino = item->ino };
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct image_name *x = a, *y = b;

	return names_cmp(x->name, x->len, y->name, y->len);
}

struct xattr_gather {
	const struct xattr_set *set;
	uint32_t n;		/* found */
	bool differ;
};

static errcode_t match_xattr(void *arg, const struct xattr_entry *e,
			     bool in_block)
{
	struct xattr_gather *g = arg;
	uint32_t i;

	(void)in_block;
	g->n++;
	for (i = 0; g->set && i < g->set->n; i++) {
		const struct xattr *x = &g->set->entries[i];

		if (x->index == e->x.index && x->name_len == e->x.name_len &&
		    !memcmp(x->name, e->x.name, x->name_len)) {
			g->differ |= x->value_len != e->x.value_len ||
				     memcmp(x->value, e->x.value,
					    x->value_len);
			return 0;
		}
	}
	g->differ = true;
	return 0;
}

static errcode_t compare_xattrs(struct compare *c, const struct tree_inode *t,
				const struct inode_info *i, char *what)
{
	struct xattr_gather g = { .set = t->xattrs };
	errcode_t err = read_xattrs(c->img, i, match_xattr, &g);

	if (!err && (g.differ || g.n != (t->xattrs ? t->xattrs->n : 0)))
		snprintf(what, DIFFERENCE_LEN, "its extended attributes "
			 "differ");
	return err;
}

static errcode_t compare_link(struct compare *c, const struct tree_inode *t,
			      const struct inode_info *i, char *what)
{
	struct buf target = BUF_INIT;
	errcode_t err = read_link(&target, c->img, i);

	if (!err && (target.len != t->link.len ||
		     memcmp(target.data, t->link.target, target.len)))
		snprintf(what, DIFFERENCE_LEN, "it links elsewhere");
	buf_release(&target);
	return err;
}

static void compare_device(const struct tree_inode *t,
			   const struct inode_info *i, char *what)
{
	uint8_t i_block[60];

	inode_set_device(i_block, t->dev.major, t->dev.minor);
	if (memcmp(i_block, i->i_block, 8))
		snprintf(what, DIFFERENCE_LEN, "the source is device %u:%u",
			 t->dev.major, t->dev.minor);
}

/* Put the first of the attributes that differ into @what. */
static void compare_attributes(const struct compare *c,
			       const struct tree_inode *t,
			       const struct inode_info *i, char *what)
{
	const struct timestamp m = inode_time_clamp(&c->build.plan.format,
						    tree_time(t, INODE_MTIME));
	const struct timestamp *n = &i->times[INODE_MTIME];
	const uint32_t links = S_ISDIR(t->mode) && t->links > FORMAT_LINK_MAX ?
			       1 : t->links;

	if ((t->mode & S_IFMT) != (i->mode & S_IFMT))
		snprintf(what, DIFFERENCE_LEN, "it is of another type");
	else if (t->mode != i->mode)
		snprintf(what, DIFFERENCE_LEN, "its mode is %04o, of the "
			 "source %04o", i->mode & 07777, t->mode & 07777);
	else if (t->uid != i->uid || t->gid != i->gid)
		snprintf(what, DIFFERENCE_LEN, "its owner is %u:%u, of the "
			 "source %u:%u", i->uid, i->gid, t->uid, t->gid);
	else if (m.sec != n->sec || m.nsec != n->nsec)
		snprintf(what, DIFFERENCE_LEN, "its mtime is %" PRId64
			 ".%09u, of the source %" PRId64 ".%09u",
			 n->sec, n->nsec, m.sec, m.nsec);
	else if (links != i->links)
		snprintf(what, DIFFERENCE_LEN, "it has %u links, the source "
			 "%u", i->links, links);
	else if (stage_flags(t->mode, i->flags) != t->fs_flags)
		snprintf(what, DIFFERENCE_LEN, "its flags are 0x%x, of the "
			 "source 0x%x", stage_flags(t->mode, i->flags),
			 t->fs_flags);
	else if (S_ISREG(t->mode) && t->file.size != i->size)
		snprintf(what, DIFFERENCE_LEN, "its size is %" PRIu64 ", of "
			 "the source %" PRIu64, i->size, t->file.size);
}

/* Compare the contents that were gathered. */
static errcode_t flush_batch(struct compare *c)
{
	struct content_batch *b = &c->batch;
	const unsigned int n = worker_count(c->o->build);
	char what[DIFFERENCE_LEN];
	errcode_t err = content_batch_compare(b, c->img, n, c->o->diag);
	size_t i;

	for (i = 0; !err && i < b->n; i++) {
		if (!b->items[i].differs)
			continue;
		snprintf(what, sizeof(what), "its bytes differ from %" PRIu64
			 " on", b->items[i].at);
		err = node_differs(c, b->items[i].node, NULL, what);
	}
	content_batch_clear(b);
	return err;
}

/* Compare what is particular to the type; put a difference into @what. */
static errcode_t compare_kind(struct compare *c, struct node *n,
			      const struct inode_info *i, char *what)
{
	struct tree_inode *t = n->inode;

	switch (t->mode & S_IFMT) {
	case S_IFLNK:
		return compare_link(c, t, i, what);
	case S_IFCHR:
	case S_IFBLK:
		compare_device(t, i, what);
		return 0;
	case S_IFREG:
		return content_batch_add(&c->batch, c->img, i, n, &t->file);
	default:
		return 0;
	}
}

static errcode_t add_folder(struct compare *c, struct node *n,
			    const struct inode_info *i)
{
	if (array_reserve(&c->todo, &c->cap_todo, c->n_todo + 1,
			  sizeof(*c->todo)))
		return diag_nomem(c->o->diag);
	c->todo[c->n_todo++] = (struct folder_pair){ .node = n, .info = *i };
	return 0;
}

static bool is_damage(errcode_t err)
{
	return err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_UNSUPPORTED;
}

static errcode_t compare_node(struct compare *c, struct node *n, uint32_t ino)
{
	struct tree_inode *t = n->inode;
	char what[DIFFERENCE_LEN] = "";
	struct inode_info i;
	errcode_t err;

	c->entries++;
	if (t->ino)
		return t->ino == ino ? 0 : node_differs(c, n, NULL,
				"it is not the same file as another name");
	t->ino = ino;
	err = read_inode(&i, c->img, ino);
	if (!err)
		compare_attributes(c, t, &i, what);
	if (!err && !*what)
		err = compare_xattrs(c, t, &i, what);
	if (!err && !*what)
		err = compare_kind(c, n, &i, what);
	if (is_damage(err)) {
		snprintf(what, sizeof(what), "it cannot be read");
		err = 0;
	}
	if (!err && *what)
		err = node_differs(c, n, NULL, what);
	if (!err && S_ISDIR(t->mode) && S_ISDIR(i.mode))
		err = add_folder(c, n, &i);
	if (!err && (c->batch.n >= BATCH_FILES ||
		     c->batch.bytes >= BATCH_BYTES))
		err = flush_batch(c);
	return err;
}

/* Go through the names of a folder that both have. */
static errcode_t compare_folder(struct compare *c, struct folder_pair *f)
{
	struct names_cursor names = names_begin(&f->node->inode->dir.children);
	struct node *n = names_next(&names);
	size_t at = 0;
	int order;
	errcode_t err;

	c->n_names = 0;
	arena_init(&c->arena);
	err = read_dir(c->img, &f->info, add_name, c);
	if (is_damage(err))
		err = node_differs(c, f->node, NULL,
				   "not all of it can be read");
	if (c->n_names)
		qsort(c->names, c->n_names, sizeof(*c->names), by_name);
	while (!err && (n || at < c->n_names)) {
		const struct image_name *x = at < c->n_names ? &c->names[at] :
							       NULL;

		order = !n ? 1 : !x ? -1 :
			names_cmp(n->name, n->name_len, x->name, x->len);
		if (order > 0)
			err = node_differs(c, f->node, x,
					   "it is in no source");
		else if (order < 0)
			err = node_differs(c, n, NULL,
					   "it is not in the image");
		else
			err = compare_node(c, n, x->ino);
		at += order >= 0;
		if (order <= 0)
			n = names_next(&names);
	}
	arena_release(&c->arena);
	return err;
}

static errcode_t compare_tree(struct compare *c)
{
	struct folder_pair f;
	errcode_t err = compare_node(c, c->build.tree.root, FORMAT_ROOT_INO);

	while (!err && c->n_todo) {
		f = c->todo[--c->n_todo];
		err = progress_check(c->o->progress);
		if (!err)
			err = compare_folder(c, &f);
	}
	return err ? err : flush_batch(c);
}

/* The options of create, without what decides on the image only. */
static void settle(struct e4pack_options *o, const struct compare_options *co,
		   const struct image *img)
{
	*o = *co->build;
	o->block_size = image_geometry(img)->block_size;
	o->inode_size = image_geometry(img)->inode_size;
	o->size = (struct e4pack_size){ .kind = E4PACK_SIZE_DEFAULT };
	o->features = NULL;
	o->cluster_size = 0;
	o->dirty_limit = 0;
	o->nodelalloc = false;
	o->allocator = E4PACK_BEST_FIT;
	o->order_file = NULL;
	o->trace_file = NULL;
	o->made = NULL;
}

errcode_t pack_compare(struct image *img, const struct compare_options *o,
		       uint64_t *entries)
{
	struct e4pack_options options;
	struct source_list l = { o->sources, o->n };
	const struct build_stager stager = { .stage = create_stage,
					     .arg = &l };
	struct compare c = {
		.o = o, .img = img,
		.build = { .options = &options, .diag = o->diag,
			   .progress = o->progress,
			   .plan = { .diag = o->diag,
				     .progress = o->progress,
				     .options = &options } },
	};
	errcode_t err;

	settle(&options, o, img);
	err = build_tree(&c.build, &stager);
	progress_begin(o->progress, "compare", 0);
	if (!err)
		err = compare_tree(&c);
	*entries = c.entries;
	content_batch_release(&c.batch);
	free(c.todo);
	free(c.names);
	build_release(&c.build);
	return err;
}
