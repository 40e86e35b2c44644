// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The blocks of a jbd2 log.
 *
 *	every control block	0 magic(4) type(4) sequence(4)
 *	descriptor		12 tags ... checksum(4) at the end, v2 and v3
 *	revoke			12 bytes in use(4) 16 block numbers (4, or 8
 *				with 64bit) ... checksum(4) at the end
 *	commit			12 csum_type(1) csum_size(1) pad(2) csum(4)
 *				... 48 sec(8) nsec(4)
 *
 *	tag, v3			0 block(4) flags(4) block_hi(4) csum(4)
 *	tag, others		0 block(4) csum(2) flags(2) [block_hi(4) with
 *				64bit], and 2 more bytes with v2
 *
 * A tag without SAME_UUID is followed by the 16 bytes of the UUID.  Checksums
 * v2 and v3 are crc32c from a seed over the log's UUID; that of a copy covers
 * the sequence number, too, and v2 keeps its lower half.
 */
#include "journal/format.h"

#include <string.h>

#include "base/endian.h"
#include "image/format.h"

enum { AT_COMMIT_CSUM = 16, AT_COMMIT_SEC = 48, CRC32 = 1 };

void jbd_layout_init(struct jbd_layout *l, uint32_t block_size,
		     uint32_t compat, uint32_t incompat,
		     const uint8_t uuid[JBD_UUID])
{
	memset(l, 0, sizeof(*l));
	l->block_size = block_size;
	l->wide = incompat & JBD_INCOMPAT_64BIT;
	if (incompat & JBD_INCOMPAT_CSUM_V3)
		l->csum = JBD_CSUM_V3;
	else if (incompat & JBD_INCOMPAT_CSUM_V2)
		l->csum = JBD_CSUM_V2;
	else if (compat & JBD_COMPAT_CHECKSUM)
		l->csum = JBD_CSUM_V1;
	l->tag_bytes = l->wide ? 12 : 8;
	if (l->csum == JBD_CSUM_V2)
		l->tag_bytes += 2;
	if (l->csum == JBD_CSUM_V3)
		l->tag_bytes = 16;
	if (l->csum >= JBD_CSUM_V2)
		l->tail_bytes = 4;
	memcpy(l->uuid, uuid, JBD_UUID);
	l->seed = format_crc32c(~0u, uuid, JBD_UUID);
}

bool jbd_header_get(struct jbd_header *h, const uint8_t *block)
{
	h->type = get_be32(block + 4);
	h->tid = get_be32(block + 8);
	return get_be32(block) == JBD_MAGIC;
}

void jbd_header_put(uint8_t *block, enum jbd_type type, uint32_t tid)
{
	put_be32(block, JBD_MAGIC);
	put_be32(block + 4, type);
	put_be32(block + 8, tid);
}

static uint32_t tag_flags(const uint8_t *at, const struct jbd_layout *l)
{
	return l->csum == JBD_CSUM_V3 ? get_be32(at + 4) : get_be16(at + 6);
}

static uint32_t tag_space(const struct jbd_layout *l, uint32_t flags)
{
	return l->tag_bytes + (flags & JBD_TAG_SAME_UUID ? 0 : JBD_UUID);
}

bool jbd_tag_next(struct jbd_tag *t, uint32_t *at, const uint8_t *block,
		  const struct jbd_layout *l)
{
	uint32_t next = JBD_HEADER;
	const uint8_t *p;

	if (*at) {
		uint32_t flags = tag_flags(block + *at, l);

		if (flags & JBD_TAG_LAST)
			return false;
		next = *at + tag_space(l, flags);
	}
	if (next + l->tag_bytes > l->block_size - l->tail_bytes)
		return false;
	p = block + next;
	t->home = get_be32(p);
	if (l->wide)
		t->home |= (uint64_t)get_be32(p + 8) << 32;
	t->flags = tag_flags(p, l);
	t->csum = l->csum == JBD_CSUM_V3 ? get_be32(p + 12) : get_be16(p + 4);
	*at = next;
	return true;
}

uint32_t jbd_tag_put(uint8_t *at, const struct jbd_tag *t,
		     const struct jbd_layout *l)
{
	memset(at, 0, l->tag_bytes);
	put_be32(at, (uint32_t)t->home);
	if (l->wide)
		put_be32(at + 8, (uint32_t)(t->home >> 32));
	if (l->csum == JBD_CSUM_V3) {
		put_be32(at + 4, t->flags);
		put_be32(at + 12, t->csum);
	} else {
		put_be16(at + 4, (uint16_t)t->csum);
		put_be16(at + 6, (uint16_t)t->flags);
	}
	if (!(t->flags & JBD_TAG_SAME_UUID))
		memcpy(at + l->tag_bytes, l->uuid, JBD_UUID);
	return tag_space(l, t->flags);
}

