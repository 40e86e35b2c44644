/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks of a jbd2 log as bytes: decoders and encoders of one value each.
 * All numbers are big-endian.  Nothing here reads, writes or reports.
 */
#ifndef E4PACK_JOURNAL_FORMAT_H
#define E4PACK_JOURNAL_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#define JBD_MAGIC UINT32_C(0xc03b3998)

enum jbd_type {
	JBD_DESCRIPTOR = 1, JBD_COMMIT = 2, JBD_SUPER_V1 = 3,
	JBD_SUPER_V2 = 4, JBD_REVOKE = 5,
};

enum {
	JBD_COMPAT_CHECKSUM = 0x1,
	JBD_INCOMPAT_REVOKE = 0x1,
	JBD_INCOMPAT_64BIT = 0x2,
	JBD_INCOMPAT_ASYNC_COMMIT = 0x4,
	JBD_INCOMPAT_CSUM_V2 = 0x8,
	JBD_INCOMPAT_CSUM_V3 = 0x10,
	JBD_INCOMPAT_FAST_COMMIT = 0x20,
	JBD_INCOMPAT_KNOWN = 0x3f,
};

enum {
	JBD_TAG_ESCAPE = 1,	/* the block began with the magic number */
	JBD_TAG_SAME_UUID = 2,	/* no UUID follows */
	JBD_TAG_DELETED = 4,
	JBD_TAG_LAST = 8,
};

enum {
	JBD_HEADER = 12,	/* bytes: magic, type, sequence */
	JBD_REVOKE_HEADER = 16,	/* with the count of bytes in use */
	JBD_UUID = 16,
};

/* Where checksums lie and what they cover. */
enum jbd_csum { JBD_CSUM_NONE, JBD_CSUM_V1, JBD_CSUM_V2, JBD_CSUM_V3 };

/* What the features of a log make of its blocks. */
struct jbd_layout {
	uint32_t block_size;	/* bytes */
	uint32_t tag_bytes;	/* of one tag, without UUID */
	uint32_t tail_bytes;	/* of the checksum that ends a block, or 0 */
	uint32_t seed;		/* of checksums v2 and v3 */
	enum jbd_csum csum;
	bool wide;		/* block numbers have 64 bits */
	uint8_t uuid[JBD_UUID];	/* of the log */
};

struct jbd_header {
	uint32_t type;		/* enum jbd_type, or anything */
	uint32_t tid;		/* of the transaction */
};

struct jbd_tag {
	uint64_t home;		/* block that the copy belongs to */
	uint32_t flags;		/* JBD_TAG_* */
	uint32_t csum;		/* of the copy; v2: its lower half */
};

struct jbd_commit {
	uint64_t sec;		/* when, since 1970 */
	uint32_t nsec;
	uint8_t csum_type, csum_size;	/* v1 */
	uint32_t csum;
};

/* Settle a layout.  @uuid is the log's. */
void jbd_layout_init(struct jbd_layout *l, uint32_t block_size,
		     uint32_t compat, uint32_t incompat,
		     const uint8_t uuid[JBD_UUID]);

/* Return: whether @block begins with a header. */
bool jbd_header_get(struct jbd_header *h, const uint8_t *block);
void jbd_header_put(uint8_t *block, enum jbd_type type, uint32_t tid);

/* Whether transaction @a is older than @b; numbers go round after 2^32. */
static inline bool jbd_tid_before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* Find the next tag of a descriptor: *@at is the place of the last one, 0
 * at first.  Return: false behind the last one. */
bool jbd_tag_next(struct jbd_tag *t, uint32_t *at, const uint8_t *block,
		  const struct jbd_layout *l);

/* Encode a tag at @at, and the UUID behind it where one follows.
 * Return: bytes used. */
uint32_t jbd_tag_put(uint8_t *at, const struct jbd_tag *t,
		     const struct jbd_layout *l);

/* Put LAST_TAG into the tag at @at. */
void jbd_tag_set_last(uint8_t *at, const struct jbd_layout *l);

/* Tags that a descriptor holds: the first one with a UUID. */
uint32_t jbd_tags_per_block(const struct jbd_layout *l);

/* The checksum of a copy as it lies in the log, as its tag holds it. */
uint32_t jbd_data_csum(const struct jbd_layout *l, uint32_t tid,
		       const uint8_t *data);

/* The checksum that ends descriptors and revoke blocks; always good in a log
 * without. */
bool jbd_tail_is_good(const struct jbd_layout *l, const uint8_t *block);
void jbd_tail_put(const struct jbd_layout *l, uint8_t *block);

/* Bytes of revoke records in @block, JBD_REVOKE_HEADER at least; 0 when its
 * count is out of range. */
uint32_t jbd_revoke_bytes(const struct jbd_layout *l, const uint8_t *block);

/* The block number of the record at @at. */
uint64_t jbd_revoke_get(const struct jbd_layout *l, const uint8_t *at);

/* Bytes of one record. */
static inline uint32_t jbd_revoke_size(const struct jbd_layout *l)
{
	return l->wide ? 8 : 4;
}

void jbd_commit_get(struct jbd_commit *c, const uint8_t *block);

/* Encode a whole commit block. */
void jbd_commit_put(uint8_t *block, const struct jbd_layout *l, uint32_t tid,
		    uint64_t sec, uint32_t nsec);

/* Whether the checksum of a commit block is right.  @crc is that of what it
 * commits, for checksums v1. */
bool jbd_commit_is_good(const struct jbd_layout *l, const uint8_t *block,
			uint32_t crc);

#endif
