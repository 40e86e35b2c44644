/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths in a picture: short ones, that XML takes. */
#ifndef E4PACK_REPORT_PICTURE_LABEL_H
#define E4PACK_REPORT_PICTURE_LABEL_H

#include "base/emit.h"

enum { PICTURE_LABEL_LEN = 80 };	/* bytes, with the NUL */

/* Shorten @path of @len bytes, leaving out of its middle what would make it
 * too long to read, or the picture too large. */
void picture_label(char out[PICTURE_LABEL_LEN], const char *path, size_t len);

/* Put out @text as character data: what XML cannot hold, and bytes that are
 * not UTF-8, as \xNN. */
void picture_text(struct emit *e, const char *text);

#endif
