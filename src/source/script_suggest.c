// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The verb nearest to a word that is none.
 *
 * The distance is the number of letters put in, left out, replaced, or
 * swapped with their neighbour (optimal string alignment).  cell(i, j) is
 * that of the first i letters of one word and the first j of the other; three
 * rows of cells are enough, as a swap looks two rows back.
 */
#include "source/script.h"

#include <string.h>

enum { WORD_MAX = 16, DISTANCE_MAX = 2 };

struct rows {
	unsigned int before[WORD_MAX + 1], last[WORD_MAX + 1],
		     row[WORD_MAX + 1];
};

static unsigned int min(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Fill row @i from the two before it. */
static void fill_row(struct rows *r, const char *a, size_t i, const char *b,
		     size_t b_len)
{
	size_t j;

	r->row[0] = (unsigned int)i;
	for (j = 1; j <= b_len; j++) {
		char x = lower(a[i - 1]), y = b[j - 1];
		unsigned int d = r->last[j - 1] + (x != y);

		d = min(d, min(r->last[j], r->row[j - 1]) + 1);
		if (i > 1 && j > 1 && x == b[j - 2] && lower(a[i - 2]) == y)
			d = min(d, r->before[j - 2] + 1);
		r->row[j] = d;
	}
}

/* Both are at most WORD_MAX long. */
static unsigned int distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), i;
	struct rows r;

	for (i = 0; i <= b_len; i++)
		r.row[i] = (unsigned int)i;
	for (i = 1; i <= a_len; i++) {
		memcpy(r.before, r.last, sizeof(r.before));
		memcpy(r.last, r.row, sizeof(r.last));
		fill_row(&r, a, i, b, b_len);
	}
	return r.row[b_len];
}

const char *script_suggest(const char *word)
{
	size_t len = strlen(word);
	unsigned int best = DISTANCE_MAX + 1, d;
	const char *nearest = NULL, *name;
	int v;

	if (len > WORD_MAX)
		return NULL;
	for (v = 0; v < SCRIPT_VERBS; v++) {
		name = script_verb_name((enum script_verb)v);
		d = distance(word, name);
		/* With nothing in common any verb would be as near. */
		if (d < best && d < len && d < strlen(name)) {
			best = d;
			nearest = name;
		}
	}
	return nearest;
}
