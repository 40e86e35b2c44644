/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which names are left out, by glob patterns.
 *
 * Leading "/" and "./" and trailing "/" are dropped from a pattern.  One that
 * has no other slash, and had no leading one, matches the last component of a
 * path at any depth ("*.o"); any other matches the whole path from the root
 * of the source ("/proc", "usr/share/doc").  What matches a folder leaves out
 * everything below it as well; the root itself is never left out.
 *
 *	*	any bytes, a slash too, or none
 *	?	one byte, a slash too
 *	[a-f]	one byte of a set, [!a-f] or [^a-f] one that is not in it;
 *		a "]" that comes first is a member
 *	\c	the byte c
 *
 * A "[" that no "]" ends is an ordinary byte.  The matching is by bytes, not
 * by the locale's characters, so that every host leaves out the same, and
 * no pattern makes it take exponential time.
 */
#ifndef E4PACK_SOURCE_EXCLUDE_H
#define E4PACK_SOURCE_EXCLUDE_H

#include <stdbool.h>
#include <stddef.h>

#include <et/com_err.h>

#include "source/source.h"

struct exclude_glob {
	const char *text;	/* inside the caller's pattern */
	size_t len;
	bool whole_path;
};

struct exclude {
	struct exclude_glob *globs;
	size_t n;
};

/* Take the patterns of @options, which must outlive @x.  Reports.
 * Return: 0, E4PACK_ET_USAGE for an empty pattern, or ENOMEM. */
errcode_t exclude_init(struct exclude *x,
		       const struct source_options *options);
void exclude_release(struct exclude *x);

/* Whether a pattern matches @path (form of entry.path) itself. */
bool exclude_match(const struct exclude *x, const char *path);

/* Whether a pattern matches @path or a folder it lies in. */
bool exclude_match_above(const struct exclude *x, const char *path);

/* Whether the glob @pat matches all of @s. */
bool glob_match(const char *pat, size_t pat_len, const char *s, size_t len);

#endif
