// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeping messages back. */
#include "report/listen.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

static void hear(void *arg, enum diag_level level, const char *subject,
		 const char *text)
{
	struct listener *l = arg;

	if (level < DIAG_WARNING)
		diag_note(l->real, level, subject, "%s", text);
	if (level != DIAG_ERROR)
		return;
	free(l->said);
	l->said = strdup(text);
}

void listener_init(struct listener *l, struct diag *real)
{
	memset(l, 0, sizeof(*l));
	l->real = real;
	diag_init(&l->diag, hear, l);
}

void listener_release(struct listener *l)
{
	diag_release(&l->diag);
	free(l->said);
	l->said = NULL;
}

const char *listener_said(const struct listener *l)
{
	return l->said ? l->said : "out of memory";
}

errcode_t listener_tell(struct listener *l, const char *subject,
			errcode_t err)
{
	if (err && err != E4PACK_ET_INTERRUPTED)
		diag_error(l->real, subject, E4PACK_ET_FAILED, "%s",
			   listener_said(l));
	return err;
}
