/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A digest over what is fed to it, to tell different things apart: XXH3 with
 * 128 bits, of xxHash.  It keeps nobody from making two that are the same. */
#ifndef E4PACK_BASE_DIGEST_H
#define E4PACK_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct XXH3_state_s;

enum { DIGEST_LEN = 32 };

struct digest {
	struct XXH3_state_s *state;
};

/* Return: 0 with @d to digest_release(), or ENOMEM. */
errcode_t digest_init(struct digest *d);
void digest_release(struct digest *d);

void digest_add(struct digest *d, const void *data, size_t len);

/* Feed @v as eight little-endian bytes, so that the host does not matter. */
void digest_add_u64(struct digest *d, uint64_t v);

/* Feed a string with its length before it, so that two strings never run
 * into each other; NULL is fed as a length that no string has. */
void digest_add_str(struct digest *d, const char *s);

/* Take the result.  The second half is the digest of the first, for who needs
 * two values; that they differ is all it adds. */
void digest_final(const struct digest *d, uint8_t out[DIGEST_LEN]);

#endif
