/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A source around another one that leaves entries out and changes attributes:
 *
 *  - exclude: by the rules of exclude.h.  A folder that is left out is
 *    pruned, and in an archive, where names come in any order, what lies
 *    below is left out wherever it comes.  A hard link of an archive to a
 *    name that is left out is given as it is: it will find no target.
 *  - owner: set_owner gives every entry that owner; else each uid and gid
 *    that a map names is replaced, once (maps do not chain).
 *  - clamp_mtime: each time that is known and later than the clamp becomes
 *    the clamp.
 */
#ifndef E4PACK_SOURCE_FILTER_H
#define E4PACK_SOURCE_FILTER_H

#include "source/source.h"

/* Whether @options ask for anything a filter does. */
bool filter_wanted(const struct source_options *options);

/* Put a filter around @inner, which it takes over, even on failure.  Reports.
 * Return: 0 with *@ret to source_free(); E4PACK_ET_USAGE for an empty pattern
 * or an id mapped twice; ENOMEM. */
errcode_t filter_open(struct source **ret, struct source *inner,
		      const struct source_options *options);

#endif
