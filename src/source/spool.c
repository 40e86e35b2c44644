// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The spool.  Invariant: the origin's byte i is in the file for i < written,
 * in the buffer for written <= i < written + pending.
 */
#include "source/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "base/number.h"

enum { SPOOL_BUFFER = 1024 * 1024 };

struct spool {
	struct origin origin;
	int fd;
	char *name;		/* of the source */
	char *dir;		/* where the file is */
	struct diag *diag;	/* while the source is read */
	uint64_t limit;		/* bytes, 0: none */
	uint64_t written;	/* bytes in the file */
	size_t pending;		/* bytes in the buffer */
	uint8_t *buffer;
	pthread_mutex_t lock;	/* a reader may open while more is added */
};

struct origin *spool_origin(struct spool *s)
{
	return &s->origin;
}

static errcode_t write_failed(struct spool *s, struct diag *diag,
			      errcode_t err)
{
	if (err != ENOSPC && err != EDQUOT)
		return diag_error(diag, s->name, err,
				  "cannot be spooled in %s", s->dir);
	return diag_error(diag, s->name, err,
			  "no room to spool it in %s; set TMPDIR to a folder "
			  "that has more", s->dir);
}

/* Write the buffer out; the lock is held. */
static errcode_t write_pending(struct spool *s, struct diag *diag)
{
	errcode_t err;

	if (!s->pending)
		return 0;
	err = io_pwrite(s->fd, s->buffer, s->pending, s->written);
	if (err)
		return write_failed(s, diag, err);
	s->written += s->pending;
	s->pending = 0;
	return 0;
}

static errcode_t spool_reader_open(struct origin *o, struct origin_reader *r,
				   struct diag *diag)
{
	struct spool *s = (struct spool *)o;
	errcode_t err;

	pthread_mutex_lock(&s->lock);
	err = write_pending(s, diag);
	pthread_mutex_unlock(&s->lock);
	r->origin = o;
	r->fd = s->fd;
	r->base = 0;
	return err;
}

static errcode_t spool_reader_read(struct origin_reader *r, void *data,
				   size_t len, uint64_t offset,
				   struct diag *diag)
{
	struct spool *s = (struct spool *)r->origin;
	size_t got = 0;
	errcode_t err;

	err = io_pread(s->fd, data, len, offset, &got);
	if (!err && got < len)
		err = E4PACK_ET_SHORT;
	if (err)
		diag_error(diag, s->name, err, "its spool in %s cannot be read",
			   s->dir);
	return err;
}

static errcode_t spool_reader_close(struct origin_reader *r, struct diag *diag)
{
	/* No one else has the file: it cannot change. */
	(void)r;
	(void)diag;
	return 0;
}

static void spool_free(struct origin *o)
{
	struct spool *s = (struct spool *)o;

	if (s->fd >= 0)
		close(s->fd);
	pthread_mutex_destroy(&s->lock);
	free(s->buffer);
	free(s->name);
	free(s->dir);
	free(s);
}

static const struct origin_ops spool_ops = {
	.open = spool_reader_open,
	.read = spool_reader_read,
	.close = spool_reader_close,
	.free = spool_free,
};

/* Open a file without a name in @dir. */
static errcode_t open_unnamed(const char *dir, int *fd)
{
	char *path;
	errcode_t err = 0;

	*fd = TEMP_FAILURE_RETRY(open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC,
				      0600));
	if (*fd >= 0)
		return io_above_stdio(fd);
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
		return errno;
	if (asprintf(&path, "%s/e4pack-XXXXXX", dir) < 0)
		return ENOMEM;
	*fd = mkostemp(path, O_CLOEXEC);
	if (*fd < 0 || unlink(path))
		err = errno;
	free(path);
	if (err && *fd >= 0)
		close(*fd);
	if (err)
		*fd = -1;
	return err ? err : io_above_stdio(fd);
}

static const char *spool_folder(const struct source_options *options)
{
	const char *dir = options->spool_dir;

	if (!dir || !*dir)
		dir = getenv("TMPDIR");
	return dir && *dir ? dir : "/tmp";
}

errcode_t spool_open(struct spool **ret, const char *name,
		     const struct source_options *options)
{
	struct spool *s = calloc(1, sizeof(*s));
	errcode_t err;

	if (!s)
		return diag_nomem(options->diag);
	s->origin.ops = &spool_ops;
	s->origin.refs = 1;
	s->fd = -1;
	s->diag = options->diag;
	s->limit = options->spool_limit;
	pthread_mutex_init(&s->lock, NULL);
	s->name = strdup(name);
	s->dir = strdup(spool_folder(options));
	s->buffer = malloc(SPOOL_BUFFER);
	if (!s->name || !s->dir || !s->buffer) {
		err = diag_nomem(options->diag);
		goto fail;
	}
	err = open_unnamed(s->dir, &s->fd);
	if (err) {
		write_failed(s, options->diag, err);
		goto fail;
	}
	*ret = s;
	return 0;
fail:
	origin_put(&s->origin);
	return err;
}

errcode_t spool_room(struct spool *s, uint64_t len)
{
	uint64_t used = s->written + s->pending;
	char limit[NUMBER_HUMAN_LEN];

	if (!s->limit || (used <= s->limit && len <= s->limit - used))
		return 0;
	return diag_error(s->diag, s->name, E4PACK_ET_TOO_BIG,
			  "needs more than %s to spool",
			  number_human(limit, s->limit));
}

/* Append with the lock held. */
static errcode_t append(struct spool *s, const uint8_t *data, size_t len)
{
	errcode_t err = 0;
	size_t n;

	while (!err && len) {
		n = SPOOL_BUFFER - s->pending;
		if (n > len)
			n = len;
		memcpy(s->buffer + s->pending, data, n);
		s->pending += n;
		data += n;
		len -= n;
		if (s->pending == SPOOL_BUFFER)
			err = write_pending(s, s->diag);
	}
	return err;
}

errcode_t spool_add(struct spool *s, const void *data, size_t len,
		    uint64_t *offset)
{
	uint64_t at;
	errcode_t err;

	err = spool_room(s, len);
	if (err)
		return err;
	pthread_mutex_lock(&s->lock);
	at = s->written + s->pending;
	err = append(s, data, len);
	pthread_mutex_unlock(&s->lock);
	if (!err)
		*offset = at;
	return err;
}
