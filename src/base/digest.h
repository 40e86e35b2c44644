/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256 over what is fed to it; libmd does the work. */
#ifndef E4PACK_BASE_DIGEST_H
#define E4PACK_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include <sha2.h>

enum { DIGEST_LEN = 32 };

struct digest {
	SHA2_CTX ctx;
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);

/* Feed @v as eight little-endian bytes, so that the host does not matter. */
void digest_add_u64(struct digest *d, uint64_t v);

/* Feed a string with its length before it, so that two strings never run
 * into each other; NULL is fed as a length that no string has. */
void digest_add_str(struct digest *d, const char *s);

/* Take the result.  The digest may then only be initialised again. */
void digest_final(struct digest *d, uint8_t out[DIGEST_LEN]);

#endif
