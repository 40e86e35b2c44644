// SPDX-License-Identifier: GPL-2.0-or-later
/* The call that compares two images. */
#include "e4pack.h"

#include "api/inspection.h"
#include "report/diff.h"
#include "report/open.h"

enum e4pack_status e4pack_diff(const struct e4pack_inspect_options *options,
			       const char *first, const char *second)
{
	struct inspection inspection;
	const struct diff_options diff = {
		.json = options->json,
		.progress = &inspection.session.progress,
	};
	struct image *b = NULL;
	bool damaged = false;
	errcode_t err = inspection_open(&inspection, options, first);

	if (!err)
		err = report_open(&b, second, options->offset,
				  &inspection.session.diag, &damaged);
	if (!err)
		err = report_diff(inspection.img, b, &diff, &inspection.out);
	image_close(b);
	inspection.damaged |= damaged;
	return inspection_end(&inspection, err);
}
