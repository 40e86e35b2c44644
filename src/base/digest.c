// SPDX-License-Identifier: GPL-2.0-or-later
/* XXH3 by libxxhash, whose form of a result does not depend on the host. */
#include "base/digest.h"

#include <errno.h>
#include <string.h>
#include <xxhash.h>

#include "base/endian.h"

_Static_assert(2 * sizeof(XXH128_canonical_t) == DIGEST_LEN,
	       "the digest is two results");

errcode_t digest_init(struct digest *d)
{
	d->state = XXH3_createState();
	if (!d->state)
		return ENOMEM;
	XXH3_128bits_reset(d->state);
	return 0;
}

void digest_release(struct digest *d)
{
	XXH3_freeState(d->state);
	d->state = NULL;
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	XXH3_128bits_update(d->state, data, len);
}

void digest_add_u64(struct digest *d, uint64_t v)
{
	uint8_t bytes[8];

	put_le64(bytes, v);
	digest_add(d, bytes, sizeof(bytes));
}

void digest_add_str(struct digest *d, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	digest_add_u64(d, s ? len : UINT64_MAX);
	if (len)
		digest_add(d, s, len);
}

void digest_final(const struct digest *d, uint8_t out[DIGEST_LEN])
{
	XXH128_canonical_t half;

	XXH128_canonicalFromHash(&half, XXH3_128bits_digest(d->state));
	memcpy(out, &half, sizeof(half));
	XXH128_canonicalFromHash(&half, XXH3_128bits(out, sizeof(half)));
	memcpy(out + sizeof(half), &half, sizeof(half));
}
