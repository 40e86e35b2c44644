/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of an image's tree that paths and globs choose: what they name and
 * all below it. */
#ifndef E4PACK_REPORT_SELECTION_H
#define E4PACK_REPORT_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "image/image.h"

/* Zero it, or selection_release(). */
struct selection {
	char **paths;		/* canonical, sorted by bytes, without "/" */
	size_t n, cap;
	bool all;		/* the root is chosen */
};

enum selected {
	SELECTED_NOT,
	SELECTED_ABOVE,		/* a folder on the way to what is chosen */
	SELECTED_WHOLE,
};

/* Look @n paths up; none choose everything.  Links on the way are followed,
 * so that what is chosen has its own place in the tree.  Reports.
 * Return: 0, or as glob_path(). */
errcode_t selection_init(struct selection *s, struct image *img,
			 const char *const *paths, size_t n);
void selection_release(struct selection *s);

/* What is to be done with the canonical @path of @len bytes.
 * Return: an enum selected. */
enum selected selection_of(const struct selection *s, const char *path,
			   size_t len);

#endif
