/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers from outside: parsing with every range checked, and printing. */
#ifndef E4PACK_BASE_NUMBER_H
#define E4PACK_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

/* Parse an unsigned decimal number that takes up all of @s.
 * Return: 0, E4PACK_ET_BAD_NUMBER, or E4PACK_ET_OVERFLOW over @max. */
errcode_t number_parse(const char *s, uint64_t max, uint64_t *ret);

/* As number_parse() with an optional sign, within [@min, @max]. */
errcode_t number_parse_signed(const char *s, int64_t min, int64_t max,
			      int64_t *ret);

/* Parse a size in bytes: decimal digits, then nothing or one of K M G T in
 * either case, powers of 1024.  Zero is no size.
 * Return: 0, E4PACK_ET_BAD_NUMBER, or E4PACK_ET_OVERFLOW over 2^63-1. */
errcode_t number_parse_size(const char *s, uint64_t *ret);

/* Parse octal permissions, at most 07777. */
errcode_t number_parse_mode(const char *s, uint32_t *ret);

enum { NUMBER_HUMAN_LEN = 32 };

/* Write @bytes for a person: "512 B", "48.2 MiB".  Return: @out. */
char *number_human(char out[NUMBER_HUMAN_LEN], uint64_t bytes);

static inline uint64_t div_round_up(uint64_t n, uint64_t d)
{
	return n / d + (n % d != 0);
}

#endif
