// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The frame of a picture.  The colours are told apart also by those who see
 * few of them: they differ in lightness as well.  Background and text have
 * colours of their own, so that a dark viewer changes nothing.
 */
#include "report/picture_draw.h"

#include <inttypes.h>
#include <string.h>

#include "base/number.h"

enum {
	LEGEND_TOP = 72, LEGEND_STEP = 146,
	MAP_TOP = 122, BELOW_MAP = 34, BELOW_BARS = 12,
};

static const struct {
	const char *name;
	char class;
	const char *colour;
} kinds[BLOCK_KINDS] = {
	[BLOCKS_FILE] = { "files", 'f', "#56b4e9" },
	[BLOCKS_FRAGMENTED] = { "fragmented files", 'x', "#d55e00" },
	[BLOCKS_FOLDER] = { "folders", 'd', "#f0c808" },
	[BLOCKS_JOURNAL] = { "journal", 'j', "#7d3c98" },
	[BLOCKS_OTHER] = { "metadata, other", 'm', "#2b3138" },
	[BLOCKS_FREE] = { "free", 'e', "#e6eaee" },
};

const char *draw_kind_name(enum block_kind kind)
{
	return kinds[kind].name;
}

char draw_kind_class(enum block_kind kind)
{
	return kinds[kind].class;
}

static void draw_style(struct emit *out)
{
	size_t i;

	emit_text(out, "<style>text{font:12px sans-serif;fill:#1b1f23}"
		  ".t{font-size:20px;font-weight:bold}.s{fill:#57606a}"
		  ".r{text-anchor:end}.c{text-anchor:middle}"
		  ".n{font-size:10px}.w{fill:#7a1f00}.b{fill:#2f6f9f}"
		  ".a{stroke:#8c959f;fill:none}.g{stroke:#e6eaee;fill:none}");
	for (i = 0; i < BLOCK_KINDS; i++)
		emit_text(out, ".%c{fill:%s}", kinds[i].class,
			  kinds[i].colour);
	emit_text(out, "</style>\n");
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The name of the file without its folders. */
static void draw_name(const struct picture *p, struct emit *out)
{
	const char *path = image_path(p->img), *slash = strrchr(path, '/');
	char label[PICTURE_LABEL_LEN];

	if (slash && slash[1])
		path = slash + 1;
	picture_label(label, path, strlen(path));
	picture_text(out, label);
}

static void draw_heading(const struct picture *p,
			 const struct frag_result *r, struct emit *out)
{
	const struct image_geometry *geo = image_geometry(p->img);
	const struct frag_totals *t = &r->totals;
	char size[NUMBER_HUMAN_LEN];

	emit_text(out, "<text class=\"t\" x=\"%d\" y=\"30\">", DRAW_LEFT);
	draw_name(p, out);
	emit_text(out, "</text>\n<text class=\"s\" x=\"%d\" y=\"51\">%s, "
		  "%" PRIu64 " blocks of %u bytes; %" PRIu64 " file%s with "
		  "blocks in %" PRIu64 " extent%s, %" PRIu64 " fragmented; "
		  "score %.2f; %" PRIu64 " free run%s</text>\n", DRAW_LEFT,
		  number_human(size, geo->blocks << geo->block_bits),
		  geo->blocks, geo->block_size, t->files, plural(t->files),
		  t->counts.extents, plural(t->counts.extents),
		  t->fragmented, frag_counts_score_shown(&t->counts),
		  r->free.runs, plural(r->free.runs));
}

static void draw_legend_text(struct emit *out, uint32_t x, const char *name)
{
	emit_text(out, "<text x=\"%u\" y=\"%d\">%s</text>"
		  "<text class=\"s\" x=\"%u\" y=\"%d\">", x + 20,
		  LEGEND_TOP + 11, name, x + 20, LEGEND_TOP + 27);
}

/* Blocks as a size and a share of the image. */
static void draw_amount(const struct picture *p, struct emit *out,
			uint64_t blocks)
{
	const double share = 100.0 * (double)blocks / (double)p->map.blocks;
	char size[NUMBER_HUMAN_LEN];

	number_human(size, blocks << image_geometry(p->img)->block_bits);
	if (blocks && share < 0.1)
		emit_text(out, "%s, &lt;0.1 %%</text>\n", size);
	else
		emit_text(out, "%s, %.1f %%</text>\n", size, share);
}

/* The legend is the sum of the map, too. */
static void draw_legend(const struct picture *p, struct emit *out)
{
	uint64_t sum[BLOCK_KINDS] = { 0 }, marked = 0;
	uint32_t i, kind, x = DRAW_LEFT;

	for (i = 0; i < p->map.n; i++) {
		for (kind = 0; kind < BLOCK_KINDS; kind++)
			sum[kind] += p->map.cells[i].blocks[kind];
		marked += p->map.cells[i].blocks[BLOCKS_FRAGMENTED] != 0;
	}
	for (kind = 0; kind < BLOCK_KINDS; kind++, x += LEGEND_STEP) {
		emit_text(out, "<rect class=\"%c\" x=\"%u\" y=\"%d\" "
			  "width=\"14\" height=\"12\"/>",
			  kinds[kind].class, x, LEGEND_TOP);
		draw_legend_text(out, x, kinds[kind].name);
		draw_amount(p, out, sum[kind]);
	}
	emit_text(out, "<path class=\"f\" d=\"M%u %dh14v12h-14z\"/>"
		  "<path class=\"w\" d=\"M%u %dh-8l8 8z\"/>", x, LEGEND_TOP,
		  x + 14, LEGEND_TOP);
	draw_legend_text(out, x, "fragments in it");
	emit_text(out, "%" PRIu64 " cell%s</text>\n", marked, plural(marked));
}

void picture_draw(const struct picture *p, const struct frag_result *result,
		  struct emit *out)
{
	const uint32_t bars = MAP_TOP + draw_map_height(p) + BELOW_MAP;
	const uint32_t height = bars + draw_bars_height() + BELOW_BARS;

	emit_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		  "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		  "viewBox=\"0 0 %d %u\">\n<title>", DRAW_WIDTH, height);
	draw_name(p, out);
	emit_text(out, ": map of its blocks</title>\n");
	draw_style(out);
	emit_text(out, "<rect width=\"%d\" height=\"%u\" fill=\"#fff\"/>\n",
		  DRAW_WIDTH, height);
	draw_heading(p, result, out);
	draw_legend(p, out);
	draw_map(p, out, MAP_TOP);
	draw_bars(p, out, bars);
	emit_text(out, "</svg>\n");
}
