// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Archives as sources.  Bytes come in through streams,
 *
 *	file or pipe -> [gzip | other filter] -> reader (libarchive) -> entries
 *
 * and an entry's data goes one of two ways.  In place: where the stream is a
 * regular file itself, the data begins where libarchive stands after the
 * headers.  That is proved for each entry by the first stretch that
 * libarchive gives: it must be the file's own bytes at that place; an entry
 * for which it is not takes the other way.  Spooled: the data is copied.
 *
 * Either way the stretches must add up to what the headers promise.
 */
#include "source/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/fileio.h"
#include "source/archive_file.h"
#include "source/archive_filter.h"
#include "source/archive_meta.h"
#include "source/archive_reader.h"
#include "source/gzip.h"
#include "source/spool.h"
#include "source/tar_header.h"

enum {
	PROOF_LEN = 4096,	/* bytes compared to prove a place */
	CPIO_UNIT = 4,		/* cpio pads to this at most */
};

struct archive_source {
	struct source source;
	const struct source_options *options;
	struct archive_file *file;
	bool in_place;		/* the archive's bytes are the file's */
	struct archive_reader reader;
	struct archive_meta meta;
	struct spool *spool;	/* NULL until something is spooled */
	bool dump_told;		/* of GNU dump lists, once */
	bool end;
};

/* The stretch of data that libarchive gave last. */
struct stretch {
	const void *data;
	size_t len;
	uint64_t offset;	/* in the file */
	bool end;		/* there was none */
};

static errcode_t next_stretch(struct archive_source *s, struct stretch *t)
{
	return archive_reader_data(&s->reader, &t->data, &t->len, &t->offset,
				   &t->end);
}

static errcode_t bad_data(struct archive_source *s, const char *what)
{
	return diag_error(s->options->diag, s->meta.subject,
			  E4PACK_ET_BAD_ARCHIVE, "%s", what);
}

/* Whether the stretch is what the archive's file holds at @pos. */
static bool proved(struct archive_source *s, const struct stretch *t,
		   uint64_t pos)
{
	uint8_t there[PROOF_LEN];
	size_t len = t->len < sizeof(there) ? t->len : sizeof(there);
	size_t got = 0;

	if (archive_reader_is_at(&s->reader, t->data, t->len, pos))
		return true;
	return !io_pread(s->file->fd, there, len, s->file->start + pos,
			 &got) && got == len && !memcmp(there, t->data, len);
}

/* Add up what a sparse map promises; *@sum is @size without one. */
static bool sparse_sum(struct archive_entry *ae, uint64_t size, uint64_t *sum)
{
	la_int64_t offset, len;

	*sum = size;
	if (!archive_entry_sparse_reset(ae))
		return false;
	*sum = 0;
	while (archive_entry_sparse_next(ae, &offset, &len) == ARCHIVE_OK)
		*sum += len;
	return true;
}

/* Put one stretch into @e.  @pos: where it is in the archive's file, or
 * UINT64_MAX to spool it. */
static errcode_t add_stretch(struct archive_source *s, struct entry *e,
			     const struct stretch *t, uint64_t pos)
{
	errcode_t err;

	if (!t->len)
		return 0;
	if (t->offset > e->size || t->len > e->size - t->offset)
		return bad_data(s, "its data reaches over its size");
	if (pos == UINT64_MAX)
		err = spool_add(s->spool, t->data, t->len, &pos);
	else
		err = proved(s, t, pos) ? 0 :
		      bad_data(s, "its data is not in one piece");
	if (err)
		return err;
	err = entry_add_data(e, t->offset, t->len, pos);
	if (err == ENOMEM)
		return diag_nomem(s->options->diag);
	return err ? bad_data(s, "its sparse map is not in order") : 0;
}

/* Check that only padding is between @len bytes of data at @base and the
 * place that libarchive went on to: nothing that a map left out. */
static errcode_t check_passed(struct archive_source *s, uint64_t base,
			      uint64_t len)
{
	uint64_t passed = archive_reader_tell(&s->reader) - base;
	unsigned int unit = archive_reader_is_cpio(&s->reader) ? CPIO_UNIT :
			    TAR_BLOCK;

	if (passed < len || passed - len >= unit)
		return bad_data(s, "its data is not of the size given");
	return 0;
}

/* Take all stretches, the first of which is @t. */
static errcode_t add_all(struct archive_source *s, struct entry *e,
			 struct stretch *t, uint64_t base, uint64_t promised)
{
	bool in_place = e->origin == &s->file->origin;
	uint64_t sum = 0;
	errcode_t err = 0;

	while (!err && !t->end) {
		err = add_stretch(s, e, t, in_place ? base + sum : UINT64_MAX);
		sum += t->len;
		if (!err)
			err = next_stretch(s, t);
		if (!err && s->options->progress)
			err = progress_check(s->options->progress);
	}
	if (err)
		return err;
	if (sum != promised)
		return bad_data(s, sum < promised ? "its data ends early" :
				"has more data than its map tells of");
	err = archive_reader_skip(&s->reader);
	return err ? err : check_passed(s, base, sum);
}

/* The whole of a file without holes, where it lies. */
static errcode_t add_whole(struct archive_source *s, struct entry *e,
			   uint64_t base)
{
	uint64_t size = s->file->st.st_size - s->file->start;
	errcode_t err;

	if (base > size || e->size > size - base)
		return bad_data(s, "the archive ends early");
	if (entry_add_data(e, 0, e->size, base))
		return diag_nomem(s->options->diag);
	err = archive_reader_skip(&s->reader);
	return err ? err : check_passed(s, base, e->size);
}

