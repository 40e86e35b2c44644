// SPDX-License-Identifier: GPL-2.0-or-later
/* A batch is as large as descriptors allow, and finished when it is full. */
#include "report/extract_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "report/extract_attr.h"

enum { FILES_MOST = 128, NAME_LEN = 256 };

struct waiting_file {
	int fd;
	bool inherits, flags;
	uint64_t first;		/* block of its data, or 0 */
	struct place *place;
	struct inode_info inode;
	char name[NAME_LEN];
};

errcode_t extract_batch_init(struct extract_batch *b,
			     struct extract_state *s)
{
	struct rlimit limit;

	b->state = s;
	b->most = FILES_MOST;
	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur / 4 < b->most)
		b->most = limit.rlim_cur / 4 ? limit.rlim_cur / 4 : 1;
	b->files = calloc(b->most, sizeof(*b->files));
	return b->files ? 0 : diag_nomem(image_diag(s->img));
}

/* Take a file that is not whole away again. */
static void undo(struct extract_batch *b, struct waiting_file *f)
{
	int folder;

	if (!place_fd(f->place, &folder) && !unlinkat(folder, f->name, 0))
		b->state->undone++;
}

static errcode_t close_file(struct waiting_file *f)
{
	errcode_t err = io_close(f->fd);

	f->fd = -1;
	return err;
}

static errcode_t fill(struct extract_batch *b, struct waiting_file *f,
		      const char *path)
{
	const struct attr_spot spot = {
		.fd = f->fd, .folder = -1, .name = f->name, .path = path,
		.inherits = f->inherits,
	};
	errcode_t err;

	err = extract_content(&b->copier, b->state, &f->inode, f->fd, path);
	if (!err)
		err = extract_attributes(b->state, &spot, &f->inode,
					 f->flags);
	return err;
}

static errcode_t finish(struct extract_batch *b, struct waiting_file *f)
{
	struct buf path = BUF_INIT;
	errcode_t err = place_path(&path, f->place, f->name), failed;

	if (err || !buf_str(&path))
		err = diag_nomem(image_diag(b->state->img));
	if (!err)
		err = fill(b, f, buf_str(&path));
	failed = close_file(f);
	if (failed && !err)
		err = extract_error(b->state, buf_str(&path), failed,
				    "cannot be written");
	if (err)
		undo(b, f);
	else
		b->state->objects++;
	place_put(f->place);
	f->place = NULL;
	buf_release(&path);
	return err;
}

static int by_first(const void *a, const void *b)
{
	const struct waiting_file *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

errcode_t extract_batch_flush(struct extract_batch *b)
{
	errcode_t err = 0;
	size_t i;

	if (b->n)
		qsort(b->files, b->n, sizeof(*b->files), by_first);
	for (i = 0; !err && i < b->n; i++)
		err = extract_pass(b->state, finish(b, &b->files[i]));
	if (!err)
		b->n = 0;
	return err;
}

errcode_t extract_batch_add(struct extract_batch *b,
			    const struct extract_object *o, int fd,
			    bool inherits, bool flags)
{
	struct waiting_file *f = &b->files[b->n];
	errcode_t err;

	f->fd = fd;
	f->inherits = inherits;
	f->flags = flags;
	f->place = place_get(o->place);
	f->inode = *o->inode;
	memccpy(f->name, o->name, 0, NAME_LEN);
	if (o->inode->links > 1)
		return finish(b, f);
	b->n++;
	err = extract_first_block(&f->first, b->state, o->inode);
	/* The same damage shows when it is copied. */
	if (err == E4PACK_ET_BAD_IMAGE)
		err = 0;
	if (err || b->n < b->most)
		return err;
	return extract_batch_flush(b);
}

void extract_batch_release(struct extract_batch *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		struct waiting_file *f = &b->files[i];

		if (!f->place)
			continue;
		close_file(f);
		undo(b, f);
		place_put(f->place);
	}
	b->n = 0;
	free(b->files);
	extract_copier_release(&b->copier);
}
