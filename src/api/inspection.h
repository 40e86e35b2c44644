/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The frame of every call that asks an image something. */
#ifndef E4PACK_API_INSPECTION_H
#define E4PACK_API_INSPECTION_H

#include "api/session.h"
#include "base/emit.h"
#include "image/image.h"

/* What a question needs besides itself. */
struct inspection {
	struct session session;
	struct emit out;
	struct image *img;
	bool damaged;	/* told, and shown as far as it goes */
};

/* Begin one without an image; or open it, too, as report_open() does.  Pair
 * with inspection_end(), also after a failure. */
void inspection_begin(struct inspection *n,
		      const struct e4pack_inspect_options *options);
errcode_t inspection_open(struct inspection *n,
			  const struct e4pack_inspect_options *options,
			  const char *image);

/* End an inspection whose report returned @err.  Return: its status. */
enum e4pack_status inspection_end(struct inspection *n, errcode_t err);

#endif
