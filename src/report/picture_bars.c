// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The free runs by length, each bar twice as long ones as the bar before:
 * how many there are, and how much of the free space lies in them.  Both are
 * needed: a thousand runs of one block may be nothing next to one large run,
 * and still be what breaks the next file.
 */
#include "report/picture_draw.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"

enum {
	PANEL_WIDTH = 480, PANEL_STEP = 544,
	TITLE = 14, PLOT_TOP = 30, PLOT = 110,	/* from the upper edge */
	PLOT_BOTTOM = PLOT_TOP + PLOT,
	HEIGHT = PLOT_BOTTOM + 36,
	BARS_MOST = 24,
	SHORT_LEN = 24,
};

/* What both charts have along the bottom. */
struct classes {
	uint32_t n;		/* bars */
	uint32_t bits;		/* classes of lengths per bar */
	uint32_t step;		/* bars per label */
	double width;		/* of a bar with its gap */
};

/* One chart, its upper edge and left end. */
struct panel {
	const struct picture *picture;
	const struct classes *classes;
	struct emit *out;
	uint32_t left, top;
	bool share;		/* of the space, in percent; else how many */
	uint64_t all;		/* free blocks */
};

uint32_t draw_bars_height(void)
{
	return HEIGHT;
}

/* "4K": a power of 2 of bytes. */
static const char *short_size(char out[SHORT_LEN], uint32_t log2_bytes)
{
	static const char units[] = "BKMGTPE";

	snprintf(out, SHORT_LEN, "%u%c", 1u << log2_bytes % 10,
		 units[log2_bytes / 10 % (sizeof(units) - 1)]);
	return out;
}

/* "950", "1.2k", "12k", "3.4M". */
static const char *short_count(char out[SHORT_LEN], double n)
{
	static const char units[] = " kMGTPE";
	size_t unit = 0;

	for (; n >= 999.5 && unit < sizeof(units) - 2; unit++)
		n /= 1000;
	if (unit == 0)
		snprintf(out, SHORT_LEN, "%.0f", n);
	else
		snprintf(out, SHORT_LEN, n < 9.95 ? "%.1f%c" : "%.0f%c", n,
			 units[unit]);
	return out;
}

static struct classes find_classes(const struct picture *p)
{
	struct classes c = { .bits = 1 };
	uint32_t i, n = 0;

	for (i = 0; i < FREE_CLASSES; i++)
		if (p->free_runs[i])
			n = i + 1;
	while (n > BARS_MOST * c.bits)
		c.bits++;
	c.n = (uint32_t)div_round_up(n, c.bits);
	c.step = c.n > 16 ? 2 : 1;
	if (c.n)
		c.width = (double)PANEL_WIDTH / (c.n < 8 ? 8 : c.n);
	return c;
}

static void sum_bar(const struct panel *l, uint32_t bar, uint64_t *runs,
		    uint64_t *blocks)
{
	const uint32_t bits = l->classes->bits;
	uint32_t i;

	*runs = *blocks = 0;
	for (i = bar * bits; i < (bar + 1) * bits && i < FREE_CLASSES; i++) {
		*runs += l->picture->free_runs[i];
		*blocks += l->picture->free_blocks[i];
	}
}

static double bar_value(const struct panel *l, uint32_t bar)
{
	uint64_t runs, blocks;

	sum_bar(l, bar, &runs, &blocks);
	return l->share ? 100.0 * (double)blocks / (double)l->all :
			  (double)runs;
}

/* The least of 1, 2, 5, 10, ... that no bar goes over. */
static double scale(const struct panel *l)
{
	static const double steps[] = { 2, 2.5, 2 };
	double most = 1;
	uint32_t i, step = 0;

	for (i = 0; i < l->classes->n; i++)
		while (bar_value(l, i) > most)
			most *= steps[step++ % 3];
	return most;
}

