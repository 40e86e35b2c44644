/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sources to a staged tree. */
#ifndef E4PACK_PACK_STAGE_H
#define E4PACK_PACK_STAGE_H

#include "base/diag.h"
#include "base/progress.h"
#include "base/target.h"
#include "e4pack.h"
#include "tree/tree.h"

/* Read @n sources into @t, in order.  @target (NULL: none) is what must not
 * be found inside a source.  Reports. */
errcode_t stage_sources(struct tree *t, const struct e4pack_options *options,
			const char *const *sources, size_t n,
			const struct target *target, struct diag *diag,
			struct progress *progress);

#endif
