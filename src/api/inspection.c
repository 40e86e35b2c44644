// SPDX-License-Identifier: GPL-2.0-or-later
/* From the options of a call to an open image and an emitter, and back. */
#include "api/inspection.h"

#include <errno.h>

#include "base/errors.h"
#include "report/open.h"

void inspection_begin(struct inspection *n,
		      const struct e4pack_inspect_options *options)
{
	n->img = NULL;
	n->damaged = false;
	session_begin(&n->session, &options->session);
	emit_init(&n->out, options->output, options->output_arg);
}

errcode_t inspection_open(struct inspection *n,
			  const struct e4pack_inspect_options *options,
			  const char *image)
{
	inspection_begin(n, options);
	return report_open(&n->img, image, options->offset, &n->session.diag,
			   &n->damaged);
}

/* A failure of the output is told here, as nobody else knows of it.  A reader
 * that has seen enough and closed its end of a pipe needs no message.  Damage
 * that was told on the way to what was asked for counts, too. */
enum e4pack_status inspection_end(struct inspection *n, errcode_t err)
{
	errcode_t failed = emit_finish(&n->out);

	if (!err && (n->damaged || n->session.diag.errors))
		err = E4PACK_ET_BAD_IMAGE;
	if (failed)
		err = failed == EPIPE ? E4PACK_ET_INTERRUPTED :
		      diag_error(&n->session.diag, NULL, failed,
				 "cannot write the report");
	image_close(n->img);
	return session_end(&n->session, err);
}
