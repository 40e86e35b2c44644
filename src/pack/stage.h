/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sources to a staged tree. */
#ifndef E4PACK_PACK_STAGE_H
#define E4PACK_PACK_STAGE_H

#include "base/diag.h"
#include "base/progress.h"
#include "base/target.h"
#include "e4pack.h"
#include "tree/tree.h"

/* Read one source into the folder @prefix of @t (form of entry.path; "" is
 * the root).  @target (NULL: none) is what must not be found inside the
 * source.  Reports. */
errcode_t stage_source(struct tree *t, const struct e4pack_options *options,
		       const char *spec, const char *prefix,
		       const struct target *target, struct diag *diag,
		       struct progress *progress);

/* Read @n sources in order, likewise, and tell of folders that none of them
 * names.  Reports. */
errcode_t stage_sources(struct tree *t, const struct e4pack_options *options,
			const char *const *sources, size_t n,
			const struct target *target, struct diag *diag,
			struct progress *progress);

#endif
