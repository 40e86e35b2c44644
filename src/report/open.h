/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every report opens its image: as it will be once its log is applied. */
#ifndef E4PACK_REPORT_OPEN_H
#define E4PACK_REPORT_OPEN_H

#include <stdbool.h>

#include "image/image.h"

/* As image_open().  An image whose log waits is shown as if it were applied,
 * and a note says so; where that cannot be done the reason is told, the image
 * is shown as it lies, and *@damaged set.  Reports. */
errcode_t report_open(struct image **ret, const char *path, uint64_t offset,
		      struct diag *diag, bool *damaged);

#endif
