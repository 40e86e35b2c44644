// SPDX-License-Identifier: GPL-2.0-or-later
/* The public calls that build, and the report of their totals. */
#include "e4pack.h"

#include <inttypes.h>

#include "api/session.h"
#include "base/emit.h"
#include "base/number.h"
#include "pack/batch.h"
#include "pack/create.h"
#include "pack/edit.h"

enum e4pack_status e4pack_create(const struct e4pack_options *options,
				 const char *image,
				 const char *const *sources, size_t n,
				 struct e4pack_totals *totals)
{
	struct e4pack_totals unused;
	struct session s;

	session_begin(&s, &options->session);
	return session_end(&s, pack_create(options, image, sources, n,
					   totals ? totals : &unused, &s.diag,
					   &s.progress));
}

enum e4pack_status e4pack_plan(const struct e4pack_options *options,
			       const char *const *sources, size_t n,
			       struct e4pack_totals *totals)
{
	struct session s;

	session_begin(&s, &options->session);
	return session_end(&s, pack_create(options, NULL, sources, n, totals,
					   &s.diag, &s.progress));
}

enum e4pack_status e4pack_batch_new(const struct e4pack_batch_options *options,
				    const char *image,
				    const char *const *scripts, size_t n,
				    struct e4pack_totals *totals)
{
	struct e4pack_totals unused;
	struct session s;

	session_begin(&s, &options->build.session);
	return session_end(&s, pack_batch(options, image, scripts, n,
					  totals ? totals : &unused, &s.diag,
					  &s.progress));
}

enum e4pack_status e4pack_batch(const struct e4pack_batch_options *options,
				const char *image,
				const char *const *scripts, size_t n)
{
	struct session s;

	session_begin(&s, &options->build.session);
	return session_end(&s, pack_batch_edit(options, image, scripts, n,
					       &s.diag, &s.progress));
}

enum e4pack_status e4pack_add(const struct e4pack_options *options,
			      const char *image, const char *const *sources,
			      size_t n)
{
	struct session s;

	session_begin(&s, &options->session);
	return session_end(&s, pack_add(options, image, sources, n, &s.diag,
					&s.progress));
}

const char *e4pack_version(void)
{
	return PACKAGE_VERSION;
}

static void show_json(struct emit *e, const struct e4pack_totals *t)
{
	const struct {
		const char *key;
		uint64_t value;
	} rows[] = {
		{ "block_size", t->block_size },
		{ "blocks", t->blocks },
		{ "bytes", t->bytes },
		{ "inodes", t->inodes },
		{ "inodes_used", t->inodes_used },
		{ "data_blocks", t->data_blocks },
		{ "metadata_blocks", t->metadata_blocks },
		{ "journal_blocks", t->journal_blocks },
		{ "free_blocks", t->free_blocks },
		{ "files", t->files },
		{ "directories", t->directories },
		{ "symlinks", t->symlinks },
		{ "hardlinks", t->hardlinks },
		{ "specials", t->specials },
		{ "extents", t->extents },
		{ "reserved_blocks", t->reserved_blocks },
		{ "allocated_blocks", t->allocated_blocks },
		{ "flushes", t->flushes },
	};
	json_t *doc = json_object();
	size_t i;

	for (i = 0; doc && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (json_object_set_new(doc, rows[i].key,
					json_integer((json_int_t)
						     rows[i].value))) {
			json_decref(doc);
			doc = NULL;
		}
	}
	emit_json(e, doc);
}

static void show_blocks(struct emit *e, const struct e4pack_totals *t,
			const char *name, uint64_t blocks)
{
	char human[NUMBER_HUMAN_LEN];

	emit_text(e, "  %-11s%12" PRIu64 " blocks %12s\n", name, blocks,
		  number_human(human, blocks * t->block_size));
}

static void show_text(struct emit *e, const struct e4pack_totals *t)
{
	char human[NUMBER_HUMAN_LEN];

	emit_text(e, "size         %12" PRIu64 " bytes  %12s\n", t->bytes,
		  number_human(human, t->bytes));
	emit_text(e, "blocks       %12" PRIu64 " of %u bytes\n", t->blocks,
		  t->block_size);
	show_blocks(e, t, "data", t->data_blocks);
	show_blocks(e, t, "metadata", t->metadata_blocks);
	show_blocks(e, t, "journal", t->journal_blocks);
	show_blocks(e, t, "free", t->free_blocks);
	emit_text(e, "inodes       %12" PRIu64 ", %" PRIu64 " used\n",
		  t->inodes, t->inodes_used);
	emit_text(e, "files        %12" PRIu64 " in %" PRIu64 " extents\n",
		  t->files, t->extents);
	emit_text(e, "directories  %12" PRIu64 "\n", t->directories);
	emit_text(e, "symlinks     %12" PRIu64 "\n", t->symlinks);
	emit_text(e, "hard links   %12" PRIu64 "\n", t->hardlinks);
	emit_text(e, "specials     %12" PRIu64 "\n", t->specials);
	emit_text(e, "reserved     %12" PRIu64 " blocks, %" PRIu64
		  " allocated in %" PRIu64 " flush\n", t->reserved_blocks,
		  t->allocated_blocks, t->flushes);
}

enum e4pack_status e4pack_show_totals(const struct e4pack_session *session,
				      const struct e4pack_totals *totals,
				      bool json, e4pack_output *output,
				      void *output_arg)
{
	struct session s;
	struct emit e;
	errcode_t err;

	session_begin(&s, session);
	emit_init(&e, output, output_arg);
	if (json)
		show_json(&e, totals);
	else
		show_text(&e, totals);
	err = emit_finish(&e);
	if (err)
		diag_error(&s.diag, "standard output", err,
			   "cannot be written");
	return session_end(&s, err);
}
