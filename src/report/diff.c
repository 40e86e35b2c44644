// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two images side by side.  First their blocks, in physical order; then both
 * trees at once in the order of full paths, as sorted lists are merged: the
 * lesser path is only in its image, equal ones are compared.
 */
#include "report/diff.h"

#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "report/diff_inode.h"
#include "report/diff_links.h"
#include "report/walk.h"

struct diff_report {
	const struct diff_options *options;
	struct emit *out;
	struct diff_result result;
	struct diff_pair pair;
	struct diff_links links;
	struct walk *a, *b;
	const struct walk_item *at_a, *at_b;	/* NULL behind the last */
	bool damaged;
};

static enum diff_change change_of(uint32_t ways)
{
	if (ways & DIFF_IS_CONTENT)
		return DIFF_BY_CONTENT;
	if (ways & ~(uint32_t)DIFF_IS_LAYOUT)
		return DIFF_BY_ATTRIBUTES;
	return ways ? DIFF_BY_LAYOUT : DIFF_SAME;
}

static errcode_t tell(struct diff_report *r, const char *path,
		      enum diff_change change, uint32_t ways)
{
	const struct diff_row row = {
		.path = path, .change = change, .ways = ways,
	};

	r->result.names[change]++;
	if (change != DIFF_SAME)
		diff_show_row(&row, r->options->json, r->out);
	return r->out->err;
}

static bool has_links(const struct inode_info *i)
{
	return i->links > 1 && !S_ISDIR(i->mode);
}

/* Compare what a name is in both images; several names of one file are
 * compared once. */
static errcode_t compare(struct diff_report *r, uint32_t *ways)
{
	const struct inode_info *i = r->at_a->inode, *j = r->at_b->inode;
	const bool linked = has_links(i) || has_links(j);
	enum link_state state = LINK_OTHER;
	errcode_t err;

	if (linked)
		state = diff_links_find(&r->links, i->ino, j->ino, ways);
	if (state == LINK_SAME)
		return 0;
	err = diff_inodes(ways, &r->pair, i, j);
	if (err || !linked)
		return err;
	if (state == LINK_OTHER)
		*ways |= 1 << DIFF_LINKS;
	else if (diff_links_add(&r->links, i->ino, j->ino, *ways))
		return diag_nomem(image_diag(r->pair.a.img));
	return 0;
}

static errcode_t meet_both(struct diff_report *r)
{
	uint32_t ways = 0;
	errcode_t err = compare(r, &ways);

	if (err == E4PACK_ET_BAD_IMAGE) {
		r->damaged = true;
		return 0;
	}
	return err ? err : tell(r, r->at_a->path, change_of(ways), ways);
}

/* Tell of the lesser of the two names, and go on behind it. */
static errcode_t step(struct diff_report *r)
{
	int order = !r->at_a ? 1 : !r->at_b ? -1 :
		    strcmp(r->at_a->path, r->at_b->path);
	errcode_t err;

	if (order < 0)
		err = tell(r, r->at_a->path, DIFF_REMOVED, 0);
	else if (order > 0)
		err = tell(r, r->at_b->path, DIFF_ADDED, 0);
	else
		err = meet_both(r);
	if (!err)
		err = progress_add(r->options->progress, 1);
	if (!err && order <= 0)
		err = walk_next(r->a, &r->at_a);
	if (!err && order >= 0)
		err = walk_next(r->b, &r->at_b);
	return err;
}

static errcode_t walk_both(struct diff_report *r)
{
	errcode_t err = walk_begin(&r->a, r->pair.a.img);

	if (!err)
		err = walk_begin(&r->b, r->pair.b.img);
	if (!err)
		err = walk_next(r->a, &r->at_a);
	if (!err)
		err = walk_next(r->b, &r->at_b);
	progress_begin(r->options->progress, "comparing names", 0);
	while (!err && (r->at_a || r->at_b))
		err = step(r);
	if (walk_end(r->a))
		r->damaged = true;
	if (walk_end(r->b))
		r->damaged = true;
	return err;
}

static bool anything_differs(const struct diff_result *r)
{
	const struct diff_blocks *b = &r->blocks;
	int change;

	for (change = 0; change < DIFF_SAME; change++)
		if (r->names[change])
			return true;
	return b->differ || b->only_first || b->only_second;
}

errcode_t report_diff(struct image *a, struct image *b,
		      const struct diff_options *options, struct emit *out)
{
	struct diff_report r = { .options = options, .out = out };
	errcode_t err = diff_blocks_compare(&r.result.blocks, a, b,
					    options->progress);

	diff_links_init(&r.links);
	diff_pair_init(&r.pair, a, b, &r.result.blocks, options->progress);
	if (!err)
		err = walk_both(&r);
	if (!err)
		diff_show_sums(&r.result, image_geometry(a)->block_size,
			       options->json, out);
	if (!err && r.damaged)
		err = E4PACK_ET_BAD_IMAGE;
	if (!err && anything_differs(&r.result))
		err = E4PACK_ET_ANSWER_NO;
	diff_pair_release(&r.pair);
	diff_links_release(&r.links);
	diff_blocks_release(&r.result.blocks);
	return err ? err : out->err;
}
