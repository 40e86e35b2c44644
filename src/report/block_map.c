// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counting runs of blocks into cells.
 *
 *	cell of block b		b >> cell_bits
 *	a run touches		up to two cells in part, others as a whole
 *	a cell, at the end	sum over kinds of blocks[] = its size
 *
 * What takes a cell as a whole closes it for others that would: each cell is
 * closed once, and runs step over closed ones by path compression.  So a
 * damaged image whose files claim the same blocks again and again costs no
 * more time than its extents.
 */
#include "report/block_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

errcode_t block_map_init(struct block_map *m,
			 const struct image_geometry *geo)
{
	uint32_t i;

	memset(m, 0, sizeof(*m));
	m->blocks = geo->blocks;
	m->cluster_bits = geo->cluster_bits;
	while ((geo->blocks - 1) >> m->cell_bits >= BLOCK_MAP_CELLS)
		m->cell_bits++;
	m->n = (uint32_t)((geo->blocks - 1) >> m->cell_bits) + 1;
	/* One more ends the way over closed ones. */
	m->cells = calloc(m->n + 1, sizeof(*m->cells));
	if (!m->cells)
		return ENOMEM;
	for (i = 0; i <= m->n; i++)
		m->cells[i].skip = i;
	return 0;
}

void block_map_release(struct block_map *m)
{
	free(m->cells);
	memset(m, 0, sizeof(*m));
}

uint64_t block_map_size(const struct block_map *m, uint32_t i)
{
	uint64_t size = UINT64_C(1) << m->cell_bits;
	uint64_t start = (uint64_t)i << m->cell_bits;

	return size < m->blocks - start ? size : m->blocks - start;
}

/* The first cell from @i on that is not closed; halves the way to it. */
static uint32_t next_open(struct block_map *m, uint32_t i)
{
	struct block_cell *c = m->cells;

	while (c[i].skip != i) {
		c[i].skip = c[c[i].skip].skip;
		i = c[i].skip;
	}
	return i;
}

/* Whether a cell is rather called after a piece of @ino than as it is now:
 * by kind, size, and number, whatever the order they come in. */
static bool outranks(const struct block_cell *c, enum block_kind kind,
		     uint32_t ino, uint64_t len)
{
	const bool was = c->owner_kind == BLOCKS_FRAGMENTED;

	if (c->owner == 0)
		return true;
	if ((kind == BLOCKS_FRAGMENTED) != was)
		return !was;
	return len > c->piece || (len == c->piece && ino < c->owner);
}

static void count(struct block_cell *c, enum block_kind kind, uint32_t ino,
		  uint64_t len)
{
	c->blocks[kind] += len;
	if (ino == 0)
		return;
	if (c->last != ino)
		c->owners++;
	c->last = ino;
	if (!outranks(c, kind, ino, len))
		return;
	c->owner = ino;
	c->owner_kind = kind;
	c->piece = len;
}

void block_map_add(struct block_map *m, enum block_kind kind, uint32_t ino,
		   uint64_t start, uint64_t len)
{
	const uint64_t size = UINT64_C(1) << m->cell_bits;
	const uint64_t head = start & (size - 1);
	const uint64_t tail = (start + len) & (size - 1);
	uint32_t first = start >> m->cell_bits;
	const uint32_t stop = (start + len) >> m->cell_bits;

	if (len && first == stop)
		count(&m->cells[first], kind, ino, len);
	if (first == stop)
		return;
	if (head)
		count(&m->cells[first++], kind, ino, size - head);
	if (tail)
		count(&m->cells[stop], kind, ino, tail);
	while ((first = next_open(m, first)) < stop) {
		count(&m->cells[first], kind, ino, size);
		m->cells[first].skip = first + 1;
	}
}

void block_map_add_extents(struct block_map *m, enum block_kind kind,
			   uint32_t ino, const struct extent *e, size_t n)
{
	const uint64_t ratio = UINT64_C(1) << m->cluster_bits;
	uint64_t done = 0;	/* logical blocks whose clusters are counted */
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t end = (e[i].lblk + (uint64_t)e[i].len + ratio - 1) &
			       ~(ratio - 1);
		uint64_t from = e[i].lblk & ~(ratio - 1);
		uint64_t start = e[i].pblk & ~(ratio - 1);
		uint64_t len;

		if (from < done) {
			start += done - from;
			from = done;
		}
		len = end > from ? end - from : 0;
		if (start >= m->blocks)
			continue;
		if (len > m->blocks - start)
			len = m->blocks - start;
		block_map_add(m, kind, ino, start, len);
		done = end;
	}
}

void block_map_finish(struct block_map *m)
{
	uint32_t i, kind;

	for (i = 0; i < m->n; i++) {
		struct block_cell *c = &m->cells[i];
		uint64_t left = block_map_size(m, i);

		c->blocks[BLOCKS_OTHER] = 0;
		for (kind = 0; kind < BLOCK_KINDS; kind++) {
			if (c->blocks[kind] > left)
				c->blocks[kind] = left;
			left -= c->blocks[kind];
		}
		c->blocks[BLOCKS_OTHER] = left;
	}
}
