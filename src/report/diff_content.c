// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two files, byte by byte.  What has the same bytes for sure is not read:
 *
 *	files of other sizes differ
 *	a file in the same places of both images, whose blocks were found to
 *	be the same there, is the same
 *	where both have a hole, or unwritten blocks, both are zero
 *
 * The rest is put together chunk by chunk; a chunk begins at a multiple of
 * its size, and so of every block size.
 */
#include "report/diff_inode.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "base/number.h"
#include "image/read_inline.h"

enum { CHUNK = 1 << 20 };	/* bytes */

static uint32_t bits_of(const struct diff_side *s)
{
	return image_geometry(s->img)->block_bits;
}

static errcode_t load(struct diff_side *s)
{
	s->at = 0;
	s->extents.n = 0;
	s->bytes.len = 0;
	s->in_inode = s->inode->flags & INODE_FLAG_INLINE;
	if (s->in_inode)
		return read_inline(&s->bytes, s->img, s->inode);
	return file_extents_read(&s->extents, s->img, s->inode, &s->budget);
}

static bool same_extent(const struct extent *e, const struct extent *f)
{
	return e->lblk == f->lblk && e->len == f->len && e->pblk == f->pblk &&
	       e->unwritten == f->unwritten;
}

/* Whether both lie in the same places.  Blocks of other sizes have no places
 * to compare. */
static bool same_layout(const struct diff_pair *p)
{
	const struct file_extents *a = &p->a.extents, *b = &p->b.extents;
	size_t i;

	if (bits_of(&p->a) != bits_of(&p->b))
		return true;
	if (p->a.in_inode != p->b.in_inode || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!same_extent(&a->e[i], &b->e[i]))
			return false;
	return true;
}

/* Whether no block of two files that lie in the same places has changed. */
static bool same_blocks(const struct diff_pair *p)
{
	const struct file_extents *a = &p->a.extents;
	size_t i;

	if (p->a.in_inode || !p->blocks->known)
		return false;
	for (i = 0; i < a->n; i++)
		if (!a->e[i].unwritten &&
		    !diff_blocks_same(p->blocks, a->e[i].pblk, a->e[i].len))
			return false;
	return true;
}

/* The first byte from @from on that need not be zero; UINT64_MAX: none. */
static uint64_t next_data(struct diff_side *s, uint64_t from)
{
	const uint32_t bits = bits_of(s);

	if (s->in_inode)
		return from < s->bytes.len ? from : UINT64_MAX;
	for (; s->at < s->extents.n; s->at++) {
		const struct extent *e = &s->extents.e[s->at];
		uint64_t start = (uint64_t)e->lblk << bits;

		if (!e->unwritten &&
		    start + ((uint64_t)e->len << bits) > from)
			return start > from ? start : from;
	}
	return UINT64_MAX;
}

static errcode_t take_blocks(struct diff_pair *p, const struct diff_side *s,
			     uint64_t count)
{
	if (count <= p->to_read) {
		p->to_read -= count;
		return 0;
	}
	/* Told once: no other file can be read, either. */
	if (!p->told)
		image_bad(s->img, "inode %u: files share more blocks than "
			  "they should: from here on no content is read",
			  s->inode->ino);
	p->told = true;
	p->to_read = 0;
	return E4PACK_ET_BAD_IMAGE;
}

/* Read what extent @e has of the @len bytes from @from on. */
static errcode_t fill_extent(struct diff_pair *p, struct diff_side *s,
			     const struct extent *e, uint64_t from,
			     uint64_t len)
{
	const uint32_t bits = bits_of(s);
	const uint64_t first = from >> bits;
	const uint64_t stop = div_round_up(from + len, UINT64_C(1) << bits);
	uint64_t start = e->lblk, end = start + e->len;
	errcode_t err;

	if (start < first)
		start = first;
	if (end > stop)
		end = stop;
	if (e->unwritten || start >= end)
		return 0;
	err = take_blocks(p, s, end - start);
	return err ? err : image_read(s->img, e->pblk + (start - e->lblk),
				      end - start,
				      s->chunk + ((start - first) << bits));
}

/* Put the @len bytes from @from on, at most CHUNK, into the chunk. */
static errcode_t fill(struct diff_pair *p, struct diff_side *s, uint64_t from,
		      uint64_t len)
{
	const uint32_t bits = bits_of(s);
	errcode_t err = 0;
	size_t i;

	memset(s->chunk, 0, len);
	if (s->in_inode) {
		if (from < s->bytes.len)
			memcpy(s->chunk, s->bytes.data + from,
			       s->bytes.len - from < len ?
			       s->bytes.len - from : len);
		return 0;
	}
	for (i = s->at; !err && i < s->extents.n &&
	     (uint64_t)s->extents.e[i].lblk << bits < from + len; i++)
		err = fill_extent(p, s, &s->extents.e[i], from, len);
	return err;
}

static errcode_t make_chunk(struct diff_side *s)
{
	if (!s->chunk)
		s->chunk = malloc(CHUNK);
	return s->chunk ? 0 : diag_nomem(image_diag(s->img));
}

static errcode_t compare(bool *differs, struct diff_pair *p, uint64_t size)
{
	errcode_t err = make_chunk(&p->a);
	uint64_t at = 0;

	if (!err)
		err = make_chunk(&p->b);
	while (!err && !*differs) {
		uint64_t a = next_data(&p->a, at), b = next_data(&p->b, at);
		uint64_t len;

		at = (a < b ? a : b) & ~(uint64_t)(CHUNK - 1);
		if (at >= size)
			break;
		len = size - at < CHUNK ? size - at : CHUNK;
		err = progress_check(p->progress);
		if (!err)
			err = fill(p, &p->a, at, len);
		if (!err)
			err = fill(p, &p->b, at, len);
		if (!err)
			*differs = memcmp(p->a.chunk, p->b.chunk, len);
		/* As a whole: its last blocks may reach past the size. */
		at += CHUNK;
	}
	return err;
}

errcode_t diff_content(uint32_t *ways, struct diff_pair *p)
{
	const uint64_t size = p->a.inode->size;
	/* What a folder holds are the names below it. */
	const bool has_bytes = !S_ISDIR(p->a.inode->mode);
	bool differs = has_bytes && size != p->b.inode->size, same;
	errcode_t err = load(&p->a);

	if (!err)
		err = load(&p->b);
	if (err)
		return err;
	same = same_layout(p);
	if (has_bytes && !differs && !(same && same_blocks(p)))
		err = compare(&differs, p, size);
	*ways |= (uint32_t)differs << DIFF_CONTENT |
		 (uint32_t)!same << DIFF_LAYOUT;
	return err;
}
