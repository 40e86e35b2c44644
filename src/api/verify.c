// SPDX-License-Identifier: GPL-2.0-or-later
/* The call that checks an image, and holds it against its sources. */
#include "e4pack.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "api/session.h"
#include "base/emit.h"
#include "base/errors.h"
#include "pack/compare.h"
#include "report/open.h"
#include "report/verify.h"

struct verification {
	const struct e4pack_verify_options *options;
	const char *image;
	struct session session;
	struct emit out;
	uint64_t differences;
};

static void tell_json(struct emit *out, const char *key, const char *path,
		      const char *what)
{
	json_t *doc = json_pack("{s:s}", "difference", what);

	if (doc && emit_json_name(doc, key, path, strlen(path))) {
		json_decref(doc);
		doc = NULL;
	}
	emit_json(out, doc);
}

static errcode_t tell_difference(void *arg, const char *path,
				 const char *what)
{
	struct verification *v = arg;
	char *shown;

	v->differences++;
	if (v->options->json) {
		tell_json(&v->out, "path", path, what);
		return v->out.err;
	}
	shown = diag_escape(path);
	if (!shown)
		return diag_nomem(&v->session.diag);
	emit_text(&v->out, "%s: %s\n", shown, what);
	free(shown);
	return v->out.err;
}

static void tell_sum(struct verification *v, uint64_t entries)
{
	char *shown = diag_escape(v->image);

	if (v->options->json)
		emit_json(&v->out, json_pack("{s:I, s:I}", "entries",
					     (json_int_t)entries,
					     "differences",
					     (json_int_t)v->differences));
	else if (v->differences)
		emit_text(&v->out, "%s: %" PRIu64 " differences from its "
			  "sources\n", shown ? shown : "", v->differences);
	else
		emit_text(&v->out, "%s: %" PRIu64 " names, all as in its "
			  "sources\n", shown ? shown : "", entries);
	free(shown);
}

static errcode_t compare(struct verification *v, uint64_t offset,
			 const char *const *sources, size_t n)
{
	const struct compare_options o = {
		.build = &v->options->build, .sources = sources, .n = n,
		.differs = tell_difference, .arg = v,
		.diag = &v->session.diag, .progress = &v->session.progress,
	};
	struct image *img;
	uint64_t entries = 0;
	bool damaged;
	errcode_t err = report_open(&img, v->image, offset, &v->session.diag,
				    &damaged);

	/* An image that cannot even be opened was told to be wrong. */
	if (err)
		return err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_SHORT ?
		       E4PACK_ET_ANSWER_NO : err;
	err = pack_compare(img, &o, &entries);
	image_close(img);
	if (err)
		return err;
	tell_sum(v, entries);
	return v->differences ? E4PACK_ET_ANSWER_NO : 0;
}

/* What is wrong has been told, and the image can still be read in part. */
static bool can_compare(errcode_t err)
{
	return !err || err == E4PACK_ET_ANSWER_NO;
}

enum e4pack_status e4pack_verify(const struct e4pack_verify_options *options,
				 const char *image,
				 const char *const *sources, size_t n)
{
	const uint64_t offset = options->build.has_offset ?
				options->build.offset : 0;
	struct verification v = { .options = options, .image = image };
	const struct verify_options verify = {
		.offset = offset, .json = options->json,
		.progress = &v.session.progress,
	};
	errcode_t err, failed;

	session_begin(&v.session, &options->build.session);
	emit_init(&v.out, options->output, options->output_arg);
	err = report_verify(image, &verify, &v.out, &v.session.diag);
	if (n && can_compare(err)) {
		failed = compare(&v, offset, sources, n);
		err = failed ? failed : err;
	}
	failed = emit_finish(&v.out);
	if (failed)
		err = failed == EPIPE ? E4PACK_ET_INTERRUPTED :
		      diag_error(&v.session.diag, NULL, failed,
				 "cannot write the report");
	return session_end(&v.session, err);
}