static void draw_axes(const struct panel *l, double most)
{
	const uint32_t bottom = l->top + PLOT_BOTTOM;
	const char *unit = l->share ? " %" : "";
	char text[SHORT_LEN];
	int i;

	for (i = 1; i <= 2; i++) {
		uint32_t y = bottom - PLOT * (uint32_t)i / 2;

		/* Half of 1 is no number of runs. */
		if (i == 1 && !l->share && most < 2)
			continue;
		emit_text(l->out, "<path class=\"g\" d=\"M%u %uh%d\"/>",
			  l->left, y, PANEL_WIDTH);
		emit_text(l->out, "<text class=\"s n r\" x=\"%u\" "
			  "y=\"%u\">%s%s</text>", l->left - 6, y + 4,
			  short_count(text, most * i / 2), unit);
	}
	emit_text(l->out, "<path class=\"a\" d=\"M%u %uv%dh%d\"/>"
		  "<text class=\"s n r\" x=\"%u\" y=\"%u\">0%s</text>\n"
		  "<text class=\"s c\" x=\"%u\" y=\"%u\">length of the free "
		  "run, at least</text>\n", l->left, l->top + PLOT_TOP, PLOT,
		  PANEL_WIDTH, l->left - 6, bottom + 4, unit,
		  l->left + PANEL_WIDTH / 2, bottom + 32);
}

static void say_bar(const struct panel *l, uint32_t bar)
{
	const struct image_geometry *geo = image_geometry(l->picture->img);
	const uint32_t bits = l->classes->bits;
	char from[SHORT_LEN], to[SHORT_LEN], size[NUMBER_HUMAN_LEN];
	uint64_t runs, blocks;

	sum_bar(l, bar, &runs, &blocks);
	emit_text(l->out, "<title>from %s to under %s: %" PRIu64 " run%s, %s"
		  "</title>",
		  short_size(from, geo->block_bits + bar * bits),
		  short_size(to, geo->block_bits + (bar + 1) * bits), runs,
		  runs == 1 ? "" : "s",
		  number_human(size, blocks << geo->block_bits));
}

static void draw_bar(const struct panel *l, uint32_t bar, double most)
{
	const double value = bar_value(l, bar), width = l->classes->width;
	const double x = l->left + bar * width;
	const uint32_t bottom = l->top + PLOT_BOTTOM;
	double height = value * PLOT / most;
	char text[SHORT_LEN];

	if ((l->classes->n - 1 - bar) % l->classes->step == 0)
		emit_text(l->out, "<text class=\"s n c\" x=\"%.1f\" "
			  "y=\"%u\">%s</text>", x + width / 2, bottom + 14,
			  short_size(text,
				     image_geometry(l->picture->img)->
				     block_bits + bar * l->classes->bits));
	if (value == 0)
		return;
	if (height < 1.5)
		height = 1.5;
	emit_text(l->out, "<rect class=\"b\" x=\"%.1f\" y=\"%.1f\" "
		  "width=\"%.1f\" height=\"%.1f\">", x + width * 0.15,
		  bottom - height, width * 0.7, height);
	say_bar(l, bar);
	emit_text(l->out, "</rect><text class=\"n c\" x=\"%.1f\" y=\"%.1f\">"
		  "%s</text>\n", x + width / 2, bottom - height - 3,
		  l->share && value < 0.5 ? "&lt;1" :
		  short_count(text, value));
}

static void draw_panel(const struct panel *l, const char *title)
{
	const double most = scale(l);
	uint32_t i;

	emit_text(l->out, "<text x=\"%u\" y=\"%u\">%s</text>\n", l->left,
		  l->top + TITLE, title);
	draw_axes(l, most);
	for (i = 0; i < l->classes->n; i++)
		draw_bar(l, i, most);
}

void draw_bars(const struct picture *p, struct emit *out, uint32_t top)
{
	const struct classes c = find_classes(p);
	struct panel l = { .picture = p, .classes = &c, .out = out,
			   .left = DRAW_LEFT, .top = top };
	uint32_t i;

	for (i = 0; i < FREE_CLASSES; i++)
		l.all += p->free_blocks[i];
	if (l.all == 0) {
		emit_text(out, "<text x=\"%d\" y=\"%u\">There are no free "
			  "blocks.</text>\n", DRAW_LEFT, top + TITLE);
		return;
	}
	draw_panel(&l, "Number of free runs, by their length");
	l.left += PANEL_STEP;
	l.share = true;
	draw_panel(&l, "Share of the free space, by the length of its "
		   "runs");
}
