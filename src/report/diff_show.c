// SPDX-License-Identifier: GPL-2.0-or-later
/* How a comparison of two images looks. */
#include "report/diff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "report/diff_inode.h"

static const char *const changes[DIFF_CHANGES] = {
	[DIFF_ADDED] = "added",
	[DIFF_REMOVED] = "removed",
	[DIFF_BY_CONTENT] = "content",
	[DIFF_BY_ATTRIBUTES] = "attributes",
	[DIFF_BY_LAYOUT] = "layout",
	[DIFF_SAME] = "same",
};

static const char *const way_names[DIFF_WAYS] = {
	[DIFF_TYPE] = "type",
	[DIFF_CONTENT] = "content",
	[DIFF_DEVICE] = "device",
	[DIFF_MODE] = "mode",
	[DIFF_UID] = "uid",
	[DIFF_GID] = "gid",
	[DIFF_MTIME] = "mtime",
	[DIFF_XATTRS] = "xattrs",
	[DIFF_FLAGS] = "flags",
	[DIFF_LINKS] = "links",
	[DIFF_LAYOUT] = "layout",
};

static void row_text(const struct diff_row *row, struct emit *out)
{
	char *safe = diag_escape(row->path);
	const char *before = "  (";
	int way;

	if (!safe) {
		emit_json(out, NULL);
		return;
	}
	emit_text(out, "%-10s  %s", changes[row->change], safe);
	free(safe);
	/* Layout alone has been said. */
	for (way = 0; row->ways != DIFF_IS_LAYOUT && way < DIFF_WAYS; way++) {
		if (!(row->ways >> way & 1))
			continue;
		emit_text(out, "%s%s", before, way_names[way]);
		before = ", ";
	}
	emit_text(out, *before == ',' ? ")\n" : "\n");
}

static json_t *ways_json(uint32_t ways)
{
	json_t *list = json_array();
	int way;

	for (way = 0; list && way < DIFF_WAYS; way++) {
		if (ways >> way & 1 &&
		    json_array_append_new(list, json_string(way_names[way]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static void row_json(const struct diff_row *row, struct emit *out)
{
	json_t *doc = json_object();

	if (doc &&
	    (emit_json_name(doc, "path", row->path, strlen(row->path)) ||
	     json_object_set_new(doc, "change",
				 json_string(changes[row->change])) ||
	     (row->ways &&
	      json_object_set_new(doc, "differs", ways_json(row->ways))))) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}

void diff_show_row(const struct diff_row *row, bool json, struct emit *out)
{
	if (json)
		row_json(row, out);
	else
		row_text(row, out);
}

static void count_text(struct emit *out, const char *name, uint64_t n,
		       const char *more)
{
	emit_text(out, "%-24s %" PRIu64 "%s\n", name, n, more);
}

static void blocks_text(const struct diff_blocks *b, uint32_t block_size,
			struct emit *out)
{
	char size[NUMBER_HUMAN_LEN], more[NUMBER_HUMAN_LEN + 4];

	if (!b->known) {
		emit_text(out, "%-24s %s\n", "blocks compared:",
			  "none: the block sizes differ");
		return;
	}
	count_text(out, "blocks compared:", b->compared, "");
	snprintf(more, sizeof(more), " (%s)",
		 number_human(size, b->differ * block_size));
	count_text(out, "blocks that differ:", b->differ, more);
	snprintf(more, sizeof(more), " (%s)",
		 number_human(size, b->differ_in_use * block_size));
	count_text(out, "of them in use:", b->differ_in_use, more);
	if (b->only_first)
		count_text(out, "blocks only in first:", b->only_first, "");
	if (b->only_second)
		count_text(out, "blocks only in second:", b->only_second, "");
}

static void sums_text(const struct diff_result *r, uint32_t block_size,
		      struct emit *out)
{
	static const char *const names[DIFF_CHANGES] = {
		[DIFF_ADDED] = "added:",
		[DIFF_REMOVED] = "removed:",
		[DIFF_BY_CONTENT] = "changed by content:",
		[DIFF_BY_ATTRIBUTES] = "changed by attributes:",
		[DIFF_BY_LAYOUT] = "changed by layout only:",
		[DIFF_SAME] = "same:",
	};
	uint64_t changed = 0;
	int change;

	for (change = 0; change < DIFF_SAME; change++)
		changed += r->names[change];
	if (changed)
		emit_text(out, "\n");
	for (change = 0; change < DIFF_CHANGES; change++)
		count_text(out, names[change], r->names[change], "");
	blocks_text(&r->blocks, block_size, out);
}

static bool put(json_t *obj, const char *key, uint64_t value)
{
	return json_object_set_new(obj, key,
				   json_integer((json_int_t)value)) == 0;
}

/* The figures of the blocks, or null where they cannot be compared. */
static json_t *blocks_json(const struct diff_blocks *b, uint32_t block_size)
{
	json_t *obj = b->known ? json_object() : json_null();

	if (obj && b->known &&
	    !(put(obj, "block_size", block_size) &&
	      put(obj, "compared", b->compared) &&
	      put(obj, "differ", b->differ) &&
	      put(obj, "differ_in_use", b->differ_in_use) &&
	      put(obj, "only_first", b->only_first) &&
	      put(obj, "only_second", b->only_second))) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

static void sums_json(const struct diff_result *r, uint32_t block_size,
		      struct emit *out)
{
	json_t *doc = json_object();
	int change;

	for (change = 0; doc && change < DIFF_CHANGES; change++) {
		if (!put(doc, changes[change], r->names[change])) {
			json_decref(doc);
			doc = NULL;
		}
	}
	if (doc && json_object_set_new(doc, "blocks",
				       blocks_json(&r->blocks, block_size))) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}

void diff_show_sums(const struct diff_result *r, uint32_t block_size,
		    bool json, struct emit *out)
{
	if (json)
		sums_json(r, block_size, out);
	else
		sums_text(r, block_size, out);
}
