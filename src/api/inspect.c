// SPDX-License-Identifier: GPL-2.0-or-later
/* The calls that answer questions about an image. */
#include "e4pack.h"

#include "base/diag.h"
#include "base/emit.h"
#include "base/errors.h"
#include "image/image.h"
#include "report/es.h"
#include "report/frag.h"

enum { DEFAULT_TOP = 10 };

/* What a question needs besides itself. */
struct inspection {
	const struct e4pack_session *session;
	struct diag diag;
	struct emit out;
	struct image *img;
};

static void pass_message(void *arg, enum diag_level level,
			 const char *subject, const char *text)
{
	static const enum e4pack_level levels[] = {
		[DIAG_VERBOSE] = E4PACK_VERBOSE, [DIAG_NOTE] = E4PACK_NOTE,
		[DIAG_WARNING] = E4PACK_WARNING, [DIAG_ERROR] = E4PACK_ERROR,
	};
	const struct e4pack_session *s = arg;

	if (s->message)
		s->message(s->message_arg, levels[level], subject, text);
}

static errcode_t begin(struct inspection *n,
		       const struct e4pack_inspect_options *options,
		       const char *image)
{
	n->session = &options->session;
	n->img = NULL;
	diag_init(&n->diag, pass_message, (void *)n->session);
	n->diag.strict = options->session.strict;
	emit_init(&n->out, options->output, options->output_arg);
	return image_open(&n->img, image, options->offset, &n->diag);
}

/* End an inspection whose report returned @err; a failure of the output is
 * told here, as nobody else knows of it. */
static enum e4pack_status end(struct inspection *n, errcode_t err)
{
	errcode_t failed = emit_finish(&n->out);

	if (failed) {
		err = failed;
		diag_error(&n->diag, NULL, err, "cannot write the report");
	}
	image_close(n->img);
	diag_release(&n->diag);
	if (err == E4PACK_ET_ANSWER_NO)
		return E4PACK_NO;
	return err ? E4PACK_FAILED : E4PACK_OK;
}

enum e4pack_status e4pack_es(const struct e4pack_inspect_options *options,
			     const char *image, const char *const *paths,
			     size_t n)
{
	const struct es_options es = {
		.paths = paths, .n_paths = n,
		.json = options->json, .width = options->width,
	};
	struct inspection inspection;
	errcode_t err = begin(&inspection, options, image);

	if (!err)
		err = report_es(inspection.img, &es, &inspection.out);
	return end(&inspection, err);
}

enum e4pack_status e4pack_frag(const struct e4pack_frag_options *options,
			       const char *image, const char *const *paths,
			       size_t n)
{
	const struct frag_options frag = {
		.paths = paths, .n_paths = n,
		.json = options->inspect.json,
		.top = options->top ? options->top : DEFAULT_TOP,
		.has_fail_over = options->has_limit,
		.fail_over = options->limit,
	};
	struct inspection inspection;
	errcode_t err = begin(&inspection, &options->inspect, image);

	if (!err)
		err = report_frag(inspection.img, &frag, &inspection.out);
	return end(&inspection, err);
}
