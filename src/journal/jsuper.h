/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The superblock of a log: what it says, checked, and changing it. */
#ifndef E4PACK_JOURNAL_JSUPER_H
#define E4PACK_JOURNAL_JSUPER_H

#include <et/com_err.h>

#include "base/diag.h"
#include "journal/format.h"

enum { JSUPER_BYTES = 1024, JSUPER_AT_CSUM = 252 };

struct jsuper {
	uint8_t raw[JSUPER_BYTES];	/* as it lies in the log's block 0 */
	uint32_t version;	/* 1 or 2 */
	uint32_t blocks;	/* of the log, this one included */
	uint32_t first;		/* first one that transactions use */
	uint32_t last;		/* behind the last one they use */
	uint32_t sequence;	/* first transaction to be expected */
	uint32_t start;		/* where it begins; 0: the log is empty */
	int32_t error;		/* not 0: why the kernel gave up */
	uint32_t compat, incompat, ro_compat;
	uint32_t fc_blocks;	/* from last on, the first one unused, for
				 * fast commits */
	uint32_t fc_field;	/* what it says of them, with or without
				 * the feature; 0: nothing */
	uint32_t users;		/* file systems that use the log */
	uint8_t uuid[JBD_UUID];
	uint8_t csum_type;	/* 4: crc32c */
};

/* Decode @raw, block 0 of a log, and check nothing but that it is one.
 * Return: whether it is. */
bool jsuper_decode(struct jsuper *s, const uint8_t raw[JSUPER_BYTES]);

/* Whether the superblock has a checksum, and whether that is right. */
bool jsuper_has_csum(const struct jsuper *s);
bool jsuper_csum_is_good(const struct jsuper *s);

/* Zero it to begin with. */
struct jsuper_feature {
	const char *name;	/* in the words of e2fsprogs, or a number */
	uint32_t bit;		/* to look at next: 32 of each of 3 words */
	char number[24];	/* room for @name */
};

/* Find the next feature of the log.  Return: false when there is none. */
bool jsuper_next_feature(struct jsuper_feature *f, const struct jsuper *s);

/* Decode and check @raw, block 0 of a log that has @blocks blocks of
 * @block_size bytes.  Reports, with @path as the subject.
 * Return: 0; E4PACK_ET_BAD_IMAGE; E4PACK_ET_BAD_CSUM;
 * E4PACK_ET_UNSUPPORTED for a feature that is not known. */
errcode_t jsuper_read(struct jsuper *s, const uint8_t raw[JSUPER_BYTES],
		      uint32_t block_size, uint32_t blocks, struct diag *diag,
		      const char *path);

/* Each changes the value and its bytes; jsuper_seal() comes last. */
void jsuper_set_log(struct jsuper *s, uint32_t start, uint32_t sequence);
void jsuper_clear_error(struct jsuper *s);

/* Choose the features for a log that is empty as the kernel does: 64bit and
 * checksums v3 with those of the file system, no others.  Version 1 has no
 * features and keeps none. */
void jsuper_set_features(struct jsuper *s, bool wide, bool csums);

/* Leave fast commits out of a log that becomes empty. */
void jsuper_drop_fast_commit(struct jsuper *s);

/* Make the checksum of the bytes right, where there is one. */
void jsuper_seal(struct jsuper *s);

#endif
