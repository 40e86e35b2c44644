// SPDX-License-Identifier: GPL-2.0-or-later
/* What objects are made of, as far as every place for them needs it. */
#include "report/extract_object.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "image/read_xattr.h"

errcode_t extract_error(const struct extract_state *s, const char *path,
			errcode_t code, const char *what)
{
	struct buf subject = BUF_INIT;
	errcode_t err = buf_add_str(&subject, s->where);

	if (!err && *path)
		err = buf_add(&subject, "/", 1);
	if (!err)
		err = buf_add_str(&subject, path);
	if (!err && buf_str(&subject))
		diag_error(image_diag(s->img), buf_str(&subject), code, "%s",
			   what);
	else
		diag_nomem(image_diag(s->img));
	buf_release(&subject);
	return code;
}

errcode_t extract_pass(struct extract_state *s, errcode_t err)
{
	if (err != E4PACK_ET_BAD_IMAGE)
		return err;
	s->damaged = true;
	return 0;
}

struct collector {
	struct object_xattrs *list;
	struct extract_state *state;
	const struct inode_info *inode;
};

/* Make the name and a copy of the value of @e. */
static errcode_t copy(struct object_xattr *x, const char *prefix,
		      const struct xattr *e)
{
	const size_t n = strlen(prefix);

	x->index = e->index;
	x->len = e->value_len;
	x->name = malloc(n + e->name_len + 1);
	x->value = malloc(x->len + 1);
	if (!x->name || !x->value) {
		free(x->name);
		free(x->value);
		return ENOMEM;
	}
	memcpy(x->name, prefix, n);
	memcpy(x->name + n, e->name, e->name_len);
	x->name[n + e->name_len] = '\0';
	memcpy(x->value, e->value, x->len);
	return 0;
}

static errcode_t collect(void *arg, const struct xattr_entry *e,
			 bool in_block)
{
	const struct collector *c = arg;
	struct object_xattrs *list = c->list;
	const char *prefix = xattr_prefix(e->x.index);

	(void)in_block;
	/* An encryption context has no name that anybody could set. */
	if (!prefix)
		return 0;
	if (memchr(e->x.name, '\0', e->x.name_len) ||
	    (e->x.name_len == 0 && prefix[strlen(prefix) - 1] == '.')) {
		image_bad(c->state->img, "inode %u: the name of an attribute "
			  "is none", c->inode->ino);
		c->state->damaged = true;
		return 0;
	}
	if (array_reserve(&list->x, &list->cap, list->n + 1,
			  sizeof(*list->x)) ||
	    copy(&list->x[list->n], prefix, &e->x))
		return diag_nomem(image_diag(c->state->img));
	list->n++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct object_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

errcode_t object_xattrs_read(struct object_xattrs *list,
			     struct extract_state *s,
			     const struct inode_info *i)
{
	struct collector c = { .list = list, .state = s, .inode = i };
	errcode_t err = read_xattrs(s->img, i, collect, &c);

	if (list->n > 1)
		qsort(list->x, list->n, sizeof(*list->x), by_name);
	return extract_pass(s, err);
}

void object_xattrs_release(struct object_xattrs *list)
{
	while (list->n) {
		struct object_xattr *x = &list->x[--list->n];

		free(x->name);
		free(x->value);
	}
	free(list->x);
	memset(list, 0, sizeof(*list));
}

uint32_t object_flags(const struct inode_info *i)
{
	return i->flags & (FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL |
			   FS_NOATIME_FL | FS_SYNC_FL | FS_DIRSYNC_FL |
			   FS_TOPDIR_FL);
}
