// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of an entry, and its two growing lists.
 *
 * The lists carry no capacity: an array of n elements has room for n rounded
 * up to a power of two, so it grows exactly when n is one.
 */
#include "source/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

void entry_init(struct entry *e)
{
	memset(e, 0, sizeof(*e));
}

void entry_release(struct entry *e)
{
	size_t i;

	for (i = 0; i < e->n_xattrs; i++) {
		free(e->xattrs[i].name);
		free(e->xattrs[i].value);
	}
	free(e->xattrs);
	free(e->data);
	free(e->path);
	free(e->target);
	free(e->hardlink);
	origin_put(e->origin);
}

void entry_clear(struct entry *e)
{
	entry_release(e);
	entry_init(e);
}

/* Make room for one element of @size bytes after the @n of *@array. */
static errcode_t make_room(void *array, size_t n, size_t size)
{
	void **at = array;
	size_t bytes;
	void *p;

	if (n & (n - 1))
		return 0;
	if (__builtin_mul_overflow(n ? 2 * n : 1, size, &bytes))
		return ENOMEM;
	p = realloc(*at, bytes);
	if (!p)
		return ENOMEM;
	*at = p;
	return 0;
}

errcode_t entry_add_data(struct entry *e, uint64_t offset, uint64_t len,
			 uint64_t origin_offset)
{
	struct entry_data *last = e->n_data ? &e->data[e->n_data - 1] : NULL;
	errcode_t err;

	/* In this order no sum here or below can overflow. */
	if (len > INT64_MAX || offset > INT64_MAX - len ||
	    origin_offset > INT64_MAX - len ||
	    (last && offset < last->offset + last->len))
		return E4PACK_ET_BAD_ENTRY;
	if (!len)
		return 0;
	if (last && offset == last->offset + last->len &&
	    origin_offset == last->origin_offset + last->len) {
		last->len += len;
		return 0;
	}
	err = make_room(&e->data, e->n_data, sizeof(*e->data));
	if (err)
		return err;
	e->data[e->n_data++] = (struct entry_data){ offset, len,
						    origin_offset };
	return 0;
}

/* Where @name is among the attributes, or belongs; *@found tells which. */
static size_t xattr_place(const struct entry *e, const char *name,
			  bool *found)
{
	size_t low = 0, high = e->n_xattrs;

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = strcmp(e->xattrs[mid].name, name);

		if (!cmp) {
			*found = true;
			return mid;
		}
		if (cmp < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static errcode_t insert_xattr(struct entry *e, size_t at, const char *name,
			      uint8_t *value, size_t len)
{
	char *copy = strdup(name);

	if (!copy || make_room(&e->xattrs, e->n_xattrs, sizeof(*e->xattrs))) {
		free(copy);
		return ENOMEM;
	}
	memmove(e->xattrs + at + 1, e->xattrs + at,
		(e->n_xattrs - at) * sizeof(*e->xattrs));
	e->xattrs[at] = (struct entry_xattr){ copy, value, len };
	e->n_xattrs++;
	return 0;
}

errcode_t entry_add_xattr(struct entry *e, const char *name,
			  const void *value, size_t len)
{
	bool found;
	size_t at = xattr_place(e, name, &found);
	uint8_t *copy = NULL;
	errcode_t err = 0;

	if (len) {
		copy = malloc(len);
		if (!copy)
			return ENOMEM;
		memcpy(copy, value, len);
	}
	if (found) {
		free(e->xattrs[at].value);
		e->xattrs[at].value = copy;
		e->xattrs[at].len = len;
	} else {
		err = insert_xattr(e, at, name, copy, len);
	}
	if (err)
		free(copy);
	return err;
}
