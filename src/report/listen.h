/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages kept back: where damage is what a report is about, what readers
 * tell of it becomes part of the report instead of a message.
 */
#ifndef E4PACK_REPORT_LISTEN_H
#define E4PACK_REPORT_LISTEN_H

#include "base/diag.h"

struct listener {
	struct diag diag;	/* what readers are given */
	struct diag *real;	/* notes are handed on to it */
	char *said;		/* the last error, or NULL */
};

/* Begin; pair with listener_release().  @real must outlive it. */
void listener_init(struct listener *l, struct diag *real);
void listener_release(struct listener *l);

/* Return: the text of the last error; valid until the next one. */
const char *listener_said(const struct listener *l);

/* Tell the last error after all, with @subject.  Return: @err. */
errcode_t listener_tell(struct listener *l, const char *subject,
			errcode_t err);

#endif
