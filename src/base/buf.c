// SPDX-License-Identifier: GPL-2.0-or-later
/* Growing byte buffers and arrays. */
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b)
{
	memset(b, 0, sizeof(*b));
}

void buf_release(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

errcode_t array_reserve(void *ptr, size_t *cap, size_t need, size_t size)
{
	void **array = ptr;
	size_t want = *cap, bytes;
	void *p;

	if (need <= *cap)
		return 0;
	while (want < need) {
		size_t step = want < 8 ? 8 : want / 2;

		if (__builtin_add_overflow(want, step, &want))
			return ENOMEM;
	}
	if (__builtin_mul_overflow(want, size, &bytes))
		return ENOMEM;
	p = realloc(*array, bytes);
	if (!p)
		return ENOMEM;
	*array = p;
	*cap = want;
	return 0;
}

errcode_t buf_reserve(struct buf *b, size_t more)
{
	size_t need;

	if (__builtin_add_overflow(b->len, more, &need))
		return ENOMEM;
	return array_reserve(&b->data, &b->cap, need, 1);
}

errcode_t buf_add(struct buf *b, const void *data, size_t len)
{
	errcode_t err = buf_reserve(b, len);

	if (err)
		return err;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

errcode_t buf_add_zero(struct buf *b, size_t len)
{
	errcode_t err = buf_reserve(b, len);

	if (err)
		return err;
	if (len)
		memset(b->data + b->len, 0, len);
	b->len += len;
	return 0;
}

errcode_t buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

char *buf_str(struct buf *b)
{
	if (buf_reserve(b, 1))
		return NULL;
	b->data[b->len] = '\0';
	return (char *)b->data;
}

char *buf_detach(struct buf *b)
{
	char *s = buf_str(b);

	if (s)
		buf_init(b);
	return s;
}
