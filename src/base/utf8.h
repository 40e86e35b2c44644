/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which bytes are UTF-8: names of files may be anything. */
#ifndef E4PACK_BASE_UTF8_H
#define E4PACK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the character that begins the @len bytes (1 or more) at @s.
 * Return: its bytes, 1 to 4; 0 where none begins: over-long forms and
 * surrogates are none. */
size_t utf8_decode(const char *s, size_t len, uint32_t *ret);

/* Whether all of it is UTF-8. */
bool utf8_valid(const char *s, size_t len);

#endif
