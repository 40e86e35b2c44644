// SPDX-License-Identifier: GPL-2.0-or-later
/* Parsing and printing of numbers; independent of the locale. */
#include "base/number.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"

/* Read digits of @base; @end is the first byte that is none. */
static errcode_t parse_digits(const char *s, unsigned int base, uint64_t *ret,
			      const char **end)
{
	uint64_t v = 0;
	const char *p = s;

	for (; *p >= '0' && *p < (char)('0' + base); p++) {
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return E4PACK_ET_OVERFLOW;
	}
	if (p == s)
		return E4PACK_ET_BAD_NUMBER;
	*ret = v;
	*end = p;
	return 0;
}

errcode_t number_parse(const char *s, uint64_t max, uint64_t *ret)
{
	const char *end;
	uint64_t v;
	errcode_t err = parse_digits(s, 10, &v, &end);

	if (err)
		return err;
	if (*end)
		return E4PACK_ET_BAD_NUMBER;
	if (v > max)
		return E4PACK_ET_OVERFLOW;
	*ret = v;
	return 0;
}

errcode_t number_parse_signed(const char *s, int64_t min, int64_t max,
			      int64_t *ret)
{
	int negative = *s == '-';
	uint64_t v;
	int64_t n;
	errcode_t err;

	if (*s == '-' || *s == '+')
		s++;
	err = number_parse(s, (uint64_t)INT64_MAX + negative, &v);
	if (err)
		return err;
	n = negative ? (int64_t)(0 - v) : (int64_t)v;
	if (n < min || n > max)
		return E4PACK_ET_OVERFLOW;
	*ret = n;
	return 0;
}

errcode_t number_parse_size(const char *s, uint64_t *ret)
{
	static const char suffixes[] = "KMGT";
	const char *end, *suffix;
	uint64_t v, unit = 1;
	errcode_t err = parse_digits(s, 10, &v, &end);

	if (err)
		return err;
	if (*end) {
		suffix = strchr(suffixes, *end & ~0x20);
		if (!suffix || !*suffix || end[1])
			return E4PACK_ET_BAD_NUMBER;
		unit = UINT64_C(1) << (10 * (suffix - suffixes + 1));
	}
	if (!v)
		return E4PACK_ET_BAD_NUMBER;
	if (__builtin_mul_overflow(v, unit, &v) || v > INT64_MAX)
		return E4PACK_ET_OVERFLOW;
	*ret = v;
	return 0;
}

errcode_t number_parse_mode(const char *s, uint32_t *ret)
{
	const char *end;
	uint64_t v;
	errcode_t err = parse_digits(s, 8, &v, &end);

	if (err)
		return err;
	if (*end)
		return E4PACK_ET_BAD_NUMBER;
	if (v > 07777)
		return E4PACK_ET_OVERFLOW;
	*ret = (uint32_t)v;
	return 0;
}

char *number_human(char out[NUMBER_HUMAN_LEN], uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB",
					     "PiB", "EiB" };
	uint64_t whole = bytes, rest = 0;
	int unit = -1;

	while (whole >= 1024) {
		rest = whole % 1024;
		whole /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(out, NUMBER_HUMAN_LEN, "%u B", (unsigned int)bytes);
	else
		snprintf(out, NUMBER_HUMAN_LEN, "%u.%u %s", (unsigned int)whole,
			 (unsigned int)(rest * 10 / 1024), units[unit]);
	return out;
}
