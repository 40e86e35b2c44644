/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether an image is sound: every checksum, count and structure. */
#ifndef E4PACK_REPORT_VERIFY_H
#define E4PACK_REPORT_VERIFY_H

#include "base/emit.h"
#include "base/progress.h"
#include "image/image.h"

struct verify_options {
	uint64_t offset;	/* of the image in its file, bytes */
	bool json;
	struct progress *progress;	/* NULL: none */
};

/* Check the image in the file @path and put out each fault and a summary.
 * Reports.
 * Return: 0; E4PACK_ET_ANSWER_NO when something is wrong; ENOMEM;
 * E4PACK_ET_INTERRUPTED; or as image_open() for what is no image, or not
 * supported. */
errcode_t report_verify(const char *path, const struct verify_options *o,
			struct emit *out, struct diag *diag);

#endif
