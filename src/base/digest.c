// SPDX-License-Identifier: GPL-2.0-or-later
/* SHA-256 by libmd. */
#include "base/digest.h"

#include <string.h>

#include "base/endian.h"

void digest_init(struct digest *d)
{
	SHA256Init(&d->ctx);
}

void digest_add(struct digest *d, const void *data, size_t len)
{
	SHA256Update(&d->ctx, data, len);
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
	digest_add(d, s, len);
}

void digest_final(struct digest *d, uint8_t out[DIGEST_LEN])
{
	SHA256Final(out, &d->ctx);
}
