// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libarchive over a stream.  The stream is taken as archives with zero bytes
 * between them, so that entries after a lone zero block, concatenated tars
 * and a cpio after another's trailer are read alike, each by a libarchive
 * handle of its own; anything else after an archive is counted and warned of.
 *
 *	stream	... | window: [ held                     ] end
 *			      [ seen by @a     | fresh   ]
 *
 * The window moves on only when libarchive asks for more, which it does when
 * it has used up or copied what it was given.  WINDOW_TAIL bytes stay behind
 * then: so much it may have looked at without taking it.
 *
 * Blocks are small where a stretch was passed over, for what follows it is
 * most likely one header, and grow while all is read.
 */
#include "source/archive_reader.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "source/tar_header.h"

enum {
	WINDOW_TAIL = 4096,
	WINDOW_BLOCK = 256 * 1024,
	FIRST_BLOCK = 16 * 1024,	/* after what was passed over */
	HEADERS_MAX = 8 * 1024 * 1024,	/* of one entry, its sparse map too */
};

/* The window's first byte not yet given to libarchive. */
static const uint8_t *fresh_bytes(const struct archive_reader *r)
{
	return r->window + r->held - r->fresh;
}

/* Keep what is about to leave the window of the headers being read. */
static errcode_t save_headers(struct archive_reader *r, size_t leaving)
{
	uint64_t first = r->end - r->held;
	uint64_t from = r->header_pos + r->headers.len;

	if (!r->in_header || from >= first + leaving)
		return 0;
	if (from < first)
		return diag_error(r->diag, r->name, E4PACK_ET_BUG, NULL);
	leaving -= from - first;
	if (r->headers.len + leaving > HEADERS_MAX)
		return diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE,
				  "an entry's headers are over %d MiB",
				  HEADERS_MAX / (1024 * 1024));
	if (buf_add(&r->headers, r->window + (from - first), leaving))
		return diag_nomem(r->diag);
	return 0;
}

/* Read the next block behind the last @keep bytes that are held. */
static errcode_t read_block(struct archive_reader *r, size_t keep)
{
	size_t got = 0;
	errcode_t err;

	if (keep > r->held)
		keep = r->held;
	err = save_headers(r, r->held - keep);
	if (err)
		return err;
	memmove(r->window, r->window + r->held - keep, keep);
	r->held = keep;
	err = stream_read(r->stream, r->window + keep, r->block, &got);
	if (r->block < WINDOW_BLOCK)
		r->block *= 2;
	r->held += got;
	r->end += got;
	r->fresh += got;
	return err;
}

static la_ssize_t give(struct archive *a, void *arg, const void **data)
{
	struct archive_reader *r = arg;
	la_ssize_t n;

	if (!r->fresh)
		r->err = read_block(r, WINDOW_TAIL);
	if (r->err) {
		archive_set_error(a, EIO, "the input failed");
		return -1;
	}
	*data = fresh_bytes(r);
	n = r->fresh;
	r->fresh = 0;
	return n;
}

/* libarchive calls this when it has used up what it was given. */
static la_int64_t pass(struct archive *a, void *arg, la_int64_t want)
{
	struct archive_reader *r = arg;
	uint64_t done;

	(void)a;
	if (r->in_header || r->fresh || want <= 0)
		return 0;
	done = stream_skip(r->stream, want);
	if (done) {
		r->held = 0;
		r->end += done;
		r->block = FIRST_BLOCK;
	}
	return done;
}

static errcode_t libarchive_failed(struct archive_reader *r)
{
	const char *text = archive_error_string(r->a);

	if (r->err)
		return r->err;
	if (archive_errno(r->a) == ENOMEM)
		return diag_nomem(r->diag);
	return diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE, "%s",
			  text ? text : "the archive is damaged");
}

static errcode_t open_archive(struct archive_reader *r)
{
	errcode_t err = archive_lib_load(r->diag);

	if (err)
		return err;
	r->a = archive_read_new();
	if (!r->a)
		return diag_nomem(r->diag);
	/* The entry is made here, because libarchive does not check that it
	 * could make its own. */
	r->entry = archive_entry_new2(r->a);
	if (!r->entry ||
	    archive_read_support_format_tar(r->a) != ARCHIVE_OK ||
	    archive_read_support_format_cpio(r->a) != ARCHIVE_OK ||
	    archive_read_set_read_callback(r->a, give) != ARCHIVE_OK ||
	    archive_read_set_skip_callback(r->a, pass) != ARCHIVE_OK ||
	    archive_read_set_callback_data(r->a, r) != ARCHIVE_OK)
		return diag_nomem(r->diag);
	r->base = r->end - r->fresh;
	r->archives++;
	if (archive_read_open1(r->a) != ARCHIVE_OK)
		return libarchive_failed(r);
	return 0;
}

