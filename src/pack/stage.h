/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From sources to a staged tree. */
#ifndef E4PACK_PACK_STAGE_H
#define E4PACK_PACK_STAGE_H

#include "pack/build.h"

/* Read one source into the folder @prefix of b->tree (form of entry.path; ""
 * is the root); the target must not be found inside it.  Reports. */
errcode_t stage_source(struct build *b, const char *spec, const char *prefix);

/* Read @n sources in order, likewise, and tell of folders that none of them
 * names.  Reports. */
errcode_t stage_sources(struct build *b, const char *const *sources,
			size_t n);

#endif
