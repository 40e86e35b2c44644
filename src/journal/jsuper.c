// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The superblock of a log, 1024 bytes, big-endian:
 *
 *	0 header(12) | 12 block_size(4) blocks(4) first(4) | 24 sequence(4)
 *	start(4) | 32 error(4) | 36 compat(4) incompat(4) ro_compat(4) |
 *	48 uuid(16) | 64 users(4) | 80 csum_type(1) | 84 fc_blocks(4) |
 *	252 checksum(4) | 256 the users' UUIDs
 *
 * From 36 on version 2 only.  The checksum is crc32c of all of it with
 * itself as zero, from all ones and not from the UUID.
 */
#include "journal/jsuper.h"

#include <stdio.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "image/format.h"

enum {
	AT_BLOCK_SIZE = 12, AT_BLOCKS = 16, AT_FIRST = 20, AT_SEQUENCE = 24,
	AT_START = 28, AT_ERROR = 32, AT_COMPAT = 36, AT_INCOMPAT = 40,
	AT_RO_COMPAT = 44, AT_UUID = 48, AT_USERS = 64, AT_CSUM_TYPE = 80,
	AT_FC_BLOCKS = 84, AT_CSUM = JSUPER_AT_CSUM,
	CSUM_CRC32C = 4,
	FC_BLOCKS_DEFAULT = 256,
};

static const uint32_t csum_features = JBD_INCOMPAT_CSUM_V2 |
				      JBD_INCOMPAT_CSUM_V3;

static uint32_t checksum(const uint8_t *raw)
{
	static const uint8_t zero[4] = { 0, 0, 0, 0 };
	uint32_t crc = format_crc32c(~0u, raw, AT_CSUM);

	crc = format_crc32c(crc, zero, sizeof(zero));
	return format_crc32c(crc, raw + AT_CSUM + 4,
			     JSUPER_BYTES - AT_CSUM - 4);
}

static void decode(struct jsuper *s, uint32_t type)
{
	const uint8_t *raw = s->raw;

	s->version = type == JBD_SUPER_V1 ? 1 : 2;
	s->blocks = get_be32(raw + AT_BLOCKS);
	s->first = get_be32(raw + AT_FIRST);
	s->sequence = get_be32(raw + AT_SEQUENCE);
	s->start = get_be32(raw + AT_START);
	s->error = (int32_t)get_be32(raw + AT_ERROR);
	if (s->version == 1)
		return;
	s->compat = get_be32(raw + AT_COMPAT);
	s->incompat = get_be32(raw + AT_INCOMPAT);
	s->ro_compat = get_be32(raw + AT_RO_COMPAT);
	s->users = get_be32(raw + AT_USERS);
	memcpy(s->uuid, raw + AT_UUID, JBD_UUID);
	s->csum_type = raw[AT_CSUM_TYPE];
	s->fc_field = get_be32(raw + AT_FC_BLOCKS);
	if (s->incompat & JBD_INCOMPAT_FAST_COMMIT)
		s->fc_blocks = s->fc_field ? s->fc_field : FC_BLOCKS_DEFAULT;
}

bool jsuper_decode(struct jsuper *s, const uint8_t raw[JSUPER_BYTES])
{
	struct jbd_header h;

	memset(s, 0, sizeof(*s));
	memcpy(s->raw, raw, JSUPER_BYTES);
	if (!jbd_header_get(&h, raw) ||
	    (h.type != JBD_SUPER_V1 && h.type != JBD_SUPER_V2))
		return false;
	decode(s, h.type);
	return true;
}

bool jsuper_has_csum(const struct jsuper *s)
{
	return s->incompat & csum_features;
}

bool jsuper_csum_is_good(const struct jsuper *s)
{
	return checksum(s->raw) == get_be32(s->raw + AT_CSUM);
}

bool jsuper_next_feature(struct jsuper_feature *f, const struct jsuper *s)
{
	static const struct {
		const char *kind, *names[6];
	} words[] = {
		{ "compat", { "checksum" } },
		{ "incompat", { "revoke", "64bit", "async_commit",
				"checksum_v2", "checksum_v3",
				"fast_commit" } },
		{ "ro_compat", { NULL } },
	};
	const uint32_t bits[] = { s->compat, s->incompat, s->ro_compat };

	for (; f->bit < 3 * 32; f->bit++) {
		const uint32_t word = f->bit / 32, bit = f->bit % 32;

		if (!(bits[word] >> bit & 1))
			continue;
		f->name = bit < 6 ? words[word].names[bit] : NULL;
		snprintf(f->number, sizeof(f->number), "%s:0x%x",
			 words[word].kind, UINT32_C(1) << bit);
		if (!f->name)
			f->name = f->number;
		f->bit++;
		return true;
	}
	return false;
}

