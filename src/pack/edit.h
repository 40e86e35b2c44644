/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story of an edit of an image that is there. */
#ifndef E4PACK_PACK_EDIT_H
#define E4PACK_PACK_EDIT_H

#include "pack/build.h"

/* Stage with @stager on the image @path, and carry out what came of it as one
 * transaction of its journal: all of it or nothing.  On failure the message
 * says which of the two the image is, or that it may be either.  Reports.
 * Return: 0, or the first failure. */
errcode_t edit_image(const struct e4pack_options *options, const char *path,
		     const struct build_stager *stager, struct diag *diag,
		     struct progress *progress);

/* Merge @n sources into the image.  Reports. */
errcode_t pack_add(const struct e4pack_options *options, const char *path,
		   const char *const *sources, size_t n, struct diag *diag,
		   struct progress *progress);

#endif
