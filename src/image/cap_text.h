/* SPDX-License-Identifier: GPL-2.0-or-later */
/* File capabilities in words. */
#ifndef E4PACK_IMAGE_CAP_TEXT_H
#define E4PACK_IMAGE_CAP_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

#include "base/buf.h"

/* Append the @len bytes of a security.capability as getcap -n(8) shows them:
 * "cap_net_raw=ep", with " [rootid=N]" behind version 3.
 * Return: 0; E4PACK_ET_BAD_ENTRY when it is none; ENOMEM. */
errcode_t cap_to_text(struct buf *out, const uint8_t *value, size_t len);

#endif
