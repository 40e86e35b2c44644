// SPDX-License-Identifier: GPL-2.0-or-later
/* Large sets of numbers. */
#include "report/bits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { RANK_WORDS = 8 };

errcode_t bits_init(struct bits *b, uint64_t n)
{
	memset(b, 0, sizeof(*b));
	b->n = n;
	b->words = calloc(n / 64 + 1, sizeof(*b->words));
	return b->words ? 0 : ENOMEM;
}

void bits_release(struct bits *b)
{
	free(b->words);
	free(b->before);
	memset(b, 0, sizeof(*b));
}

uint64_t bits_add_run(struct bits *b, uint64_t start, uint64_t len,
		      uint64_t *first)
{
	const uint64_t end = start + len;
	uint64_t there = 0, mask, both;

	while (start < end) {
		uint64_t room = 64 - start % 64;
		uint64_t n = end - start < room ? end - start : room;

		mask = (n == 64 ? UINT64_MAX : (UINT64_C(1) << n) - 1)
			<< start % 64;
		both = b->words[start / 64] & mask;
		if (both && !there)
			*first = start - start % 64 +
				 (uint64_t)__builtin_ctzll(both);
		there += (uint64_t)__builtin_popcountll(both);
		b->words[start / 64] |= mask;
		start += n;
	}
	return there;
}

errcode_t bits_index(struct bits *b)
{
	uint64_t words = b->n / 64 + 1, i;
	uint32_t sum = 0;

	b->before = calloc(words / RANK_WORDS + 1, sizeof(*b->before));
	if (!b->before)
		return ENOMEM;
	for (i = 0; i < words; i++) {
		if (i % RANK_WORDS == 0)
			b->before[i / RANK_WORDS] = sum;
		sum += (uint32_t)__builtin_popcountll(b->words[i]);
	}
	return 0;
}

uint32_t bits_rank(const struct bits *b, uint64_t i)
{
	uint64_t word = i / 64, at = word - word % RANK_WORDS;
	uint32_t sum = b->before[word / RANK_WORDS];

	for (; at < word; at++)
		sum += (uint32_t)__builtin_popcountll(b->words[at]);
	return sum + (uint32_t)__builtin_popcountll(b->words[word] &
				((UINT64_C(1) << i % 64) - 1));
}
