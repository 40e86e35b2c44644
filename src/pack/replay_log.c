// SPDX-License-Identifier: GPL-2.0-or-later
/* Replaying the journal of an image that is held alone. */
#include "pack/replay_log.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "image/hold.h"
#include "journal/replay.h"

struct job {
	const struct replay_log_options *options;
	struct emit *out;
	struct diag *diag;
	const char *path;
	struct image *img;
	struct journal journal;
	struct replay replay;
};

static void tell(const struct job *job)
{
	const struct replay *r = &job->replay;
	uint32_t n = r->end.end_tid - r->end.first_tid;

	if (job->options->json) {
		emit_json(job->out, json_pack("{s:I,s:I,s:I,s:I}",
			"transactions", (json_int_t)n,
			"copies", (json_int_t)r->copies,
			"revoked", (json_int_t)r->revoked,
			"blocks_written", (json_int_t)r->overlay.n));
		return;
	}
	if (!n)
		emit_text(job->out, "nothing to replay\n");
	else
		emit_text(job->out, "replayed %u transaction%s: %" PRIu64
			  " copies, %" PRIu64 " revoked, %zu blocks written\n",
			  n, n == 1 ? "" : "s", r->copies, r->revoked,
			  r->overlay.n);
}

errcode_t replay_check_idle(const struct journal *j)
{
	if (!j->super.start)
		return 0;
	return diag_error(j->place.diag, j->place.path, E4PACK_ET_BAD_IMAGE,
			  "its journal is not empty, but it does not need "
			  "recovery: the kernel discards such a journal, "
			  "e2fsck replays it");
}

static errcode_t replay(struct job *job)
{
	errcode_t err;

	if (!image_geometry(job->img)->needs_recovery)
		return replay_check_idle(&job->journal);
	err = replay_read(&job->replay, &job->journal);
	return err ? err : replay_write(&job->replay, &job->journal);
}

static errcode_t replay_held(struct job *job, int fd)
{
	struct journal_file file = {
		.fd = fd, .offset = job->options->offset,
		.path = job->path, .diag = job->diag,
	};
	struct journal_io io;
	errcode_t err;

	if (!image_is_file(job->img, fd))
		return diag_error(job->diag, job->path, E4PACK_ET_CHANGED,
				  NULL);
	err = image_check_mmp(job->img);
	if (err)
		return err;
	journal_io_file(&io, &file);
	err = journal_open(&job->journal, job->img, &io);
	if (err)
		return err;
	err = replay(job);
	if (!err)
		tell(job);
	replay_release(&job->replay);
	journal_release(&job->journal);
	return err;
}

errcode_t replay_log(const char *path, const struct replay_log_options *o,
		     struct emit *out, struct diag *diag)
{
	struct job job = { .options = o, .out = out, .diag = diag,
			   .path = path };
	int fd = -1;
	errcode_t err = image_hold(&fd, path, diag);

	if (err)
		return err;
	err = image_open(&job.img, path, o->offset, diag);
	if (!err)
		err = replay_held(&job, fd);
	image_close(job.img);
	close(fd);
	return err;
}
