// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log is walked twice: once for the blocks it has copies of, whose owners
 * are then looked for all at once, and once for showing it.
 */
#include "report/jdump.h"

#include <string.h>

#include "base/errors.h"

static errcode_t want(void *arg, const struct log_event *e)
{
	struct jdump *d = arg;

	if (e->kind != LOG_DATA)
		return 0;
	return owners_want(&d->owners, e->home) ?
	       diag_nomem(image_diag(d->img)) : 0;
}

static errcode_t show(void *arg, const struct log_event *e)
{
	struct jdump *d = arg;
	const struct progress *p = d->options->progress;
	errcode_t err = p ? progress_check(p) : 0;

	if (err)
		return err;
	/* Only what recovery would use is damage; the rest is a remnant. */
	if (e->check == LOG_BAD && jbd_tid_before(e->tid, d->end.end_tid))
		d->bad = true;
	jdump_event(d, e);
	return d->out->err;
}

/* The end of a report.  What report_open() has told is not told again. */
static errcode_t judge(const struct jdump *d)
{
	bool told = image_geometry(d->img)->needs_recovery;

	if (d->bad || (d->end.why == LOG_STOP_DAMAGED && !told))
		return diag_error(image_diag(d->img), image_path(d->img),
				  E4PACK_ET_BAD_IMAGE,
				  "the journal is damaged: run e2fsck");
	return d->owners.damaged ? E4PACK_ET_BAD_IMAGE : 0;
}

errcode_t report_journal(struct image *img,
			 const struct jdump_options *options,
			 struct emit *out)
{
	struct jdump d = { .img = img, .options = options, .out = out };
	struct log_visitor v = { .visit = want, .arg = &d };
	struct log_end again;
	errcode_t err = journal_open(&d.journal, img, NULL);

	if (err)
		return err;
	err = log_walk(&d.end, &d.journal, &v);
	if (!err)
		err = owners_find(&d.owners, img, options->progress);
	if (!err) {
		jdump_super(&d);
		v.visit = show;
		v.check_data = true;
		err = log_walk(&again, &d.journal, &v);
	}
	if (!err)
		jdump_end(&d);
	if (!err)
		err = judge(&d);
	owners_release(&d.owners);
	journal_release(&d.journal);
	return err;
}
