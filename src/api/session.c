// SPDX-License-Identifier: GPL-2.0-or-later
/* Between the public interface and the rooms below. */
#include "api/session.h"

#include <string.h>

#include "base/errors.h"

static void hand_on(void *arg, enum diag_level level, const char *subject,
		    const char *text)
{
	static const enum e4pack_level levels[] = {
		[DIAG_VERBOSE] = E4PACK_VERBOSE,
		[DIAG_NOTE] = E4PACK_NOTE,
		[DIAG_WARNING] = E4PACK_WARNING,
		[DIAG_ERROR] = E4PACK_ERROR,
	};
	const struct e4pack_session *public = arg;

	if (public->message)
		public->message(public->message_arg, levels[level], subject,
				text);
}

void session_begin(struct session *s, const struct e4pack_session *public)
{
	memset(s, 0, sizeof(*s));
	s->public = public;
	diag_init(&s->diag, hand_on, (void *)(uintptr_t)public);
	s->diag.strict = public->strict;
	s->progress.sink = public->progress;
	s->progress.arg = public->progress_arg;
	s->progress.stop = public->stop;
}

enum e4pack_status session_end(struct session *s, errcode_t err)
{
	/* A promise of the interface: no failure without a message. */
	if (err && !s->diag.errors && err != E4PACK_ET_INTERRUPTED &&
	    err != E4PACK_ET_ANSWER_NO)
		diag_error(&s->diag, NULL, err, NULL);
	diag_release(&s->diag);
	switch (err) {
	case 0:
		return E4PACK_OK;
	case E4PACK_ET_USAGE:
		return E4PACK_USAGE;
	case E4PACK_ET_ANSWER_NO:
		return E4PACK_NO;
	case E4PACK_ET_INTERRUPTED:
		return E4PACK_INTERRUPTED;
	default:
		return E4PACK_FAILED;
	}
}
