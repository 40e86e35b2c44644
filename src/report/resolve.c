// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Paths of an image.  What is left of the path is a text from which names are
 * taken at the front; a link puts its target there.  The folders gone through
 * are kept as a stack, so that ".." needs nothing from the image.
 */
#include "report/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "image/format.h"
#include "image/read_link.h"
#include "image/read_name.h"
#include "report/walk.h"

enum { LINKS_MAX = 40, REST_MAX = 1 << 16 };

/* A step of the way: an inode, and where its path ends in the text. */
struct step {
	struct inode_info inode;
	size_t path_len;
};

struct resolver {
	struct image *img;
	const char *subject;	/* the path as it was given */
	char *rest;		/* what is to be resolved yet */
	size_t at;		/* bytes of @rest that are done */
	struct step *way;	/* the root first; the last is where we are */
	size_t n, cap;
	struct buf path;	/* of where we are; empty for the root */
	unsigned int links;	/* followed */
	unsigned int flags;	/* RESOLVE_* */
};

static errcode_t fail(const struct resolver *r, errcode_t code)
{
	if (r->flags & RESOLVE_QUIET)
		return code;
	return diag_error(image_diag(r->img), r->subject, code,
			  "not found in the image");
}

static errcode_t push(struct resolver *r, uint32_t ino)
{
	errcode_t err;

	if (array_reserve(&r->way, &r->cap, r->n + 1, sizeof(*r->way)))
		return diag_nomem(image_diag(r->img));
	err = read_inode(&r->way[r->n].inode, r->img, ino);
	if (err)
		return err;
	r->way[r->n++].path_len = r->path.len;
	return 0;
}

static void pop(struct resolver *r)
{
	if (r->n > 1)
		r->n--;
	r->path.len = r->way[r->n - 1].path_len;
}

/* Put the target of the link where we are before what is left. */
static errcode_t follow(struct resolver *r)
{
	const struct inode_info link = r->way[r->n - 1].inode;
	struct buf text = BUF_INIT;
	errcode_t err;

	if (++r->links > LINKS_MAX || strlen(r->rest + r->at) > REST_MAX)
		return fail(r, ELOOP);
	err = read_link(&text, r->img, &link);
	if (!err && (buf_add_str(&text, r->rest + r->at) || !buf_str(&text)))
		err = diag_nomem(image_diag(r->img));
	if (err) {
		buf_release(&text);
		return err;
	}
	free(r->rest);
	r->rest = buf_detach(&text);
	r->at = 0;
	if (!r->rest)
		return diag_nomem(image_diag(r->img));
	pop(r);
	while (r->rest[0] == '/' && r->n > 1)
		pop(r);
	return 0;
}

static errcode_t enter(struct resolver *r, const char *name, size_t len)
{
	errcode_t err;
	uint32_t ino = 0;

	if (!S_ISDIR(r->way[r->n - 1].inode.mode))
		return fail(r, ENOTDIR);
	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && !memcmp(name, "..", 2)) {
		pop(r);
		return 0;
	}
	err = read_name(&ino, r->img, &r->way[r->n - 1].inode, name, len);
	if (!err && !ino)
		err = fail(r, ENOENT);
	if (err)
		return err;
	if (buf_add(&r->path, "/", 1) || buf_add(&r->path, name, len))
		return diag_nomem(image_diag(r->img));
	return push(r, ino);
}

static errcode_t go_on(struct resolver *r)
{
	errcode_t err = 0;

	while (!err && r->rest[r->at]) {
		const char *name = r->rest + r->at;
		size_t len = strcspn(name, "/");

		r->at += len;
		if (len)
			err = enter(r, name, len);
		if (err || r->rest[r->at] != '/')
			continue;
		if (S_ISLNK(r->way[r->n - 1].inode.mode))
			err = follow(r);
		else if (!S_ISDIR(r->way[r->n - 1].inode.mode))
			err = fail(r, ENOTDIR);
		else
			r->at += strspn(r->rest + r->at, "/");
	}
	return err;
}

static errcode_t resolve(struct resolver *r)
{
	errcode_t err = push(r, FORMAT_ROOT_INO);

	if (!err)
		err = go_on(r);
	while (!err && (r->flags & RESOLVE_FOLLOW) &&
	       S_ISLNK(r->way[r->n - 1].inode.mode)) {
		err = follow(r);
		if (!err)
			err = go_on(r);
	}
	return err;
}

errcode_t resolve_path(struct inode_info *ret, struct buf *canonical,
		       struct image *img, const char *path)
{
	return resolve_path_flags(ret, canonical, img, path, 0);
}

errcode_t resolve_path_flags(struct inode_info *ret, struct buf *canonical,
			     struct image *img, const char *path,
			     unsigned int flags)
{
	struct resolver r = { .img = img, .subject = path, .flags = flags };
	errcode_t err = 0;

	r.rest = strdup(path);
	if (!r.rest)
		err = diag_nomem(image_diag(img));
	if (!err)
		err = resolve(&r);
	if (!err && canonical) {
		canonical->len = 0;
		if (buf_add(canonical, r.path.len ? r.path.data :
			    (const uint8_t *)"/", r.path.len ? r.path.len : 1))
			err = diag_nomem(image_diag(img));
	}
	if (!err)
		*ret = r.way[r.n - 1].inode;
	buf_release(&r.path);
	free(r.way);
	free(r.rest);
	return err;
}

struct search {
	const struct image *img;
	struct sought_path *list;
	size_t n, left;
};

static int by_ino(const void *key, const void *element)
{
	const struct sought_path *s = element;
	uint32_t ino = *(const uint32_t *)key;

	return (ino > s->ino) - (ino < s->ino);
}

static errcode_t note_path(void *arg, const struct walk_item *item)
{
	struct search *s = arg;
	struct sought_path *hit = bsearch(&item->inode->ino, s->list, s->n,
					  sizeof(*s->list), by_ino);

	if (!hit || hit->path)
		return 0;
	hit->path = strdup(item->path);
	if (!hit->path)
		return diag_nomem(image_diag(s->img));
	return --s->left ? 0 : WALK_STOP;
}

errcode_t resolve_inodes(struct sought_path *list, size_t n,
			 struct image *img)
{
	struct search s = { .img = img, .list = list, .n = n,
			    .left = n };
	const struct walk_visitor v = { .enter = note_path, .arg = &s };
	struct inode_info root;
	errcode_t err;

	if (n == 0)
		return 0;
	err = read_inode(&root, img, FORMAT_ROOT_INO);
	return err ? err : walk_tree(img, "/", &root, &v);
}
