// SPDX-License-Identifier: GPL-2.0-or-later
/* Building an image from directories and archives. */
#include "pack/create.h"

#include <string.h>

#include "base/errors.h"
#include "pack/build.h"
#include "pack/stage.h"

/* Standard input can be read once. */
static errcode_t check_sources(const struct source_list *l,
			       struct diag *diag)
{
	size_t i, streams = 0;

	for (i = 0; i < l->n; i++)
		streams += !strcmp(l->specs[i], "-");
	if (streams < 2)
		return 0;
	return diag_error(diag, "-", E4PACK_ET_USAGE,
			  "standard input can be a source only once");
}

errcode_t create_stage(void *arg, struct build *b)
{
	const struct source_list *l = arg;
	errcode_t err = check_sources(l, b->diag);

	return err ? err : stage_sources(b, l->specs, l->n);
}

errcode_t pack_create(const struct e4pack_options *options, const char *image,
		      const char *const *sources, size_t n,
		      struct e4pack_totals *totals, struct diag *diag,
		      struct progress *progress)
{
	struct source_list l = { sources, n };
	const struct build_stager stager = { .stage = create_stage,
					     .arg = &l };

	return build_image(options, image, &stager, totals, diag, progress);
}
