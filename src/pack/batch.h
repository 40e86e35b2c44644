/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scripts that drive the buffer write by write. */
#ifndef E4PACK_PACK_BATCH_H
#define E4PACK_PACK_BATCH_H

#include "base/diag.h"
#include "base/progress.h"
#include "e4pack.h"

/* Build @image from an empty tree and the @n scripts ("-": standard input).
 * All are parsed before the first command runs.  Reports with FILE:LINE as
 * subject.  Return: 0 with @totals filled, or a code with nothing applied. */
errcode_t pack_batch(const struct e4pack_batch_options *options,
		     const char *image, const char *const *scripts, size_t n,
		     struct e4pack_totals *totals, struct diag *diag,
		     struct progress *progress);

/* As pack_batch() on an image that is there, in one transaction. */
errcode_t pack_batch_edit(const struct e4pack_batch_options *options,
			  const char *image, const char *const *scripts,
			  size_t n, struct diag *diag,
			  struct progress *progress);

#endif