static void free_archive(struct archive_reader *r)
{
	if (!r->a)
		return;
	archive_entry_free(r->entry);
	archive_read_free(r->a);
	r->entry = NULL;
	r->a = NULL;
}

uint64_t archive_reader_tell(const struct archive_reader *r)
{
	return r->base + archive_filter_bytes(r->a, 0);
}

/* Take back what the finished handle did not use. */
static errcode_t close_archive(struct archive_reader *r)
{
	uint64_t left = r->end - archive_reader_tell(r);

	free_archive(r);
	if (left > r->held)
		return diag_error(r->diag, r->name, E4PACK_ET_BUG, NULL);
	r->fresh = left;
	return 0;
}

/* Have at least @want fresh bytes, unless the stream ends. */
static errcode_t look_ahead(struct archive_reader *r, size_t want)
{
	size_t before = r->fresh;

	if (r->fresh >= want)
		return 0;
	r->err = read_block(r, before);
	return r->err;
}

/* Move to the first byte that is not zero; *@end where there is none. */
static errcode_t pass_zeros(struct archive_reader *r, bool *end)
{
	errcode_t err;

	for (;;) {
		err = r->progress ? progress_check(r->progress) : 0;
		if (!err)
			err = look_ahead(r, 1);
		if (err)
			return err;
		*end = r->fresh == 0;
		if (*end)
			return 0;
		while (r->fresh && !*fresh_bytes(r))
			r->fresh--;
		if (r->fresh)
			return 0;
	}
}

/* Read the stream to its end, so that its own checks are made, too. */
static errcode_t pass_garbage(struct archive_reader *r)
{
	uint64_t len = 0;
	errcode_t err;

	do {
		len += r->fresh;
		r->fresh = 0;
		err = r->progress ? progress_check(r->progress) : 0;
		if (!err)
			err = look_ahead(r, 1);
		if (err)
			return err;
	} while (r->fresh);
	return diag_warning(r->diag, r->name, "%llu bytes after the end of "
			    "the archive are ignored",
			    (unsigned long long)len);
}

static errcode_t unsupported(struct archive_reader *r)
{
	const char *what = foreign_format_name(fresh_bytes(r), r->fresh);

	return diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE,
			  "unsupported archive format%s%s%s: only tar and "
			  "cpio are read", what ? " (" : "", what ? what : "",
			  what ? ")" : "");
}

/* Between archives: open the next one, or set *@end. */
static errcode_t begin_archive(struct archive_reader *r, bool *end)
{
	bool first = r->archives == 0 && r->end == 0;
	errcode_t err;

	err = look_ahead(r, 1);
	if (!err && first && !r->fresh)
		err = diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE,
				 "is empty, not an archive");
	if (!err)
		err = pass_zeros(r, end);
	if (err || *end)
		return err;
	err = look_ahead(r, TAR_BLOCK);
	if (err)
		return err;
	if (raw_format_of(fresh_bytes(r), r->fresh) != RAW_FORMAT_NONE)
		return open_archive(r);
	if (!r->archives)
		return unsupported(r);
	*end = true;
	return pass_garbage(r);
}

/* libarchive turns names into the locale's character set, and normalises
 * them on the way where that is Unicode.  The C locale keeps their bytes. */
static int next_header(struct archive_reader *r)
{
	locale_t c = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
	locale_t old;
	int got;

	if (!c) {
		archive_set_error(r->a, ENOMEM, "out of memory");
		return ARCHIVE_FATAL;
	}
	old = uselocale(c);
	r->in_entry = false;
	r->header_pos = archive_reader_tell(r);
	r->headers.len = 0;
	r->in_header = true;
	got = archive_read_next_header2(r->a, r->entry);
	r->in_header = false;
	uselocale(old);
	freelocale(c);
	return got;
}

/* A tar may end without the zero blocks that mark its end. */
static errcode_t check_end(struct archive_reader *r)
{
	if (archive_reader_is_cpio(r) ||
	    archive_reader_tell(r) > r->header_pos)
		return 0;
	return diag_warning(r->diag, r->name,
			    "has no end mark and may be cut short");
}

