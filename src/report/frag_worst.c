// SPDX-License-Identifier: GPL-2.0-or-later
/* A heap of bounded size: O(n log max) for n files. */
#include "report/frag_worst.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

void frag_worst_release(struct frag_worst *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		free(w->files[i].path);
	free(w->files);
	w->files = NULL;
	w->n = w->cap = 0;
}

/* Negative where @a is the worse one. */
static int by_excess(const void *a, const void *b)
{
	const struct frag_file *x = a, *y = b;
	uint64_t p = frag_counts_excess(&x->counts);
	uint64_t q = frag_counts_excess(&y->counts);

	if (p != q)
		return p > q ? -1 : 1;
	return (x->ino > y->ino) - (x->ino < y->ino);
}

static int by_ino(const void *a, const void *b)
{
	const struct frag_file *x = a, *y = b;

	return (x->ino > y->ino) - (x->ino < y->ino);
}

static void swap(struct frag_file *a, struct frag_file *b)
{
	struct frag_file t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct frag_file *f, size_t i)
{
	while (i && by_excess(&f[i], &f[(i - 1) / 2]) > 0) {
		swap(&f[i], &f[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

static void sift_down(struct frag_file *f, size_t n)
{
	size_t i = 0, least;

	for (;; i = least) {
		size_t child = 2 * i + 1;

		least = i;
		if (child < n && by_excess(&f[child], &f[least]) > 0)
			least = child;
		if (child + 1 < n && by_excess(&f[child + 1], &f[least]) > 0)
			least = child + 1;
		if (least == i)
			return;
		swap(&f[i], &f[least]);
	}
}

errcode_t frag_worst_add(struct frag_worst *w, const struct frag_file *f)
{
	errcode_t err;

	if (w->max == 0)
		return 0;
	if (w->n == w->max) {
		if (by_excess(f, &w->files[0]) > 0)
			return 0;
		w->files[0] = *f;
		sift_down(w->files, w->n);
		return 0;
	}
	err = array_reserve(&w->files, &w->cap, w->n + 1, sizeof(*w->files));
	if (err)
		return err;
	w->files[w->n] = *f;
	sift_up(w->files, w->n++);
	return 0;
}

void frag_worst_sort(struct frag_worst *w)
{
	if (w->n)
		qsort(w->files, w->n, sizeof(*w->files), by_excess);
}

void frag_worst_sort_by_ino(struct frag_worst *w)
{
	if (w->n)
		qsort(w->files, w->n, sizeof(*w->files), by_ino);
}