/* What is wrong with the features, or NULL. */
static const char *check_csum_kind(const struct jsuper *s)
{
	if ((s->incompat & csum_features) == csum_features)
		return "it has checksums of two versions";
	if (jsuper_has_csum(s) && (s->compat & JBD_COMPAT_CHECKSUM))
		return "it has checksums of two versions";
	if (jsuper_has_csum(s) && s->csum_type != CSUM_CRC32C)
		return "its checksums are of an unknown kind";
	return NULL;
}

static const char *check_places(struct jsuper *s, uint32_t block_size,
				uint32_t blocks)
{
	if (get_be32(s->raw + AT_BLOCK_SIZE) != block_size)
		return "its block size is not that of the file system";
	if (s->blocks > blocks)
		return "it is longer than its inode";
	if (s->first == 0 || s->first >= s->blocks)
		return "its first block is out of range";
	if (s->fc_blocks >= s->blocks - s->first)
		return "its fast commit blocks leave no room";
	s->last = s->blocks - s->fc_blocks;
	if (s->start && (s->start < s->first || s->start >= s->last))
		return "its start is out of range";
	return NULL;
}

errcode_t jsuper_read(struct jsuper *s, const uint8_t raw[JSUPER_BYTES],
		      uint32_t block_size, uint32_t blocks, struct diag *diag,
		      const char *path)
{
	const char *wrong;

	if (!jsuper_decode(s, raw))
		return diag_error(diag, path, E4PACK_ET_BAD_IMAGE, "the "
				  "journal is damaged: it has no superblock");
	if ((s->incompat & ~(uint32_t)JBD_INCOMPAT_KNOWN) || s->ro_compat)
		return diag_error(diag, path, E4PACK_ET_UNSUPPORTED, "the "
				  "journal has features that are not known: "
				  "incompatible 0x%x, read-only 0x%x",
				  s->incompat & ~(uint32_t)JBD_INCOMPAT_KNOWN,
				  s->ro_compat);
	wrong = check_csum_kind(s);
	if (!wrong && jsuper_has_csum(s) && !jsuper_csum_is_good(s))
		return diag_error(diag, path, E4PACK_ET_BAD_CSUM, "the "
				  "superblock of the journal has a wrong "
				  "checksum: run e2fsck");
	if (!wrong)
		wrong = check_places(s, block_size, blocks);
	if (wrong)
		return diag_error(diag, path, E4PACK_ET_BAD_IMAGE,
				  "the journal is damaged: %s", wrong);
	return 0;
}

void jsuper_set_log(struct jsuper *s, uint32_t start, uint32_t sequence)
{
	s->start = start;
	s->sequence = sequence;
	put_be32(s->raw + AT_START, start);
	put_be32(s->raw + AT_SEQUENCE, sequence);
}

void jsuper_clear_error(struct jsuper *s)
{
	s->error = 0;
	put_be32(s->raw + AT_ERROR, 0);
}

static void set_incompat(struct jsuper *s, uint32_t incompat)
{
	s->incompat = incompat;
	put_be32(s->raw + AT_INCOMPAT, incompat);
}

void jsuper_set_features(struct jsuper *s, bool wide, bool csums)
{
	uint32_t incompat = s->incompat;

	if (s->version == 1)
		return;
	incompat &= ~(csum_features | JBD_INCOMPAT_ASYNC_COMMIT);
	if (wide)
		incompat |= JBD_INCOMPAT_64BIT;
	if (csums) {
		incompat |= JBD_INCOMPAT_CSUM_V3;
		s->csum_type = CSUM_CRC32C;
		s->raw[AT_CSUM_TYPE] = CSUM_CRC32C;
	}
	s->compat &= ~(uint32_t)JBD_COMPAT_CHECKSUM;
	put_be32(s->raw + AT_COMPAT, s->compat);
	set_incompat(s, incompat);
}

void jsuper_drop_fast_commit(struct jsuper *s)
{
	if (!(s->incompat & JBD_INCOMPAT_FAST_COMMIT))
		return;
	set_incompat(s, s->incompat & ~(uint32_t)JBD_INCOMPAT_FAST_COMMIT);
	s->last = s->blocks;
	s->fc_blocks = 0;
}

void jsuper_seal(struct jsuper *s)
{
	if (jsuper_has_csum(s))
		put_be32(s->raw + AT_CSUM, checksum(s->raw));
}
