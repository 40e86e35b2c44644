/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a picture looks.  The canvas, in its own units:
 *
 *	title, figures, legend	(picture_draw.c)
 *	the map of the blocks	(picture_map.c)
 *	two charts of free runs	(picture_bars.c)
 */
#ifndef E4PACK_REPORT_PICTURE_DRAW_H
#define E4PACK_REPORT_PICTURE_DRAW_H

#include "report/picture.h"

enum {
	DRAW_WIDTH = 1120,
	DRAW_LEFT = 72,		/* where the map and the charts begin */
	DRAW_INNER = 1024,	/* and how wide they are */
};

/* Draw the whole of @p, whose cells are counted and whose paths are known. */
void picture_draw(const struct picture *p, const struct frag_result *result,
		  struct emit *out);

/* The name of a kind in words, and its class in the style sheet. */
const char *draw_kind_name(enum block_kind kind);
char draw_kind_class(enum block_kind kind);

/* Height of the map of @p, and the map with its upper edge at @top. */
uint32_t draw_map_height(const struct picture *p);
void draw_map(const struct picture *p, struct emit *out, uint32_t top);

/* Height of the charts, and the charts with their upper edge at @top. */
uint32_t draw_bars_height(void);
void draw_bars(const struct picture *p, struct emit *out, uint32_t top);

#endif
