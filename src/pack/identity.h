/* SPDX-License-Identifier: GPL-2.0-or-later */
/* UUID and hash seed that follow from what is packed, so that the same list
 * gives the same image. */
#ifndef E4PACK_PACK_IDENTITY_H
#define E4PACK_PACK_IDENTITY_H

#include "pack/plan.h"

/* Settle plan.frame's uuid and hash seed: as the options give them, else
 * from a digest of the numbered list (without content) and of the options
 * that shape the image.  Reports.  Also E4PACK_ET_USAGE for a text that is
 * no UUID. */
errcode_t identity_settle(struct plan *p);

#endif
