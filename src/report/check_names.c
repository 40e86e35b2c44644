// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * No name is twice in a folder.  Of each name a hash of 64 bits is kept; two
 * that are equal, once sorted, make the folder be read again, and then the
 * names that have such a hash are compared byte by byte.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/errors.h"
#include "report/check_dir.h"

enum { TWICE_MAX = 4096 };	/* compared at once; more are not told */

/* A name with a hash that is there twice. */
struct dir_twice {
	uint8_t len;		/* 0: not seen yet */
	uint8_t name[FORMAT_NAME_MAX];
};

static uint64_t long_hash(const uint8_t *name, uint8_t len)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ name[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The second reading: compare with the first name of this hash. */
static void compare(struct dir_check *d, const uint8_t *name, uint8_t len)
{
	const uint64_t hash = long_hash(name, len);
	const uint64_t *at = bsearch(&hash, d->twice, d->n_twice,
				     sizeof(hash), by_value);
	struct dir_twice *seen;

	if (!at || !len)
		return;
	seen = &d->seen[at - d->twice];
	if (!seen->len) {
		seen->len = len;
		memcpy(seen->name, name, len);
	} else if (seen->len == len && !memcmp(seen->name, name, len)) {
		dir_fault(d, "a name is there a second time");
	}
}

errcode_t dir_note_name(struct dir_check *d, const uint8_t *name, uint8_t len)
{
	if (d->twice) {
		compare(d, name, len);
		return 0;
	}
	if (array_reserve(&d->names, &d->cap_names, d->n_names + 1,
			  sizeof(*d->names)))
		return diag_nomem(image_diag(d->check->img));
	d->names[d->n_names++] = long_hash(name, len);
	return 0;
}

errcode_t dir_find_twice(struct dir_check *d,
			 errcode_t (*again)(struct dir_check *))
{
	size_t i, n = 0;
	errcode_t err;

	if (d->n_names < 2)
		return 0;
	qsort(d->names, d->n_names, sizeof(*d->names), by_value);
	for (i = 1; i < d->n_names; i++)
		if (n < TWICE_MAX && d->names[i] == d->names[i - 1] &&
		    (!n || d->names[n - 1] != d->names[i]))
			d->names[n++] = d->names[i];
	if (!n)
		return 0;
	d->seen = calloc(n, sizeof(*d->seen));
	if (!d->seen)
		return diag_nomem(image_diag(d->check->img));
	d->twice = d->names;
	d->n_twice = n;
	err = again(d);
	free(d->seen);
	return err;
}
