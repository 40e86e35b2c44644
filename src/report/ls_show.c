// SPDX-License-Identifier: GPL-2.0-or-later
/* How ls looks: lines for people, exact paths, or JSON. */
#include "report/ls.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file_row.h"
#include "base/file_type.h"

enum { SIZE_LEN = 32 };

/* Columns, as wide as the widest figure of a listing. */
struct widths {
	int ino, links, uid, gid, size;
};

static void put_escaped(struct emit *out, const char *bytes, size_t len)
{
	char *safe = diag_escape_bytes(bytes, len);

	if (safe)
		emit_bytes(out, safe, strlen(safe));
	else
		emit_json(out, NULL);
	free(safe);
}

static int digits(uint64_t n)
{
	int count = 1;

	for (; n > 9; n /= 10)
		count++;
	return count;
}

static void widen(int *width, int to)
{
	if (to > *width)
		*width = to;
}

/* The size, or the numbers of a device.  Return: its columns. */
static int size_text(char out[SIZE_LEN], const struct listed *item)
{
	if (S_ISCHR(item->mode) || S_ISBLK(item->mode))
		return snprintf(out, SIZE_LEN, "%u, %u", item->major,
				item->minor);
	return snprintf(out, SIZE_LEN, "%" PRIu64, item->size);
}

static struct widths measure(const struct listing *l)
{
	struct widths w = { 1, 1, 1, 1, 1 };
	char size[SIZE_LEN];
	size_t k;

	for (k = 0; k < l->n; k++) {
		const struct listed *item = &l->items[k];

		widen(&w.ino, digits(item->ino));
		widen(&w.links, digits(item->links));
		widen(&w.uid, digits(item->uid));
		widen(&w.gid, digits(item->gid));
		widen(&w.size, size_text(size, item));
	}
	return w;
}

static void put_attributes(struct emit *out, const struct listed *item,
			   const struct widths *w)
{
	char mode[FILE_MODE_LEN], size[SIZE_LEN], date[TIMESTAMP_TEXT_LEN];

	if (!item->known) {
		emit_text(out, "?????????? %*s %*s %*s %*s %16s ", w->links,
			  "?", w->uid, "?", w->gid, "?", w->size, "?", "?");
		return;
	}
	size_text(size, item);
	emit_text(out, "%s %*u %*u %*u %*s %s ",
		  file_mode_text(mode, item->mode), w->links, item->links,
		  w->uid, item->uid, w->gid, item->gid, w->size, size,
		  timestamp_text(date, item->mtime, false));
}

static void put_target(struct emit *out, const struct listed *item, bool nul)
{
	if (!item->known || !S_ISLNK(item->mode))
		return;
	emit_text(out, " -> ");
	if (!item->target)
		emit_text(out, "?");
	else if (nul)
		emit_bytes(out, item->target, item->target_len);
	else
		put_escaped(out, item->target, item->target_len);
}

static void put_line(struct emit *out, const struct listed *item,
		     const char *path, size_t path_len,
		     const struct ls_options *o, const struct widths *w)
{
	if (o->inodes)
		emit_text(out, "%*u ", w->ino, item->ino);
	if (o->attributes)
		put_attributes(out, item, w);
	if (!o->nul) {
		put_escaped(out, item->name, item->len);
	} else {
		if (path) {
			emit_bytes(out, path, path_len);
			emit_bytes(out, "/", 1);
		}
		emit_bytes(out, item->name, item->len);
	}
	if (o->attributes)
		put_target(out, item, o->nul);
	emit_bytes(out, o->nul ? "" : "\n", 1);
}

static void put_json(struct emit *out, const struct listed *item,
		     const char *path, size_t path_len, struct buf *name)
{
	struct file_row row = {
		.ino = item->ino, .mode = item->mode, .uid = item->uid,
		.gid = item->gid, .links = item->links, .size = item->size,
		.mtime = item->mtime, .target = item->target,
		.target_len = item->target_len,
	};

	name->len = 0;
	if ((path && (buf_add(name, path, path_len) ||
		      buf_add(name, "/", 1))) ||
	    buf_add(name, item->name, item->len)) {
		emit_json(out, NULL);
		return;
	}
	row.path = (const char *)name->data;
	row.path_len = name->len;
	emit_json(out, file_row_json(&row));
}

errcode_t ls_show(const struct listing *l, const char *path, size_t path_len,
		  const struct ls_options *options, struct emit *out)
{
	const struct widths w = measure(l);
	struct buf name = BUF_INIT;
	size_t k;

	for (k = 0; !out->err && k < l->n; k++) {
		if (options->json)
			put_json(out, &l->items[k], path, path_len, &name);
		else
			put_line(out, &l->items[k], path, path_len, options,
				 &w);
	}
	buf_release(&name);
	return out->err;
}

void ls_show_heading(const char *path, size_t len, bool first,
		     struct emit *out)
{
	if (!first)
		emit_text(out, "\n");
	put_escaped(out, len ? path : "/", len ? len : 1);
	emit_text(out, ":\n");
}
