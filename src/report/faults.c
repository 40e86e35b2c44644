// SPDX-License-Identifier: GPL-2.0-or-later
/* Faults: gathered, given their paths, and put out. */
#include "report/faults.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/errors.h"
#include "report/resolve.h"

void faults_init(struct faults *f, struct emit *out, bool json)
{
	memset(f, 0, sizeof(*f));
	f->out = out;
	f->json = json;
}

static void drop(struct faults *f)
{
	while (f->n)
		free(f->kept[--f->n].text);
	free(f->kept);
	f->kept = NULL;
	f->cap = 0;
}

void faults_release(struct faults *f)
{
	drop(f);
}

static void tell_json(struct emit *out, const struct fault *x,
		      const char *path)
{
	json_t *doc = json_object();
	errcode_t err = doc ? 0 : ENOMEM;

	if (!err && json_object_set_new(doc, "fault", json_string(x->text)))
		err = ENOMEM;
	if (!err && x->place != FAULT_IMAGE &&
	    json_object_set_new(doc, x->place == FAULT_GROUP ? "group" :
				"inode", json_integer(x->number)))
		err = ENOMEM;
	if (!err && path)
		err = emit_json_name(doc, "path", path, strlen(path));
	if (err) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}

static void tell_text(struct emit *out, const struct fault *x,
		      const char *path)
{
	char *shown = path ? diag_escape(path) : NULL;

	if (shown)
		emit_text(out, "%s (inode %u): %s\n", shown, x->number,
			  x->text);
	else if (x->place == FAULT_INODE)
		emit_text(out, "inode %u: %s\n", x->number, x->text);
	else if (x->place == FAULT_GROUP)
		emit_text(out, "group %u: %s\n", x->number, x->text);
	else
		emit_text(out, "%s\n", x->text);
	free(shown);
}

static void tell(struct faults *f, const struct fault *x, const char *path)
{
	if (f->json)
		tell_json(f->out, x, path);
	else
		tell_text(f->out, x, path);
}

__attribute__((format(printf, 4, 0)))
static void add(struct faults *f, enum fault_place place, uint32_t number,
		const char *fmt, va_list ap)
{
	struct fault x = { .place = place, .number = number };

	f->told++;
	if (vasprintf(&x.text, fmt, ap) < 0) {
		f->err = ENOMEM;
		return;
	}
	if (f->n >= FAULTS_KEPT || f->passing) {
		tell(f, &x, NULL);
		free(x.text);
	} else if (array_reserve(&f->kept, &f->cap, f->n + 1,
				 sizeof(*f->kept))) {
		f->err = ENOMEM;
		free(x.text);
	} else {
		f->kept[f->n++] = x;
	}
}

void fault_image(struct faults *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, FAULT_IMAGE, 0, fmt, ap);
	va_end(ap);
}

void fault_group(struct faults *f, uint32_t group, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, FAULT_GROUP, group, fmt, ap);
	va_end(ap);
}

void fault_inode(struct faults *f, uint32_t ino, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(f, FAULT_INODE, ino, fmt, ap);
	va_end(ap);
}

static int by_ino(const void *a, const void *b)
{
	const struct sought_path *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

/* The inodes that have faults and may have a path, each once, ascending. */
static size_t list_inodes(struct sought_path *list, const struct faults *f,
			  const struct image_geometry *geo)
{
	size_t i, n = 0, unique = 0;

	for (i = 0; i < f->n; i++)
		if (f->kept[i].place == FAULT_INODE && f->kept[i].number &&
		    f->kept[i].number <= geo->inodes)
			list[n++].ino = f->kept[i].number;
	qsort(list, n, sizeof(*list), by_ino);
	for (i = 0; i < n; i++)
		if (!unique || list[unique - 1].ino != list[i].ino)
			list[unique++].ino = list[i].ino;
	return unique;
}

static const char *path_of(const struct sought_path *list, size_t n,
			   const struct fault *x)
{
	const struct sought_path key = { .ino = x->number };
	const struct sought_path *found;

	if (x->place != FAULT_INODE || !n)
		return NULL;
	found = bsearch(&key, list, n, sizeof(*list), by_ino);
	return found ? found->path : NULL;
}

errcode_t faults_tell(struct faults *f, struct image *img)
{
	struct sought_path *list = calloc(f->n + 1, sizeof(*list));
	errcode_t err = list ? f->err : ENOMEM;
	size_t i, n = 0;

	if (!err && img && f->n) {
		n = list_inodes(list, f, image_geometry(img));
		err = n ? resolve_inodes(list, n, img) : 0;
		/* A damaged tree is what all this is about. */
		if (err == E4PACK_ET_BAD_IMAGE)
			err = 0;
	}
	for (i = 0; !err && i < f->n; i++)
		tell(f, &f->kept[i], path_of(list, n, &f->kept[i]));
	for (i = 0; i < n; i++)
		free(list[i].path);
	free(list);
	f->passing = true;
	drop(f);
	return err;
}
