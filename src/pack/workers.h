/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many threads a build may use, one rule for all its steps. */
#ifndef E4PACK_PACK_WORKERS_H
#define E4PACK_PACK_WORKERS_H

#include <sys/sysinfo.h>

#include "base/tasks.h"
#include "e4pack.h"

/* As asked for, or one a processor. */
static inline unsigned int worker_count(const struct e4pack_options *o)
{
	int n = o->threads ? (int)o->threads : get_nprocs();

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned int)n;
}

#endif
