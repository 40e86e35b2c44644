// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading a folder whole and sorting it, so that its order on the host does
 * not matter. */
#include "source/dir_names.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 64 * 1024 };	/* by one call */

static errcode_t add_names(struct buf *names, const char *data, size_t len)
{
	errcode_t err = 0;
	size_t at;

	for (at = 0; !err && at < len;) {
		const struct dirent64 *d = (const void *)(data + at);

		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			err = buf_add(names, d->d_name,
				      strlen(d->d_name) + 1);
		at += d->d_reclen;
	}
	return err;
}

/* Append the names in the folder @fd to @names.  Return: 0 or an errno. */
static errcode_t read_names(struct buf *names, int fd)
{
	char *data = malloc(READ_BYTES);
	errcode_t err = data ? 0 : ENOMEM;

	while (!err) {
		ssize_t n = getdents64(fd, data, READ_BYTES);

		if (n == 0)
			break;
		if (n > 0)
			err = add_names(names, data, n);
		else if (errno != EINTR)
			err = errno;
	}
	free(data);
	return err;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A folder that changes while it is read may show a name twice. */
static void drop_twins(struct dir_names *d)
{
	size_t i, kept = 0;

	for (i = 0; i < d->n; i++)
		if (!kept || strcmp(d->sorted[i], d->sorted[kept - 1]))
			d->sorted[kept++] = d->sorted[i];
	d->n = kept;
}

static errcode_t sort_names(struct dir_names *d)
{
	const char *p = (const char *)d->bytes.data;
	const char *end = p + d->bytes.len;
	size_t cap = 0;
	errcode_t err = 0;

	for (; !err && p < end; p += strlen(p) + 1) {
		err = array_reserve(&d->sorted, &cap, d->n + 1,
				    sizeof(*d->sorted));
		if (!err)
			d->sorted[d->n++] = p;
	}
	if (!err && d->n) {
		qsort(d->sorted, d->n, sizeof(*d->sorted), name_cmp);
		drop_twins(d);
	}
	return err;
}

errcode_t dir_names_read(struct dir_names *d, int fd)
{
	errcode_t err = read_names(&d->bytes, fd);

	return err ? err : sort_names(d);
}

void dir_names_release(struct dir_names *d)
{
	free(d->sorted);
	buf_release(&d->bytes);
}
