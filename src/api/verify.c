// SPDX-License-Identifier: GPL-2.0-or-later
/* The call that checks an image. */
#include "e4pack.h"

#include <errno.h>

#include "api/session.h"
#include "base/emit.h"
#include "base/errors.h"
#include "report/verify.h"

enum e4pack_status e4pack_verify(const struct e4pack_inspect_options *options,
				 const char *image)
{
	struct session s;
	const struct verify_options verify = {
		.offset = options->offset, .json = options->json,
		.progress = &s.progress,
	};
	struct emit out;
	errcode_t err, failed;

	session_begin(&s, &options->session);
	emit_init(&out, options->output, options->output_arg);
	err = report_verify(image, &verify, &out, &s.diag);
	failed = emit_finish(&out);
	if (failed)
		err = failed == EPIPE ? E4PACK_ET_INTERRUPTED :
		      diag_error(&s.diag, NULL, failed,
				 "cannot write the report");
	return session_end(&s, err);
}