static errcode_t need_spool(struct archive_source *s, uint64_t len)
{
	errcode_t err = 0;

	if (!s->spool)
		err = spool_open(&s->spool, s->file->name, s->options);
	return err ? err : spool_room(s->spool, len);
}

/* Find the data of a regular file. */
static errcode_t add_data(struct archive_source *s, struct entry *e,
			  struct archive_entry *ae)
{
	uint64_t base = archive_reader_tell(&s->reader);
	struct stretch t;
	uint64_t promised;
	bool sparse, in_place;
	errcode_t err;

	sparse = sparse_sum(ae, e->size, &promised);
	err = next_stretch(s, &t);
	if (err)
		return err;
	in_place = s->in_place && (t.end || proved(s, &t, base));
	if (in_place) {
		e->origin = origin_get(&s->file->origin);
		if (!sparse && !t.end && !t.offset)
			return add_whole(s, e, base);
	} else {
		err = need_spool(s, promised);
		if (err)
			return err;
		e->origin = origin_get(spool_origin(s->spool));
	}
	return add_all(s, e, &t, base, promised);
}

/* Look at what libarchive passes over in silence, or reads wrong. */
static errcode_t check_headers(struct archive_source *s, struct entry *e)
{
	struct diag *diag = s->options->diag;
	struct tar_facts facts;
	const uint8_t *p;
	size_t len, i;
	errcode_t err;

	if (archive_reader_is_cpio(&s->reader))
		return 0;
	p = archive_reader_headers(&s->reader, &len);
	if (!p)
		return diag_nomem(diag);
	tar_facts_read(&facts, p, len);
	for (i = 0; i < ENTRY_TIMES; i++)
		if (facts.has_time[i])
			e->times[i] = facts.times[i];
	if (facts.nul)
		return diag_error(diag, s->meta.subject, E4PACK_ET_BAD_PATH,
				  "its name or target has a NUL byte in it");
	err = facts.volume ? diag_warning(diag, s->file->name, "the volume "
					  "label is ignored") : 0;
	if (err || facts.type != 'D' || s->dump_told)
		return err;
	s->dump_told = true;
	return diag_warning(diag, s->meta.subject, "the lists of names of "
			    "an incremental dump are ignored");
}

static errcode_t fill(struct archive_source *s, struct entry *e,
		      struct archive_entry *ae)
{
	errcode_t err;

	err = archive_meta_fill(&s->meta, e, ae);
	if (!err)
		err = check_headers(s, e);
	if (err || !S_ISREG(e->mode) || !e->size)
		return err;
	if (e->hardlink && !archive_reader_is_cpio(&s->reader))
		return diag_error(s->options->diag, s->meta.subject,
				  E4PACK_ET_BAD_ENTRY,
				  "a hard link with data of its own");
	return add_data(s, e, ae);
}

static errcode_t finish(struct archive_source *s)
{
	s->end = true;
	if (!s->reader.entries) {
		errcode_t err = diag_warning(s->options->diag, s->file->name,
					     "is an empty archive");

		if (err)
			return err;
	}
	return archive_file_check(s->file, s->options->diag);
}

static errcode_t archive_next(struct source *source, struct entry *e,
			      bool *end)
{
	struct archive_source *s = (struct archive_source *)source;
	struct archive_entry *ae;
	errcode_t err = 0;

	entry_clear(e);
	*end = s->end;
	if (s->end)
		return 0;
	if (s->options->progress)
		err = progress_check(s->options->progress);
	if (!err)
		err = archive_reader_next(&s->reader, &ae, end);
	if (!err)
		err = *end ? finish(s) : fill(s, e, ae);
	if (err)
		entry_clear(e);
	return err;
}

static void source_archive_free(struct source *source)
{
	struct archive_source *s = (struct archive_source *)source;

	archive_reader_release(&s->reader);
	if (s->spool)
		origin_put(spool_origin(s->spool));
	if (s->file)
		origin_put(&s->file->origin);
	free(s->meta.subject);
	free(s);
}

static const struct source_ops archive_ops = {
	.next = archive_next,
	.free = source_archive_free,
};

/* Put the decoder that the first bytes ask for onto *@stream. */
static errcode_t add_decoder(struct archive_source *s, struct stream **stream)
{
	struct archive_file *f = s->file;
	struct diag *diag = s->options->diag;
	const struct archive_filter_kind *kind;

	if (gzip_is(f->head, f->head_len)) {
		*stream = gzip_stream(*stream, f->name, diag);
		return *stream ? 0 : diag_nomem(diag);
	}
	kind = archive_filter_find(f->head, f->head_len);
	if (kind)
		return archive_filter_open(stream, *stream, kind, f->name,
					   diag);
	s->in_place = f->regular;
	return 0;
}

static errcode_t open_streams(struct archive_source *s)
{
	struct diag *diag = s->options->diag;
	struct stream *stream;
	errcode_t err;

	stream = archive_file_stream(s->file, s->options);
	if (!stream)
		return diag_nomem(diag);
	err = add_decoder(s, &stream);
	if (err)
		return err;
	return archive_reader_init(&s->reader, stream, s->file->name, diag,
				   s->options->progress);
}

errcode_t archive_source_open(struct source **ret, int fd, const char *name,
			      const struct source_options *options)
{
	struct archive_source *s = calloc(1, sizeof(*s));
	errcode_t err;

	if (!s) {
		close(fd);
		return diag_nomem(options->diag);
	}
	s->source.ops = &archive_ops;
	s->source.is_archive = true;
	s->options = options;
	s->meta.diag = options->diag;
	err = archive_file_open(&s->file, fd, name, options);
	if (!err)
		err = open_streams(s);
	if (err) {
		source_archive_free(&s->source);
		return err;
	}
	s->meta.archive = s->file->name;
	*ret = &s->source;
	return 0;
}
