// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls that answer questions about an image. */
#include "e4pack.h"

#include <string.h>

#include "api/inspection.h"
#include "base/errors.h"
#include "pack/replay_log.h"
#include "report/cat.h"
#include "report/es.h"
#include "report/frag.h"
#include "report/info.h"
#include "report/jdump.h"
#include "report/ls.h"
#include "report/stat.h"

enum { DEFAULT_TOP = 10 };

enum e4pack_status e4pack_info(const struct e4pack_info_options *options,
			       const char *image)
{
	struct inspection inspection;
	const struct info_options info = {
		.json = options->inspect.json, .groups = options->groups,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, &options->inspect, image);

	if (!err)
		err = report_info(inspection.img, &info, &inspection.out);
	return inspection_end(&inspection, err);
}

enum e4pack_status e4pack_ls(const struct e4pack_tree_options *options,
			     const char *image, const char *const *paths,
			     size_t n)
{
	struct inspection inspection;
	const struct ls_options ls = {
		.paths = paths, .n_paths = n,
		.json = options->inspect.json, .nul = options->nul,
		.attributes = options->attributes,
		.inodes = options->inodes, .recursive = options->recursive,
		.follow = options->follow,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, &options->inspect, image);

	if (!err)
		err = report_ls(inspection.img, &ls, &inspection.out);
	return inspection_end(&inspection, err);
}

enum e4pack_status e4pack_stat(const struct e4pack_tree_options *options,
			       const char *image, const char *const *paths,
			       size_t n)
{
	struct inspection inspection;
	const struct stat_options stat = {
		.paths = paths, .n_paths = n,
		.json = options->inspect.json, .follow = options->follow,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, &options->inspect, image);

	if (!err)
		err = report_stat(inspection.img, &stat, &inspection.out);
	return inspection_end(&inspection, err);
}

enum e4pack_status e4pack_cat(const struct e4pack_tree_options *options,
			      const char *image, const char *const *paths,
			      size_t n)
{
	struct inspection inspection;
	const struct cat_options cat = {
		.paths = paths, .n_paths = n, .follow = options->follow,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, &options->inspect, image);

	if (!err)
		err = report_cat(inspection.img, &cat, &inspection.out);
	return inspection_end(&inspection, err);
}

enum e4pack_status e4pack_es(const struct e4pack_inspect_options *options,
			     const char *image, const char *const *paths,
			     size_t n)
{
	struct inspection inspection;
	const struct es_options es = {
		.paths = paths, .n_paths = n,
		.json = options->json, .width = options->width,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, options, image);

	if (!err)
		err = report_es(inspection.img, &es, &inspection.out);
	return inspection_end(&inspection, err);
}

static enum frag_form frag_form(const struct e4pack_frag_options *o)
{
	if (o->svg && !strcmp(o->svg, "-"))
		return FRAG_NOTHING;
	if (o->csv)
		return FRAG_CSV;
	return o->inspect.json ? FRAG_JSON : FRAG_TEXT;
}

static errcode_t check_frag(const struct e4pack_frag_options *o,
			    enum frag_form form, struct diag *d)
{
	if (o->csv && o->inspect.json)
		return diag_error(d, "--csv", E4PACK_ET_USAGE,
				  "does not go with --json");
	if (form == FRAG_NOTHING && (o->csv || o->inspect.json))
		return diag_error(d, "--svg", E4PACK_ET_USAGE,
				  "standard output takes the picture or the "
				  "report: name a file for the picture");
	return 0;
}

enum e4pack_status e4pack_frag(const struct e4pack_frag_options *options,
			       const char *image, const char *const *paths,
			       size_t n)
{
	struct inspection inspection;
	const struct frag_options frag = {
		.paths = paths, .n_paths = n,
		.form = frag_form(options),
		.only_worst = options->top,
		.svg = options->svg,
		.top = options->top ? options->top : DEFAULT_TOP,
		.has_fail_over = options->has_limit,
		.fail_over = options->limit,
		.progress = &inspection.session.progress,
	};
	errcode_t err = inspection_open(&inspection, &options->inspect, image);

	if (!err)
		err = check_frag(options, frag.form, &inspection.session.diag);
	if (!err)
		err = report_frag(inspection.img, &frag, &inspection.out);
	return inspection_end(&inspection, err);
}

static enum e4pack_status replay(const struct e4pack_inspect_options *options,
				 const char *image)
{
	const struct replay_log_options o = {
		.offset = options->offset, .json = options->json,
	};
	struct inspection inspection;

	inspection_begin(&inspection, options);
	return inspection_end(&inspection, replay_log(image, &o, &inspection.out,
					   &inspection.session.diag));
}

enum e4pack_status e4pack_journal(const struct e4pack_journal_options *options,
				  const char *image)
{
	struct inspection inspection;
	const struct jdump_options jdump = {
		.json = options->inspect.json,
		.progress = &inspection.session.progress,
	};
	errcode_t err;

	if (options->replay)
		return replay(&options->inspect, image);
	err = inspection_open(&inspection, &options->inspect, image);
	if (!err)
		err = report_journal(inspection.img, &jdump, &inspection.out);
	return inspection_end(&inspection, err);
}
