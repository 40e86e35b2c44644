// SPDX-License-Identifier: GPL-2.0-or-later
/* Short paths, and text that XML takes whatever its bytes are. */
#include "report/picture_label.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum {
	LONG_HEAD = 20, LONG_TAIL = 52,	/* bytes kept of a long path ... */
	ODD_HEAD = 6, ODD_TAIL = 14,	/* ... of one that has to be escaped */
	ESCAPED_MOST = 110,	/* bytes that a label may take in the file */
	ESCAPE_LEN = 8,
};

/* Write the character at @s as XML; @n gets its bytes.  Return: its form. */
static const char *escape(char out[ESCAPE_LEN], const char *s, size_t len,
			  size_t *n)
{
	uint32_t c = 0;

	*n = utf8_decode(s, len, &c);
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case 0xfffe:
	case 0xffff:
		*n = 0;
		break;
	}
	if (*n == 0 || c < 0x20 || c == 0x7f) {
		*n = 1;
		snprintf(out, ESCAPE_LEN, "\\x%02x", (unsigned char)s[0]);
	} else {
		memcpy(out, s, *n);
		out[*n] = '\0';
	}
	return out;
}

static size_t escaped_len(const char *text, size_t len)
{
	char form[ESCAPE_LEN];
	size_t i, n, sum = 0;

	for (i = 0; i < len; i += n)
		sum += strlen(escape(form, text + i, len - i, &n));
	return sum;
}

void picture_text(struct emit *e, const char *text)
{
	size_t i, n, len = strlen(text);
	char form[ESCAPE_LEN];

	for (i = 0; i < len; i += n) {
		const char *xml = escape(form, text + i, len - i, &n);

		emit_bytes(e, xml, strlen(xml));
	}
}

static bool inside_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Keep @head bytes in front and @tail at the end, and no part of a
 * character. */
static void shorten(char out[PICTURE_LABEL_LEN], const char *path, size_t len,
		    size_t head, size_t tail)
{
	const char *end = path + len;

	if (len <= head + tail) {
		memcpy(out, path, len);
		out[len] = '\0';
		return;
	}
	while (head && inside_character(path[head]))
		head--;
	while (tail && inside_character(end[-(ptrdiff_t)tail]))
		tail--;
	snprintf(out, PICTURE_LABEL_LEN, "%.*s\xe2\x80\xa6%.*s", (int)head,
		 path, (int)tail, end - tail);
}

void picture_label(char out[PICTURE_LABEL_LEN], const char *path, size_t len)
{
	shorten(out, path, len, LONG_HEAD, LONG_TAIL);
	if (escaped_len(out, strlen(out)) > ESCAPED_MOST)
		shorten(out, path, len, ODD_HEAD, ODD_TAIL);
}
