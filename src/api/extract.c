// SPDX-License-Identifier: GPL-2.0-or-later
/* The call that takes objects out of an image. */
#include "e4pack.h"

#include <errno.h>
#include <string.h>

#include "api/inspection.h"
#include "base/errors.h"
#include "base/fileio.h"
#include "base/target.h"
#include "report/extract.h"

/* What taking out needs besides what is asked for. */
struct extraction {
	struct inspection in;
	const struct e4pack_extract_options *options;
};

/* An archive that goes where reports go.  A reader that has seen enough and
 * closed its end of a pipe needs no message. */
static errcode_t put_out(void *arg, const void *data, size_t len)
{
	struct extraction *x = arg;
	const struct e4pack_inspect_options *o = &x->options->inspect;
	errcode_t err = o->output ? o->output(o->output_arg, data, len) : 0;

	if (err == EPIPE)
		return E4PACK_ET_INTERRUPTED;
	return err ? diag_error(&x->in.session.diag, NULL, err,
				"cannot write the archive") : 0;
}

static errcode_t put_in_file(void *arg, const void *data, size_t len)
{
	struct target *t = arg;
	errcode_t err = io_write(t->fd, data, len);

	return err ? diag_error(t->diag, t->path, err, "cannot be written") :
		     0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Open the file of an archive; it may not be the image. */
static errcode_t open_file(struct target *t, struct extraction *x)
{
	const struct target_options how = { .force = x->options->force };
	struct diag *diag = &x->in.session.diag;
	struct stat st;
	errcode_t err;

	err = target_open(t, x->options->archive, &how, diag);
	if (err || stat(image_path(x->in.img), &st))
		return err;
	if (!is_same(&st, &t->st) &&
	    !(t->replaces && is_same(&st, &t->replaced)))
		return 0;
	target_abort(t);
	return diag_error(diag, x->options->archive, E4PACK_ET_USAGE,
			  "is the image itself");
}

static errcode_t to_file(struct extraction *x, struct extract_options *o)
{
	struct target t;
	errcode_t err;

	memset(&t, 0, sizeof(t));
	err = open_file(&t, x);
	if (err)
		return err;
	o->sink = put_in_file;
	o->sink_arg = &t;
	err = report_extract(x->in.img, o);
	/* What was passed over is told; the rest is as good as it can be. */
	if (!err || err == E4PACK_ET_BAD_IMAGE) {
		errcode_t failed = target_commit(&t);

		return failed ? failed : err;
	}
	target_abort(&t);
	return err;
}

static errcode_t extract(struct extraction *x, struct extract_options *o)
{
	if (!o->directory == !o->archive)
		return diag_error(&x->in.session.diag, NULL, E4PACK_ET_USAGE,
				  "needs a folder (-C) or an archive (-o)");
	if (o->directory || !strcmp(o->archive, "-"))
		return report_extract(x->in.img, o);
	return to_file(x, o);
}

enum e4pack_status e4pack_extract(const struct e4pack_extract_options *options,
				  const char *image, const char *const *paths,
				  size_t n)
{
	struct extraction x = { .options = options };
	struct extract_options o = {
		.paths = paths, .n_paths = n,
		.directory = options->directory, .force = options->force,
		.archive = options->archive, .sink = put_out, .sink_arg = &x,
		.progress = &x.in.session.progress,
	};
	errcode_t err = inspection_open(&x.in, &options->inspect, image);

	if (!err)
		err = extract(&x, &o);
	return inspection_end(&x.in, err);
}
