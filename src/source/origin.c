// SPDX-License-Identifier: GPL-2.0-or-later
/* Origins in memory and in an open file.  Both are read without a file
 * position, so that readers do not disturb each other. */
#include "source/origin.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"

struct memory_origin {
	struct origin origin;
	size_t len;
	uint8_t data[];
};

static errcode_t memory_open(struct origin *o, struct origin_reader *r,
			     struct diag *diag)
{
	(void)diag;
	*r = (struct origin_reader){ .origin = o, .fd = -1 };
	return 0;
}

static errcode_t memory_read(struct origin_reader *r, void *data, size_t len,
			     uint64_t offset, struct diag *diag)
{
	struct memory_origin *m = (struct memory_origin *)r->origin;

	if (offset > m->len || len > m->len - offset)
		return diag_error(diag, NULL, E4PACK_ET_CHANGED,
				  "staged text ended early");
	if (len)
		memcpy(data, m->data + offset, len);
	return 0;
}

static errcode_t memory_close(struct origin_reader *r, struct diag *diag)
{
	(void)diag;
	r->origin = NULL;
	return 0;
}

static void memory_free(struct origin *o)
{
	free(o);
}

static const struct origin_ops memory_ops = {
	.open = memory_open,
	.read = memory_read,
	.close = memory_close,
	.free = memory_free,
};

struct origin *origin_memory(const void *data, size_t len)
{
	struct memory_origin *m;

	if (len > SIZE_MAX - sizeof(*m))
		return NULL;
	m = malloc(sizeof(*m) + len);
	if (!m)
		return NULL;
	m->origin = (struct origin){ .ops = &memory_ops, .refs = 1 };
	m->len = len;
	if (len)
		memcpy(m->data, data, len);
	return &m->origin;
}

struct file_origin {
	struct origin origin;
	int fd;
	bool watched;		/* others can reach the file and change it */
	off_t size;		/* of a watched file, when it was staged */
	struct timespec mtime;	/* as @size */
	uint64_t base;
	char name[];
};

/* A spool has no name that anyone could change it by, and grows while it is
 * filled; an archive that is used where it lies has one. */
static void watch(struct file_origin *f)
{
	struct stat st;

	if (fstat(f->fd, &st) || !S_ISREG(st.st_mode) || !st.st_nlink)
		return;
	f->watched = true;
	f->size = st.st_size;
	f->mtime = st.st_mtim;
}

/* Unlike for a file of a directory, a new ctime is no change: whoever renames
 * or removes the archive meanwhile does not touch its bytes. */
static errcode_t check_unchanged(const struct file_origin *f,
				 struct diag *diag)
{
	struct stat st;

	if (!f->watched)
		return 0;
	if (fstat(f->fd, &st))
		return diag_error(diag, f->name, errno,
				  "its state cannot be read");
	if (st.st_size != f->size || st.st_mtim.tv_sec != f->mtime.tv_sec ||
	    st.st_mtim.tv_nsec != f->mtime.tv_nsec)
		return diag_error(diag, f->name, E4PACK_ET_CHANGED, NULL);
	return 0;
}

static errcode_t file_open(struct origin *o, struct origin_reader *r,
			   struct diag *diag)
{
	struct file_origin *f = (struct file_origin *)o;
	errcode_t err = check_unchanged(f, diag);

	if (err)
		return err;
	*r = (struct origin_reader){ o, f->fd, f->base };
	return 0;
}

static errcode_t file_read(struct origin_reader *r, void *data, size_t len,
			   uint64_t offset, struct diag *diag)
{
	struct file_origin *f = (struct file_origin *)r->origin;
	uint64_t at;
	size_t got;
	errcode_t err;

	if (__builtin_add_overflow(f->base, offset, &at))
		return diag_error(diag, f->name, EFBIG, "cannot be read");
	err = io_pread(r->fd, data, len, at, &got);
	if (err)
		return diag_error(diag, f->name, err, "cannot be read");
	if (got < len)
		return diag_error(diag, f->name, E4PACK_ET_CHANGED,
				  "ended early: it changed while it was read");
	return 0;
}

static errcode_t file_close(struct origin_reader *r, struct diag *diag)
{
	struct file_origin *f = (struct file_origin *)r->origin;

	*r = (struct origin_reader){ .fd = -1 };
	return diag ? check_unchanged(f, diag) : 0;
}

static void file_free(struct origin *o)
{
	struct file_origin *f = (struct file_origin *)o;

	close(f->fd);
	free(f);
}

static const struct origin_ops file_ops = {
	.open = file_open,
	.read = file_read,
	.close = file_close,
	.free = file_free,
};

struct origin *origin_file(int fd, uint64_t base, const char *name)
{
	size_t len = strlen(name) + 1;
	struct file_origin *f = calloc(1, sizeof(*f) + len);

	if (!f)
		return NULL;
	f->origin = (struct origin){ .ops = &file_ops, .refs = 1 };
	f->fd = fd;
	f->base = base;
	/* From here on @fd is the origin's. */
	memcpy(f->name, name, len);
	watch(f);
	return &f->origin;
}
