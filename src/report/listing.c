// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a folder whole, then sorts: linear but for the sorting. */
#include "report/listing.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/errors.h"
#include "image/read_dir.h"
#include "image/read_link.h"

enum { FT_UNKNOWN = 0, FT_DIR = 2 };	/* types in entries */

struct lister {
	struct listing *l;
	struct image *img;
	bool untyped;	/* entries do not say what is a folder */
};

void listing_init(struct listing *l)
{
	memset(l, 0, sizeof(*l));
	arena_init(&l->text);
}

void listing_release(struct listing *l)
{
	arena_release(&l->text);
	free(l->items);
	listing_init(l);
}

/* Copy @name into a new item at the end; NULL without memory. */
static struct listed *new_item(struct listing *l, const char *name,
			       size_t len)
{
	struct listed *item;

	if (array_reserve(&l->items, &l->cap, l->n + 1, sizeof(*l->items)))
		return NULL;
	item = &l->items[l->n];
	memset(item, 0, sizeof(*item));
	item->name = arena_dup(&l->text, name, len);
	item->len = len;
	if (!item->name)
		return NULL;
	l->n++;
	return item;
}

static errcode_t take_name(void *arg, const struct dir_item *d)
{
	struct lister *r = arg;
	struct listed *item;

	if (dir_item_is_dot(d))
		return 0;
	item = new_item(r->l, d->name, d->len);
	if (!item)
		return diag_nomem(image_diag(r->img));
	item->ino = d->ino;
	item->folder = d->file_type == FT_DIR;
	r->untyped |= d->file_type == FT_UNKNOWN;
	return 0;
}

/* Targets that are encrypted cannot be shown, which is no damage. */
static errcode_t fill_target(struct listing *l, struct listed *item,
			     struct image *img, const struct inode_info *i)
{
	struct buf target = BUF_INIT;
	errcode_t err;

	if (!S_ISLNK(i->mode) || (i->flags & INODE_FLAG_ENCRYPT))
		return 0;
	err = read_link(&target, img, i);
	if (!err) {
		item->target = arena_dup(&l->text, target.data, target.len);
		item->target_len = target.len;
		if (!item->target)
			err = diag_nomem(image_diag(img));
	}
	buf_release(&target);
	return err;
}

static errcode_t fill(struct listing *l, struct listed *item,
		      struct image *img, const struct inode_info *i)
{
	item->known = true;
	item->ino = i->ino;
	item->folder = S_ISDIR(i->mode);
	item->mode = i->mode;
	item->uid = i->uid;
	item->gid = i->gid;
	item->links = i->links;
	item->size = i->size;
	item->mtime = i->times[INODE_MTIME];
	if (S_ISCHR(i->mode) || S_ISBLK(i->mode))
		inode_get_device(i->i_block, &item->major, &item->minor);
	return fill_target(l, item, img, i);
}

errcode_t listing_add(struct listing *l, struct image *img, const char *name,
		      size_t len, const struct inode_info *i)
{
	struct listed *item = new_item(l, name, len);

	if (!item)
		return diag_nomem(image_diag(img));
	return fill(l, item, img, i);
}

static int by_ino(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static int by_name(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	int order = memcmp(x->name, y->name, x->len < y->len ? x->len :
			   y->len);

	if (order)
		return order;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return by_ino(a, b);
}

void listing_sort(struct listing *l)
{
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_name);
}

static errcode_t fill_all(struct listing *l, struct image *img)
{
	bool damaged = false;
	struct inode_info i;
	errcode_t err = 0;
	size_t k;

	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_ino);
	for (k = 0; !err && k < l->n; k++) {
		err = read_inode(&i, img, l->items[k].ino);
		if (!err)
			err = fill(l, &l->items[k], img, &i);
		if (err == E4PACK_ET_BAD_IMAGE) {
			damaged = true;
			err = 0;
		}
	}
	return !err && damaged ? E4PACK_ET_BAD_IMAGE : err;
}

errcode_t listing_read(struct listing *l, struct image *img,
		       const struct inode_info *folder, bool with_inodes)
{
	struct lister r = { .l = l, .img = img };
	errcode_t err = read_dir(img, folder, take_name, &r), more = 0;

	if (err && err != E4PACK_ET_BAD_IMAGE)
		return err;
	if (with_inodes || r.untyped)
		more = fill_all(l, img);
	listing_sort(l);
	return more ? more : err;
}
