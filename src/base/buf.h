/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing run of bytes.  Invariants: len <= cap; data is NULL iff cap is 0.
 * The bytes move when the buffer grows: keep offsets, not pointers.
 */
#ifndef E4PACK_BASE_BUF_H
#define E4PACK_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <et/com_err.h>

struct buf {
	uint8_t *data;
	size_t len;	/* bytes in use */
	size_t cap;	/* bytes allocated */
};

#define BUF_INIT { NULL, 0, 0 }

/* Make an empty buffer; allocates nothing. */
void buf_init(struct buf *b);

/* Free the contents.  The buffer is empty and may be used again. */
void buf_release(struct buf *b);

/* Make room for @more bytes after len.  Return: 0 or ENOMEM. */
errcode_t buf_reserve(struct buf *b, size_t more);

/* Append @len bytes.  Return: 0 or ENOMEM. */
errcode_t buf_add(struct buf *b, const void *data, size_t len);

/* Append @len zero bytes.  Return: 0 or ENOMEM. */
errcode_t buf_add_zero(struct buf *b, size_t len);

/* Append a string, without its NUL.  Return: 0 or ENOMEM. */
errcode_t buf_add_str(struct buf *b, const char *s);

/* End the bytes with a NUL that len does not count, for use as a string.
 * Return: the string, valid until the next call, or NULL without memory. */
char *buf_str(struct buf *b);

/* Give the bytes, NUL-ended, to the caller (free()), and empty the buffer.
 * Return: the bytes or NULL without memory. */
char *buf_detach(struct buf *b);

/* Grow an array of @size-byte elements so that it holds @need of them; a
 * helper for plain arrays.  *@ptr and *@cap are updated on success only.
 * Return: 0 or ENOMEM. */
errcode_t array_reserve(void *ptr, size_t *cap, size_t need, size_t size);

#endif