void jbd_tag_set_last(uint8_t *at, const struct jbd_layout *l)
{
	uint32_t flags = tag_flags(at, l) | JBD_TAG_LAST;

	if (l->csum == JBD_CSUM_V3)
		put_be32(at + 4, flags);
	else
		put_be16(at + 6, (uint16_t)flags);
}

uint32_t jbd_tags_per_block(const struct jbd_layout *l)
{
	return (l->block_size - l->tail_bytes - JBD_HEADER - JBD_UUID) /
	       l->tag_bytes;
}

uint32_t jbd_data_csum(const struct jbd_layout *l, uint32_t tid,
		       const uint8_t *data)
{
	uint8_t number[4];
	uint32_t crc;

	if (l->csum < JBD_CSUM_V2)
		return 0;
	put_be32(number, tid);
	crc = format_crc32c(l->seed, number, sizeof(number));
	crc = format_crc32c(crc, data, l->block_size);
	return l->csum == JBD_CSUM_V2 ? crc & 0xffff : crc;
}

/* The checksum of a block with the word at @at taken as zero. */
static uint32_t block_csum(const struct jbd_layout *l, const uint8_t *block,
			   uint32_t at)
{
	static const uint8_t zero[4] = { 0, 0, 0, 0 };
	uint32_t crc = format_crc32c(l->seed, block, at);

	crc = format_crc32c(crc, zero, sizeof(zero));
	return format_crc32c(crc, block + at + 4, l->block_size - at - 4);
}

bool jbd_tail_is_good(const struct jbd_layout *l, const uint8_t *block)
{
	const uint32_t at = l->block_size - 4;

	return !l->tail_bytes ||
	       get_be32(block + at) == block_csum(l, block, at);
}

void jbd_tail_put(const struct jbd_layout *l, uint8_t *block)
{
	const uint32_t at = l->block_size - 4;

	if (l->tail_bytes)
		put_be32(block + at, block_csum(l, block, at));
}

uint32_t jbd_revoke_bytes(const struct jbd_layout *l, const uint8_t *block)
{
	uint32_t bytes = get_be32(block + JBD_HEADER);

	if (bytes > l->block_size - l->tail_bytes)
		return 0;
	return bytes < JBD_REVOKE_HEADER ? JBD_REVOKE_HEADER : bytes;
}

uint64_t jbd_revoke_get(const struct jbd_layout *l, const uint8_t *at)
{
	return l->wide ? get_be64(at) : get_be32(at);
}

void jbd_commit_get(struct jbd_commit *c, const uint8_t *block)
{
	c->csum_type = block[JBD_HEADER];
	c->csum_size = block[JBD_HEADER + 1];
	c->csum = get_be32(block + AT_COMMIT_CSUM);
	c->sec = get_be64(block + AT_COMMIT_SEC);
	c->nsec = get_be32(block + AT_COMMIT_SEC + 8);
}

void jbd_commit_put(uint8_t *block, const struct jbd_layout *l, uint32_t tid,
		    uint64_t sec, uint32_t nsec)
{
	memset(block, 0, l->block_size);
	jbd_header_put(block, JBD_COMMIT, tid);
	put_be64(block + AT_COMMIT_SEC, sec);
	put_be32(block + AT_COMMIT_SEC + 8, nsec);
	if (l->csum >= JBD_CSUM_V2)
		put_be32(block + AT_COMMIT_CSUM,
			 block_csum(l, block, AT_COMMIT_CSUM));
}

bool jbd_commit_is_good(const struct jbd_layout *l, const uint8_t *block,
			uint32_t crc)
{
	struct jbd_commit c;

	jbd_commit_get(&c, block);
	if (l->csum >= JBD_CSUM_V2)
		return c.csum == block_csum(l, block, AT_COMMIT_CSUM);
	if (l->csum == JBD_CSUM_NONE)
		return true;
	/* A log without checksums may have got the feature later. */
	if (!c.csum_type && !c.csum_size && !c.csum)
		return true;
	return c.csum_type == CRC32 && c.csum_size == 4 && c.csum == crc;
}
