/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A large set of numbers, a bit for each. */
#ifndef E4PACK_REPORT_BITS_H
#define E4PACK_REPORT_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include <et/com_err.h>

struct bits {
	uint64_t *words;
	uint64_t n;		/* numbers from 0 to n - 1 */
	uint32_t *before;	/* bits set before each RANK_WORDS words */
};

/* Make an empty set of numbers below @n.  Return: 0 or ENOMEM. */
errcode_t bits_init(struct bits *b, uint64_t n);
void bits_release(struct bits *b);

static inline bool bits_has(const struct bits *b, uint64_t i)
{
	return b->words[i / 64] >> i % 64 & 1;
}

static inline void bits_add(struct bits *b, uint64_t i)
{
	b->words[i / 64] |= UINT64_C(1) << i % 64;
}

/* Add @len numbers from @start on.  Return: how many were there before;
 * *@first is the first of them. */
uint64_t bits_add_run(struct bits *b, uint64_t start, uint64_t len,
		      uint64_t *first);

/* Make bits_rank() work for the set as it is now; it does not change after
 * this.  Return: 0 or ENOMEM. */
errcode_t bits_index(struct bits *b);

/* Return: the numbers below @i that are in the set. */
uint32_t bits_rank(const struct bits *b, uint64_t i);

#endif
