// SPDX-License-Identifier: GPL-2.0-or-later
/* Which rule is broken, from the environment. */
#include "base/broken.h"

#ifdef ENABLE_VERIFY
#include <stdlib.h>
#include <string.h>

bool broken(const char *rule)
{
	const char *name = getenv("E4PACK_BROKEN");

	return name && !strcmp(name, rule);
}
#else
/* A file without a declaration is no C. */
typedef int broken_never;
#endif
