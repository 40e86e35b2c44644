// SPDX-License-Identifier: GPL-2.0-or-later
/* The file that an archive is in, as a stream and as an origin. */
#include "source/archive_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"

/* How long a wait for a pipe may keep a stop request unseen, in ms. */
struct file_stream {
	struct stream stream;
	struct archive_file *file;
	const struct source_options *options;
	uint64_t pos;		/* bytes from the archive's first one */
};

static struct archive_file *of_origin(struct origin *o)
{
	return (struct archive_file *)o;
}

static errcode_t origin_open(struct origin *o, struct origin_reader *r,
			     struct diag *diag)
{
	struct archive_file *f = of_origin(o);

	(void)diag;
	r->origin = o;
	r->fd = f->fd;
	r->base = f->start;
	return 0;
}

static errcode_t origin_read(struct origin_reader *r, void *data, size_t len,
			     uint64_t offset, struct diag *diag)
{
	struct archive_file *f = of_origin(r->origin);
	size_t got = 0;
	errcode_t err;

	err = io_pread(f->fd, data, len, f->start + offset, &got);
	if (err)
		return diag_error(diag, f->name, err, "cannot be read");
	if (got < len)
		return diag_error(diag, f->name, E4PACK_ET_CHANGED,
				  "was cut short while it was read");
	return 0;
}

static errcode_t origin_close(struct origin_reader *r, struct diag *diag)
{
	return diag ? archive_file_check(of_origin(r->origin), diag) : 0;
}

static void origin_free(struct origin *o)
{
	struct archive_file *f = of_origin(o);

	if (f->fd >= 0)
		close(f->fd);
	free(f->name);
	free(f);
}

static const struct origin_ops archive_file_ops = {
	.open = origin_open,
	.read = origin_read,
	.close = origin_close,
	.free = origin_free,
};

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

errcode_t archive_file_check(const struct archive_file *f, struct diag *diag)
{
	struct stat st;

	if (!f->regular)
		return 0;
	if (fstat(f->fd, &st))
		return diag_error(diag, f->name, errno, "cannot be examined");
	if (st.st_size != f->st.st_size ||
	    !same_time(st.st_mtim, f->st.st_mtim) ||
	    !same_time(st.st_ctim, f->st.st_ctim))
		return diag_error(diag, f->name, E4PACK_ET_CHANGED,
				  "changed while it was read");
	return 0;
}

static errcode_t read_file(struct archive_file *f, struct progress *progress,
			   void *data, size_t len, uint64_t pos, size_t *got)
{
	if (f->regular)
		return io_pread(f->fd, data, len, f->start + pos, got);
	return io_read_stoppable(f->fd, data, len, got, progress);
}

/* Whether the file is the image, or what the image will replace. */
static bool is_target(const struct stat *st, const struct source_options *o)
{
	return (o->has_target && st->st_dev == o->target_dev &&
		st->st_ino == o->target_ino) ||
	       (o->has_replaced && st->st_dev == o->replaced_dev &&
		st->st_ino == o->replaced_ino);
}

static errcode_t examine(struct archive_file *f,
			 const struct source_options *options)
{
	struct diag *diag = options->diag;
	off_t here;
	errcode_t err;

	if (fstat(f->fd, &f->st))
		return diag_error(diag, f->name, errno, "cannot be examined");
	if (is_target(&f->st, options))
		return diag_error(diag, f->name, E4PACK_ET_USAGE,
				  "is the image itself");
	if (S_ISREG(f->st.st_mode)) {
		/* Standard input may have been read from before. */
		here = lseek(f->fd, 0, SEEK_CUR);
		f->regular = here >= 0;
		f->start = here > 0 ? here : 0;
	}
	err = read_file(f, options->progress, f->head, sizeof(f->head), 0,
			&f->head_len);
	if (err && err != E4PACK_ET_INTERRUPTED)
		diag_error(diag, f->name, err, "cannot be read");
	return err;
}

errcode_t archive_file_open(struct archive_file **ret, int fd,
			    const char *name,
			    const struct source_options *options)
{
	struct archive_file *f = calloc(1, sizeof(*f));
	errcode_t err;

	if (!f) {
		close(fd);
		return diag_nomem(options->diag);
	}
	f->origin.ops = &archive_file_ops;
	f->origin.refs = 1;
	f->fd = fd;
	f->name = strdup(name);
	err = f->name ? examine(f, options) : diag_nomem(options->diag);
	if (err) {
		origin_put(&f->origin);
		return err;
	}
	*ret = f;
	return 0;
}

static errcode_t stream_file_read(struct stream *stream, void *data,
				  size_t len, size_t *got)
{
	struct file_stream *s = (struct file_stream *)stream;
	struct archive_file *f = s->file;
	size_t head = 0, rest = 0;
	errcode_t err;

	/* The head of a pipe cannot be read again. */
	if (!f->regular && s->pos < f->head_len) {
		head = f->head_len - s->pos;
		if (head > len)
			head = len;
		memcpy(data, f->head + s->pos, head);
	}
	err = read_file(f, s->options->progress, (uint8_t *)data + head,
			len - head, s->pos + head, &rest);
	if (err && err != E4PACK_ET_INTERRUPTED)
		diag_error(s->options->diag, f->name, err, "cannot be read");
	if (err)
		return err;
	*got = head + rest;
	s->pos += *got;
	return 0;
}

static uint64_t stream_file_pass(struct stream *stream, uint64_t len)
{
	struct file_stream *s = (struct file_stream *)stream;
	uint64_t at = s->file->start + s->pos;
	uint64_t size = s->file->st.st_size;
	uint64_t left = size > at ? size - at : 0;

	if (!s->file->regular)
		return 0;
	if (len > left)
		len = left;
	s->pos += len;
	return len;
}

static void stream_file_free(struct stream *stream)
{
	struct file_stream *s = (struct file_stream *)stream;

	origin_put(&s->file->origin);
	free(s);
}

static const struct stream_ops file_stream_ops = {
	.read = stream_file_read,
	.pass = stream_file_pass,
	.free = stream_file_free,
};

struct stream *archive_file_stream(struct archive_file *f,
				   const struct source_options *options)
{
	struct file_stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->stream.ops = &file_stream_ops;
	s->file = f;
	s->options = options;
	origin_get(&f->origin);
	return &s->stream;
}
