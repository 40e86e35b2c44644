/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One public call's session: its message sink, progress, and exit status. */
#ifndef E4PACK_API_SESSION_H
#define E4PACK_API_SESSION_H

#include <et/com_err.h>

#include "base/diag.h"
#include "base/progress.h"
#include "e4pack.h"

struct session {
	struct diag diag;
	struct progress progress;
	const struct e4pack_session *public;
};

/* Begin a call.  Pair with session_end(). */
void session_begin(struct session *s, const struct e4pack_session *public);

/* End a call that gave @err.  Return: its status. */
enum e4pack_status session_end(struct session *s, errcode_t err);

#endif
