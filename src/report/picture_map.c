// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map: rows of cells from left to right and from top to bottom, as blocks
 * are numbered.  A cell has the colour of what it holds most of, and is
 * filled from below as far as it is in use.  Neighbours that look and say
 * the same are one shape, which keeps the picture small and shows long
 * extents as what they are.
 */
#include "report/picture_draw.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/number.h"

enum {
	ROW_STEP = 10, CELL_HEIGHT = 9,	/* a line between rows */
	ROWS_MOST = 32, COLUMNS_LEAST = 16,
	LABEL_ROWS = 4,		/* one label on the left for so many */
};

/* What a cell looks like and says; equal ones next to each other are one. */
struct look {
	enum block_kind kind;	/* BLOCKS_FREE: nothing is drawn */
	uint32_t height;	/* units that are filled */
	uint32_t owner, owners;
	bool marked;		/* something fragmented, but not most */
};

static uint32_t columns(const struct picture *p)
{
	uint32_t n = COLUMNS_LEAST;

	while (p->map.n > n * ROWS_MOST)
		n *= 2;
	return n;
}

static uint32_t rows(const struct picture *p)
{
	return (uint32_t)div_round_up(p->map.n, columns(p));
}

uint32_t draw_map_height(const struct picture *p)
{
	return rows(p) * ROW_STEP;
}

static struct look look_of(const struct picture *p, uint32_t i)
{
	const struct block_cell *c = &p->map.cells[i];
	const uint64_t size = block_map_size(&p->map, i);
	const uint64_t used = size - c->blocks[BLOCKS_FREE];
	struct look l = { .kind = BLOCKS_FREE };
	uint64_t most = 0;
	int kind;

	for (kind = 0; kind < BLOCKS_FREE; kind++) {
		if (c->blocks[kind] > most) {
			l.kind = kind;
			most = c->blocks[kind];
		}
	}
	l.owner = c->owner;
	l.owners = c->owners;
	l.marked = c->blocks[BLOCKS_FRAGMENTED] &&
		   l.kind != BLOCKS_FRAGMENTED;
	l.height = (uint32_t)((double)used * CELL_HEIGHT / (double)size + 0.5);
	if (used && l.height == 0)
		l.height = 1;
	return l;
}

static bool same_look(const struct look *a, const struct look *b)
{
	return a->kind == b->kind && a->height == b->height &&
	       a->owner == b->owner && !a->marked && !b->marked &&
	       a->owners < 2 && b->owners < 2;
}

static const char *path_of(const struct picture *p, uint32_t ino)
{
	size_t lo = 0, hi = p->n_labels;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (p->labels[mid].ino < ino)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < p->n_labels ? p->labels[lo].text : "";
}

/* Cells [@from, @to) in words. */
static void say_range(const struct picture *p, struct emit *out,
		      uint32_t from, uint32_t to)
{
	const struct block_map *m = &p->map;
	uint64_t free_blocks = 0;
	uint32_t i;

	for (i = from; i < to; i++)
		free_blocks += m->cells[i].blocks[BLOCKS_FREE];
	emit_text(out, "blocks %" PRIu64 " to %" PRIu64,
		  (uint64_t)from << m->cell_bits,
		  ((uint64_t)(to - 1) << m->cell_bits) +
		  block_map_size(m, to - 1) - 1);
	if (free_blocks)
		emit_text(out, ", %" PRIu64 " free", free_blocks);
}

static void say_owner(const struct picture *p, struct emit *out,
		      const struct look *l, enum block_kind owner_kind)
{
	const char *path = path_of(p, l->owner);

	emit_text(out, ": %s", owner_kind == BLOCKS_FRAGMENTED ?
		  "fragmented " : "");
	if (*path)
		picture_text(out, path);
	else
		emit_text(out, "inode %u", l->owner);
	if (l->owners > 1)
		emit_text(out, " and %u more", l->owners - 1);
}

static void draw_span(const struct picture *p, struct emit *out,
		      const struct look *l, uint32_t from, uint32_t to)
{
	const uint32_t n = columns(p), width = DRAW_INNER / n;
	const uint32_t x = from % n * width, all = (to - from) * width;

	emit_text(out, "<path class=\"%c\" d=\"M%u %uh%uv%uh-%uz\"><title>",
		  draw_kind_class(l->kind), x, CELL_HEIGHT - l->height, all,
		  l->height, all);
	say_range(p, out, from, to);
	if (l->owner)
		say_owner(p, out, l, p->map.cells[from].owner_kind);
	else
		emit_text(out, ": %s", draw_kind_name(l->kind));
	emit_text(out, "</title></path>");
	if (l->marked)
		emit_text(out, "<path class=\"w\" d=\"M%u 0h-6l6 6z\"/>",
			  x + all);
}

static void draw_row(const struct picture *p, struct emit *out,
		     uint32_t first, uint32_t y)
{
	const uint32_t n = columns(p);
	const uint32_t stop = first + n < p->map.n ? first + n : p->map.n;
	const uint32_t width = (stop - first) * (DRAW_INNER / n);
	uint32_t from = first, to;

	emit_text(out, "<g shape-rendering=\"crispEdges\" "
		  "transform=\"translate(%d %u)\">"
		  "<path class=\"e\" d=\"M0 0h%uv%dh-%uz\"><title>",
		  DRAW_LEFT, y, width, CELL_HEIGHT, width);
	say_range(p, out, first, stop);
	emit_text(out, "</title></path>\n");
	for (from = first; from < stop; from = to) {
		struct look l = look_of(p, from);

		for (to = from + 1; to < stop; to++) {
			struct look next = look_of(p, to);

			if (!same_look(&l, &next))
				break;
		}
		if (l.kind != BLOCKS_FREE)
			draw_span(p, out, &l, from, to);
	}
	emit_text(out, "</g>\n");
}

void draw_map(const struct picture *p, struct emit *out, uint32_t top)
{
	const uint32_t bits = image_geometry(p->img)->block_bits +
			      p->map.cell_bits;
	const uint32_t n = columns(p);
	char cell[NUMBER_HUMAN_LEN], row[NUMBER_HUMAN_LEN];
	uint32_t i;

	for (i = 0; i < rows(p); i++) {
		uint32_t y = top + i * ROW_STEP;

		if (i % LABEL_ROWS == 0)
			emit_text(out, "<text class=\"s n r\" x=\"%d\" "
				  "y=\"%u\">%s</text>\n", DRAW_LEFT - 6, y + 8,
				  number_human(row, (uint64_t)i * n << bits));
		draw_row(p, out, i * n, y);
	}
	emit_text(out, "<text class=\"s\" x=\"%d\" y=\"%u\">Position in the "
		  "image, row by row of %s. Each of the %u cells is %" PRIu64
		  " block%s (%s), filled as far as it is in use, in the "
		  "colour of what it has most of.</text>\n", DRAW_LEFT,
		  top + draw_map_height(p) + 16,
		  number_human(row, (uint64_t)n << bits), p->map.n,
		  UINT64_C(1) << p->map.cell_bits, p->map.cell_bits ? "s" : "",
		  number_human(cell, UINT64_C(1) << bits));
}
