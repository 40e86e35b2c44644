// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UTF-8 as RFC 3629 has it:
 *
 *	0xxxxxxx				U+0000	to U+007F
 *	110xxxxx 10xxxxxx			U+0080	to U+07FF
 *	1110xxxx 10xxxxxx 10xxxxxx		U+0800	to U+FFFF
 *	11110xxx 10xxxxxx 10xxxxxx 10xxxxxx	U+10000	to U+10FFFF
 */
#include "base/utf8.h"

/* The form that the first byte begins: its length, and the least character
 * that needs it. */
static size_t form(unsigned char first, uint32_t *bits, uint32_t *least)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if ((first & forms[i].mask) == forms[i].lead) {
			*bits = first & (unsigned char)~forms[i].mask;
			*least = forms[i].least;
			return i + 1;
		}
	}
	return 0;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *ret)
{
	uint32_t c, least;
	size_t i, n = form(s[0], &c, &least);

	if (n == 0 || n > len)
		return 0;
	for (i = 1; i < n; i++) {
		unsigned char byte = s[i];

		if ((byte & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (byte & 0x3f);
	}
	if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

bool utf8_valid(const char *s, size_t len)
{
	size_t i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (n == 0)
			return false;
	}
	return true;
}
