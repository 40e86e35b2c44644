/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules that a test has broken on purpose, to see that the tests of crashes
 * notice.  They can be broken in a build with --enable-verify, by the
 * environment; in any other the question costs nothing and leaves nothing.
 */
#ifndef E4PACK_BASE_BROKEN_H
#define E4PACK_BASE_BROKEN_H

#include <stdbool.h>

/* Whether E4PACK_BROKEN is @rule. */
#ifdef ENABLE_VERIFY
bool broken(const char *rule);
#else
static inline bool broken(const char *rule)
{
	(void)rule;
	return false;
}
#endif

#endif
