// SPDX-License-Identifier: GPL-2.0-or-later
/* Patterns of names to leave out, and the matching of one. */
#include "source/exclude.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

static bool take_glob(struct exclude_glob *g, const char *text)
{
	size_t len = strlen(text);
	bool leading = false;

	while (len && (*text == '/' || (len > 1 && !memcmp(text, "./", 2)))) {
		size_t drop = *text == '/' ? 1 : 2;

		leading = true;
		text += drop;
		len -= drop;
	}
	while (len && text[len - 1] == '/')
		len--;
	g->text = text;
	g->len = len;
	g->whole_path = leading || (len && memchr(text, '/', len));
	return len > 0;
}

errcode_t exclude_init(struct exclude *x, const struct source_options *options)
{
	size_t i;

	*x = (struct exclude){ NULL, 0 };
	if (!options->n_exclude)
		return 0;
	x->globs = calloc(options->n_exclude, sizeof(*x->globs));
	if (!x->globs)
		return diag_nomem(options->diag);
	for (i = 0; i < options->n_exclude; i++) {
		if (!take_glob(&x->globs[i], options->exclude[i])) {
			exclude_release(x);
			return diag_error(options->diag, options->exclude[i],
					  E4PACK_ET_USAGE,
					  "the pattern to exclude is empty");
		}
	}
	x->n = options->n_exclude;
	return 0;
}

void exclude_release(struct exclude *x)
{
	free(x->globs);
	*x = (struct exclude){ NULL, 0 };
}

/* Read one byte of a set at *@p; false at the end of the pattern. */
static bool set_byte(const char **p, const char *end, unsigned char *ret)
{
	if (*p < end && **p == '\\')
		(*p)++;
	if (*p >= end)
		return false;
	*ret = (unsigned char)*(*p)++;
	return true;
}

/* Match @c against the set after the "[" at @p.
 * Return: the pattern after its "]", or NULL when nothing ends the set. */
static const char *match_set(const char *p, const char *end, unsigned char c,
			     bool *matched)
{
	bool negated = p < end && (*p == '!' || *p == '^');
	bool in_set = false, first = true;
	unsigned char low, high;

	for (p += negated; p < end && (first || *p != ']'); first = false) {
		if (!set_byte(&p, end, &low))
			return NULL;
		high = low;
		if (end - p >= 2 && p[0] == '-' && p[1] != ']') {
			p++;
			if (!set_byte(&p, end, &high))
				return NULL;
		}
		if (c >= low && c <= high)
			in_set = true;
	}
	if (p >= end)
		return NULL;
	*matched = in_set != negated;
	return p + 1;
}

/* Match @c against the first element at @p, which is no star.
 * Return: the pattern after the element, or NULL when it does not match. */
static const char *match_byte(const char *p, const char *end, unsigned char c)
{
	const char *after;
	bool matched;

	if (*p == '?')
		return p + 1;
	if (*p == '[') {
		after = match_set(p + 1, end, c, &matched);
		if (after)
			return matched ? after : NULL;
	}
	if (*p == '\\' && end - p >= 2)
		p++;
	return (unsigned char)*p == c ? p + 1 : NULL;
}

bool glob_match(const char *pat, size_t pat_len, const char *s, size_t len)
{
	const char *p = pat, *p_end = pat + pat_len, *s_end = s + len;
	const char *star = NULL, *star_s = NULL;

	/* On a mismatch the last star takes one byte more.  An earlier star
	 * never needs to: what it could gain, the last one can, too. */
	while (s < s_end) {
		const char *after = NULL;

		if (p < p_end && *p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (p < p_end)
			after = match_byte(p, p_end, (unsigned char)*s);
		if (after) {
			p = after;
			s++;
		} else if (star) {
			p = star;
			s = ++star_s;
		} else {
			return false;
		}
	}
	while (p < p_end && *p == '*')
		p++;
	return p == p_end;
}

/* Whether a pattern matches the first @len bytes of @path, whose last
 * component begins at @last. */
static bool match_part(const struct exclude *x, const char *path, size_t len,
		       size_t last)
{
	size_t i;

	for (i = 0; i < x->n; i++) {
		const struct exclude_glob *g = &x->globs[i];
		size_t from = g->whole_path ? 0 : last;

		if (glob_match(g->text, g->len, path + from, len - from))
			return true;
	}
	return false;
}

bool exclude_match(const struct exclude *x, const char *path)
{
	const char *slash;

	if (!x->n || !*path)
		return false;
	slash = strrchr(path, '/');
	return match_part(x, path, strlen(path), slash ? slash + 1 - path : 0);
}

bool exclude_match_above(const struct exclude *x, const char *path)
{
	size_t last = 0, len;

	if (!x->n)
		return false;
	while (path[last]) {
		len = last + strcspn(path + last, "/");
		if (match_part(x, path, len, last))
			return true;
		last = path[len] ? len + 1 : len;
	}
	return false;
}
