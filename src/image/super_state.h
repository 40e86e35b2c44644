/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The primary superblock of an existing image as the 1024 bytes that lie on
 * disk, and the few fields of it that applying or filling a log changes.
 */
#ifndef E4PACK_IMAGE_SUPER_STATE_H
#define E4PACK_IMAGE_SUPER_STATE_H

#include <stdbool.h>
#include <stdint.h>

enum { SUPER_POSITION = 1024, SUPER_BYTES = 1024 };	/* bytes */

/* Set or clear RECOVER, which says that the log counts, and make the
 * checksum right again. */
void super_set_recover(uint8_t raw[SUPER_BYTES], bool on);

/* Note that the file system has errors, and make the checksum right. */
void super_set_errors(uint8_t raw[SUPER_BYTES]);

/* Whether RECOVER is set. */
bool super_needs_recovery(const uint8_t raw[SUPER_BYTES]);

/* When the superblock was last written, seconds since 1970. */
int64_t super_written(const uint8_t raw[SUPER_BYTES]);

/* Whether two superblocks say the same but for RECOVER and for hints that
 * every reader counts anew: what is free, and when it was written. */
bool super_is_alike(const uint8_t a[SUPER_BYTES],
		    const uint8_t b[SUPER_BYTES]);

/* Whether block numbers may need more than 32 bits. */
bool super_is_64bit(const uint8_t raw[SUPER_BYTES]);

/* Whether metadata carries checksums. */
bool super_has_csums(const uint8_t raw[SUPER_BYTES]);

#endif
