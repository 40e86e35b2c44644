// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names from archives, brought into the form of entry.path.
 *
 * A name is only ever taken apart, never resolved: "a/.." is not the root but
 * an error, since "a" may turn out to be a link.
 */
#include "source/source.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

enum { SLACK = 32 };	/* bytes that are not worth to be given back */

/* Append the component of @len bytes at @name; "." is none. */
static errcode_t add_component(char *out, size_t *out_len, const char *name,
			       size_t len)
{
	size_t slash = *out_len > 0;

	if (!len || (len == 1 && name[0] == '.'))
		return 0;
	if ((len == 2 && name[0] == '.' && name[1] == '.') || len > NAME_MAX)
		return E4PACK_ET_BAD_PATH;
	if (*out_len + slash + len >= PATH_MAX)
		return E4PACK_ET_BAD_PATH;
	if (slash)
		out[(*out_len)++] = '/';
	memcpy(out + *out_len, name, len);
	*out_len += len;
	return 0;
}

errcode_t source_clean_path(char **ret, const char *raw, bool *changed)
{
	/* Never longer than what it is made from. */
	size_t size = strnlen(raw, PATH_MAX - 1) + 1, out_len = 0;
	char *out = malloc(size), *fit;
	const char *p = raw;
	errcode_t err = 0;

	if (!out)
		return ENOMEM;
	while (!err && *p) {
		size_t len = strcspn(p, "/");

		err = add_component(out, &out_len, p, len);
		p += len + (p[len] == '/');
	}
	if (err) {
		free(out);
		return err;
	}
	out[out_len] = '\0';
	/* Many are kept at once. */
	fit = size - out_len > SLACK ? realloc(out, out_len + 1) : NULL;
	*ret = fit ? fit : out;
	*changed = *raw == '/';
	return 0;
}