/* What libarchive says about names in the C locale is of no interest. */
static errcode_t warn_of_header(struct archive_reader *r)
{
	const char *text = archive_error_string(r->a);
	const char *path = archive_entry_pathname(r->entry);

	if (text && strstr(text, "can't be converted"))
		return 0;
	/* libarchive would give a file without its content. */
	if (text && strstr(text, "sparse"))
		return libarchive_failed(r);
	return diag_warning(r->diag, r->name, "%s: %s", path ? path : "?",
			    text ? text : "the header is not as it should be");
}

/* libarchive looks for the next cpio header where there is none. */
static errcode_t check_begin(struct archive_reader *r)
{
	const uint8_t *p;
	size_t len;

	if (!archive_reader_is_cpio(r))
		return 0;
	p = archive_reader_headers(r, &len);
	if (!p)
		return diag_nomem(r->diag);
	if (raw_format_of(p, len) == RAW_FORMAT_CPIO)
		return 0;
	return diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE,
			  "a cpio header is damaged");
}

errcode_t archive_reader_next(struct archive_reader *r,
			      struct archive_entry **ret, bool *end)
{
	errcode_t err = 0;
	int got;

	*end = false;
	if (r->a)
		err = archive_reader_skip(r);
	while (!err) {
		if (!r->a)
			err = begin_archive(r, end);
		if (err || *end)
			return err;
		got = next_header(r);
		if (r->err)
			return r->err;
		if (got == ARCHIVE_EOF) {
			err = check_end(r);
			if (!err)
				err = close_archive(r);
			continue;
		}
		if (got == ARCHIVE_WARN)
			err = warn_of_header(r);
		else if (got != ARCHIVE_OK)
			err = libarchive_failed(r);
		r->entries++;
		r->in_entry = true;
		*ret = r->entry;
		return err ? err : check_begin(r);
	}
	return err;
}

bool archive_reader_is_cpio(const struct archive_reader *r)
{
	return (archive_format(r->a) & ARCHIVE_FORMAT_BASE_MASK) ==
	       ARCHIVE_FORMAT_CPIO;
}

const uint8_t *archive_reader_headers(struct archive_reader *r, size_t *len)
{
	uint64_t here = archive_reader_tell(r);
	uint64_t first = r->end - r->held;
	uint64_t from = r->header_pos + r->headers.len;

	*len = here - r->header_pos;
	if (!r->headers.len)
		return r->window + (from - first);
	if (here > from && buf_add(&r->headers, r->window + (from - first),
				   here - from))
		return NULL;
	return r->headers.data;
}

errcode_t archive_reader_data(struct archive_reader *r, const void **data,
			      size_t *len, uint64_t *offset, bool *end)
{
	la_int64_t at = 0;
	int got;

	got = archive_read_data_block(r->a, data, len, &at);
	*end = got == ARCHIVE_EOF;
	if (r->err || (got != ARCHIVE_OK && got != ARCHIVE_EOF))
		return libarchive_failed(r);
	if (at < 0)
		return diag_error(r->diag, r->name, E4PACK_ET_BAD_ARCHIVE,
				  "a sparse map is not valid");
	*offset = at;
	return 0;
}

errcode_t archive_reader_skip(struct archive_reader *r)
{
	int got;

	if (!r->in_entry)
		return 0;
	r->in_entry = false;
	got = archive_read_data_skip(r->a);
	if (r->err || (got != ARCHIVE_OK && got != ARCHIVE_EOF))
		return libarchive_failed(r);
	return 0;
}

bool archive_reader_is_at(const struct archive_reader *r, const void *data,
			  size_t len, uint64_t pos)
{
	uint64_t first = r->end - r->held;

	return pos >= first && pos <= r->end && len <= r->end - pos &&
	       r->window + (pos - first) == (const uint8_t *)data;
}

errcode_t archive_reader_init(struct archive_reader *r, struct stream *stream,
			      const char *name, struct diag *diag,
			      struct progress *progress)
{
	memset(r, 0, sizeof(*r));
	r->stream = stream;
	r->name = name;
	r->diag = diag;
	r->progress = progress;
	r->block = FIRST_BLOCK;
	buf_init(&r->headers);
	r->window = malloc(WINDOW_TAIL + WINDOW_BLOCK);
	if (r->window)
		return 0;
	archive_reader_release(r);
	return diag_nomem(diag);
}

void archive_reader_release(struct archive_reader *r)
{
	free_archive(r);
	stream_free(r->stream);
	buf_release(&r->headers);
	free(r->window);
	memset(r, 0, sizeof(*r));
}
