// SPDX-License-Identifier: GPL-2.0-or-later
/* Records of pax headers, in the words of POSIX, GNU tar, star (SCHILY) and
 * libarchive. */
#include "source/pax_record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_LEN = 24 };	/* the digits of 64 bits, and more */

void pax_clear(struct pax_records *r)
{
	r->text.len = 0;
	r->raw = false;
}

errcode_t pax_add(struct pax_records *r, const char *key, const void *value,
		  size_t len)
{
	char front[NUMBER_LEN];
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	int digits;

	do {
		digits = snprintf(front, sizeof(front), "%zu ", total);
		if (total == rest + (size_t)digits - 1)
			break;
		total = rest + (size_t)digits - 1;
	} while (true);
	if (buf_add_str(&r->text, front) || buf_add_str(&r->text, key) ||
	    buf_add(&r->text, "=", 1) || buf_add(&r->text, value, len))
		return ENOMEM;
	return buf_add(&r->text, "\n", 1);
}

errcode_t pax_add_text(struct pax_records *r, const char *key,
		       const char *value)
{
	return pax_add(r, key, value, strlen(value));
}

errcode_t pax_add_number(struct pax_records *r, const char *key, uint64_t n)
{
	char text[NUMBER_LEN];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	return pax_add_text(r, key, text);
}

static bool is_ascii(const char *name)
{
	while (*(const signed char *)name > 0)
		name++;
	return !*name;
}

errcode_t pax_add_name(struct pax_records *r, const char *key,
		       const char *name)
{
	r->raw |= !is_ascii(name);
	return pax_add_text(r, key, name);
}

errcode_t pax_add_time(struct pax_records *r, const char *key,
		       struct timestamp t)
{
	char text[2 * NUMBER_LEN], fraction[NUMBER_LEN] = "";
	bool negative = t.sec < 0;
	uint64_t sec = negative ? -(uint64_t)t.sec : (uint64_t)t.sec;
	uint32_t nsec = t.nsec;
	size_t n;

	/* The fraction of a time before 1970 counts backward here. */
	if (negative && nsec) {
		sec--;
		nsec = 1000000000 - nsec;
	}
	if (nsec) {
		n = (size_t)snprintf(fraction, sizeof(fraction), ".%09" PRIu32,
				     nsec);
		while (fraction[n - 1] == '0')
			fraction[--n] = '\0';
	}
	snprintf(text, sizeof(text), "%s%" PRIu64 "%s", negative ? "-" : "",
		 sec, fraction);
	return pax_add_text(r, key, text);
}

static bool is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/* A value in base64, without '=' at the end. */
static errcode_t add_base64(struct pax_records *r, const char *key,
			    const uint8_t *value, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(len / 3 * 4 + 5), *p = text;
	uint32_t bits = 0;
	size_t i;
	errcode_t err;

	if (!text)
		return ENOMEM;
	for (i = 0; i < len; i++) {
		bits = bits << 8 | value[i];
		if (i % 3 == 0)
			*p++ = digits[bits >> 2 & 63];
		else if (i % 3 == 1)
			*p++ = digits[bits >> 4 & 63];
		else
			*p++ = digits[bits >> 6 & 63];
		if (i % 3 == 2)
			*p++ = digits[bits & 63];
	}
	if (i % 3)
		*p++ = digits[(bits << (i % 3 == 1 ? 4 : 2)) & 63];
	err = pax_add(r, key, text, p - text);
	free(text);
	return err;
}

/* Names that a key cannot hold go into libarchive's form, which escapes them.
 * GNU tar passes that over. */
static errcode_t add_escaped(struct pax_records *r, const char *name,
			     const void *value, size_t len)
{
	struct buf key = BUF_INIT;
	const char *p;
	char hex[4];
	errcode_t err = buf_add_str(&key, "LIBARCHIVE.xattr.");

	for (p = name; !err && *p; p++) {
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)*p);
		err = is_plain((unsigned char)*p) ? buf_add(&key, p, 1) :
						    buf_add_str(&key, hex);
	}
	if (!err)
		err = buf_str(&key) ?
		      add_base64(r, buf_str(&key), value, len) : ENOMEM;
	buf_release(&key);
	return err;
}

errcode_t pax_add_xattr(struct pax_records *r, const char *name,
			const void *value, size_t len)
{
	static const char front[] = "SCHILY.xattr.";
	char key[sizeof(front) + 512];

	if (strpbrk(name, "=%") || strlen(name) > 512)
		return add_escaped(r, name, value, len);
	snprintf(key, sizeof(key), "%s%s", front, name);
	return pax_add(r, key, value, len);
}

errcode_t pax_mark_raw(struct pax_records *r)
{
	static const char mark[] = "21 hdrcharset=BINARY\n";
	const size_t n = sizeof(mark) - 1, len = r->text.len;

	if (!r->raw)
		return 0;
	if (buf_add(&r->text, mark, n))
		return ENOMEM;
	memmove(r->text.data + n, r->text.data, len);
	memcpy(r->text.data, mark, n);
	return 0;
}
