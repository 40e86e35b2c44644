// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw headers.  libarchive passes volume labels in silence, does not tell the
 * typeflag, and ends a pax path at a NUL.  The parts of a tar header used:
 *
 *	  0 name[100]	124 size[12]	148 checksum[8]	  156 typeflag
 *	257 "ustar"
 *
 * A pax extension header's body is records "LEN KEY=VALUE\n", where LEN
 * counts the whole record.
 */
#include "source/tar_header.h"

#include <string.h>

#include "base/endian.h"

enum {
	SIZE_AT = 124, SIZE_LEN = 12,
	SUM_AT = 148, SUM_LEN = 8,
	TYPE_AT = 156,
	MAGIC_AT = 257,
	SECONDS_LEN = 18, NSEC_DIGITS = 9,
};

static const struct {
	const char *magic;
	size_t len, at;
	const char *name;
} other_formats[] = {
	{ "PK\003\004", 4, 0, "zip" },
	{ "PK\005\006", 4, 0, "zip" },
	{ "7z\274\257\047\034", 6, 0, "7z" },
	{ "Rar!\032\007", 6, 0, "rar" },
	{ "!<arch>\n", 8, 0, "ar" },
	{ "#mtree", 6, 0, "mtree" },
	{ "MSCF", 4, 0, "cab" },
	{ "xar!", 4, 0, "xar" },
	{ "WARC/", 5, 0, "warc" },
	{ "hsqs", 4, 0, "squashfs" },
	{ "\355\253\356\333", 4, 0, "rpm" },
};

/* Read an octal field. */
static uint64_t octal(const uint8_t *p, size_t len)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < len && (p[i] == ' ' || !p[i]))
		i++;
	for (; i < len && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (p[i] - '0');
	return v;
}

/* The sum counts its own field as blanks; old writers summed signed bytes. */
static bool checksum_ok(const uint8_t *h)
{
	uint64_t want = octal(h + SUM_AT, SUM_LEN);
	int64_t with_sign = 0;
	uint64_t sum = 0;
	int i;

	for (i = 0; i < TAR_BLOCK; i++) {
		bool own = i >= SUM_AT && i < SUM_AT + SUM_LEN;

		sum += own ? ' ' : h[i];
		with_sign += own ? ' ' : (int8_t)h[i];
	}
	return want == sum || (int64_t)want == with_sign;
}

enum raw_format raw_format_of(const uint8_t *p, size_t len)
{
	if (len >= 6 && !memcmp(p, "0707", 4) &&
	    (!memcmp(p + 4, "01", 2) || !memcmp(p + 4, "02", 2) ||
	     !memcmp(p + 4, "07", 2) || !memcmp(p + 4, "27", 2)))
		return RAW_FORMAT_CPIO;
	if (len >= TAR_BLOCK && checksum_ok(p))
		return RAW_FORMAT_TAR;
	if (len >= 26 && (get_le16(p) == 070707 || get_be16(p) == 070707))
		return RAW_FORMAT_CPIO;
	return RAW_FORMAT_NONE;
}

const char *foreign_format_name(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(other_formats) / sizeof(other_formats[0]); i++)
		if (len >= other_formats[i].at + other_formats[i].len &&
		    !memcmp(p + other_formats[i].at, other_formats[i].magic,
			    other_formats[i].len))
			return other_formats[i].name;
	if (len >= TAR_BLOCK && !memcmp(p + MAGIC_AT, "ustar", 5))
		return "tar with a wrong header checksum";
	return NULL;
}

/* Whether @len bytes of "KEY=VALUE" are a path with a NUL in it. */
static bool is_nul_path(const uint8_t *p, size_t len)
{
	static const char *const keys[] = {
		"path=", "linkpath=", "GNU.sparse.name=",
	};
	size_t i, n;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		n = strlen(keys[i]);
		if (len >= n && !memcmp(p, keys[i], n))
			return memchr(p + n, 0, len - n) != NULL;
	}
	return false;
}

/* Read the @len bytes at @p where they are "-SECONDS.FRACTION", all of which
 * counts backward; the fraction is cut at nanoseconds. */
static bool read_before_1970(struct timestamp *t, const uint8_t *p,
			     size_t len)
{
	const uint8_t *dot = memchr(p, '.', len);
	uint32_t nsec = 0;
	int64_t sec = 0;
	size_t i;

	if (len < 2 || *p != '-' || !dot || dot - p > SECONDS_LEN)
		return false;
	for (i = 1; p + i < dot; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		sec = sec * 10 + (p[i] - '0');
	}
	for (i = 1; i <= NSEC_DIGITS; i++) {
		bool digit = dot + i < p + len && dot[i] >= '0' &&
			     dot[i] <= '9';

		nsec = nsec * 10 + (digit ? dot[i] - '0' : 0);
		if (!digit)
			len = dot - p;
	}
	t->sec = nsec ? -sec - 1 : -sec;
	t->nsec = nsec ? 1000000000 - nsec : 0;
	return true;
}

/* Take what is of interest in the record of @len bytes, "KEY=VALUE". */
static void take_record(struct tar_facts *facts, const uint8_t *p, size_t len)
{
	static const struct {
		const char *key;
		enum entry_time time;
	} keys[] = {
		{ "atime=", ENTRY_ATIME }, { "mtime=", ENTRY_MTIME },
		{ "ctime=", ENTRY_CTIME },
	};
	const size_t n = strlen(keys[0].key);
	size_t i;

	facts->nul |= is_nul_path(p, len);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (len > n && !memcmp(p, keys[i].key, n))
			facts->has_time[keys[i].time] =
				read_before_1970(&facts->times[keys[i].time],
						 p + n, len - n);
}

/* Go through the pax records in @len bytes at @p. */
static void take_records(struct tar_facts *facts, const uint8_t *p,
			 size_t len)
{
	while (len) {
		size_t digits = 0, record = 0;

		while (digits < len && digits < 8 &&
		       p[digits] >= '0' && p[digits] <= '9')
			record = record * 10 + (p[digits++] - '0');
		/* libarchive has refused what is malformed. */
		if (digits + 2 > record || record > len)
			return;
		take_record(facts, p + digits + 1, record - digits - 2);
		p += record;
		len -= record;
	}
}

void tar_facts_read(struct tar_facts *facts, const uint8_t *p, size_t len)
{
	memset(facts, 0, sizeof(*facts));
	while (len >= TAR_BLOCK) {
		uint64_t size = octal(p + SIZE_AT, SIZE_LEN);
		uint64_t body = (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;

		facts->type = p[TYPE_AT];
		if (!facts->type || !strchr("xXgKLVA", facts->type))
			return;
		if (facts->type == 'V')
			facts->volume = true;
		p += TAR_BLOCK;
		len -= TAR_BLOCK;
		if (body > len || size > body)
			return;
		if (strchr("xX", p[TYPE_AT - TAR_BLOCK]))
			take_records(facts, p, size);
		p += body;
		len -= body;
	}
}
