/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FNV-1a of encoded bytes, to compare them with what another program made.
 * A crc32c would not do: over blocks that end in their own crc32c it only
 * depends on their length.
 */
#ifndef E4PACK_TESTS_IMAGE_FNV_H
#define E4PACK_TESTS_IMAGE_FNV_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t fnv(const uint8_t *data, size_t len)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ data[i]) * UINT64_C(0x100000001b3);
	return h;
}

#endif
