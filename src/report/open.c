// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening an image for a report. */
#include "report/open.h"

#include <inttypes.h>
#include <string.h>

#include "base/errors.h"
#include "journal/replay.h"

/* What is told of a log; @r was read. */
static errcode_t tell(const struct image *img, const struct replay *r)
{
	const uint32_t n = r->end.end_tid - r->end.first_tid;

	if (r->overlay.n)
		diag_note(image_diag(img), DIAG_NOTE, image_path(img),
			  "has a journal that waits to be replayed: shown as "
			  "if it were (%u transaction%s, %zu block%s)", n,
			  n == 1 ? "" : "s", r->overlay.n,
			  r->overlay.n == 1 ? "" : "s");
	if (!r->bad)
		return 0;
	return diag_warning(image_diag(img), image_path(img), "%" PRIu64
			    " of %" PRIu64 " blocks of its journal have a "
			    "wrong checksum and are left out", r->bad,
			    r->copies);
}

static errcode_t read_log(struct overlay *o, struct image *img)
{
	struct replay r;
	struct journal j;
	errcode_t err = journal_open(&j, img, NULL);

	if (err)
		return err;
	memset(&r, 0, sizeof(r));
	err = replay_read(&r, &j);
	if (!err)
		err = tell(img, &r);
	if (!err) {
		*o = r.overlay;
		memset(&r.overlay, 0, sizeof(r.overlay));
	}
	replay_release(&r);
	journal_release(&j);
	return err;
}

/* Whether the image can be shown without what failed. */
static bool can_do_without(errcode_t err)
{
	return err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_BAD_CSUM ||
	       err == E4PACK_ET_UNSUPPORTED || err == E4PACK_ET_SHORT;
}

static errcode_t show_log(struct image *img, bool *damaged)
{
	struct overlay overlay;
	errcode_t err;

	memset(&overlay, 0, sizeof(overlay));
	err = read_log(&overlay, img);
	if (can_do_without(err)) {
		*damaged = true;
		err = diag_warning(image_diag(img), image_path(img),
				   "is shown as it was before its journal");
	}
	return err ? err : image_set_overlay(img, &overlay);
}

errcode_t report_open(struct image **ret, const char *path, uint64_t offset,
		      struct diag *diag, bool *damaged)
{
	struct image *img;
	errcode_t err = image_open(&img, path, offset, diag);

	*damaged = false;
	if (err)
		return err;
	if (image_geometry(img)->needs_recovery)
		err = show_log(img, damaged);
	if (err)
		image_close(img);
	else
		*ret = img;
	return err;
}
