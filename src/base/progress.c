// SPDX-License-Identifier: GPL-2.0-or-later
/* Progress counting. */
#include "base/progress.h"

#include "base/errors.h"

errcode_t progress_check(const struct progress *p)
{
	return p->stop && *p->stop ? E4PACK_ET_INTERRUPTED : 0;
}

void progress_begin(struct progress *p, const char *phase, uint64_t total)
{
	p->phase = phase;
	p->done = 0;
	p->total = total;
	if (p->sink)
		p->sink(p->arg, phase, 0, total);
}

errcode_t progress_add(struct progress *p, uint64_t n)
{
	p->done += n;
	if (p->sink)
		p->sink(p->arg, p->phase, p->done, p->total);
	return progress_check(p);
}
