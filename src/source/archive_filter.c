// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xz, zstd, bzip2 and lz4 through libarchive's "raw" format, which gives the
 * decompressed bytes as one entry.  The archive in them is read by a second
 * libarchive handle over this stream, so that its raw bytes are seen here
 * whatever the compression is.
 *
 * Memory is what libarchive allows a decoder: zstd windows up to 128 MiB, but
 * xz dictionaries of any size (up to 4 GiB, used as far as there is data):
 * libarchive 3.6 sets liblzma no limit and has no option for one.
 */
#include "source/archive_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "source/archive_lib.h"

enum { FILTER_IN = 128 * 1024 };

struct archive_filter_kind {
	const char *name;
	const char *magic;
	size_t magic_len;
	int (*support)(struct archive *a);	/* NULL: refused */
};

static int support_xz(struct archive *a)
{
	return archive_read_support_filter_xz(a);
}

static int support_zstd(struct archive *a)
{
	return archive_read_support_filter_zstd(a);
}

static int support_bzip2(struct archive *a)
{
	return archive_read_support_filter_bzip2(a);
}

static int support_lz4(struct archive *a)
{
	return archive_read_support_filter_lz4(a);
}

static const struct archive_filter_kind kinds[] = {
	{ "xz", "\xfd" "7zXZ", 6, support_xz },
	{ "zstd", "\x28\xb5\x2f\xfd", 4, support_zstd },
	{ "bzip2", "BZh", 3, support_bzip2 },
	{ "lz4", "\x04\x22\x4d\x18", 4, support_lz4 },
	{ "lz4", "\x02\x21\x4c\x18", 4, support_lz4 },
	{ "compress", "\x1f\x9d", 2, NULL },
	{ "lzip", "LZIP", 4, NULL },
	{ "lzop", "\x89LZO", 5, NULL },
	{ "lrzip", "LRZI", 4, NULL },
};

struct filter {
	struct stream stream;
	struct stream *in;
	const struct archive_filter_kind *kind;
	const char *name;
	struct diag *diag;
	struct archive *a;
	struct archive_entry *entry;	/* the only one, of no interest */
	errcode_t err;		/* of @in, reported there */
	bool begun;
	bool end;
	uint8_t buf[FILTER_IN];
};

const struct archive_filter_kind *archive_filter_find(const void *head,
						      size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (len >= kinds[i].magic_len &&
		    !memcmp(head, kinds[i].magic, kinds[i].magic_len))
			return &kinds[i];
	return NULL;
}

static la_ssize_t feed(struct archive *a, void *arg, const void **data)
{
	struct filter *f = arg;
	size_t got = 0;

	f->err = stream_read(f->in, f->buf, sizeof(f->buf), &got);
	if (f->err) {
		archive_set_error(a, EIO, "the input failed");
		return -1;
	}
	*data = f->buf;
	return got;
}

static errcode_t failed(struct filter *f)
{
	const char *text = archive_error_string(f->a);

	if (f->err)
		return f->err;
	if (archive_errno(f->a) == ENOMEM)
		return diag_error(f->diag, f->name, ENOMEM,
				  "the %s data cannot be decompressed",
				  f->kind->name);
	return diag_error(f->diag, f->name, E4PACK_ET_BAD_ARCHIVE,
			  "the %s data is damaged: %s", f->kind->name,
			  text ? text : "decompression failed");
}

static errcode_t begin(struct filter *f)
{
	int ret;

	f->begun = true;
	if (archive_read_open1(f->a) != ARCHIVE_OK)
		return failed(f);
	ret = archive_read_next_header2(f->a, f->entry);
	f->end = ret == ARCHIVE_EOF;
	return ret == ARCHIVE_OK || f->end ? 0 : failed(f);
}

static errcode_t filter_read(struct stream *s, void *data, size_t len,
			     size_t *got)
{
	struct filter *f = (struct filter *)s;
	size_t done = 0;
	errcode_t err;
	la_ssize_t n;

	err = f->begun ? 0 : begin(f);
	if (err)
		return err;
	while (done < len && !f->end) {
		n = archive_read_data(f->a, (uint8_t *)data + done, len - done);
		if (n < 0)
			return failed(f);
		f->end = n == 0;
		done += n;
	}
	*got = done;
	return 0;
}

static void filter_free(struct stream *s)
{
	struct filter *f = (struct filter *)s;

	if (f->a) {
		archive_entry_free(f->entry);
		archive_read_free(f->a);
	}
	stream_free(f->in);
	free(f);
}

static const struct stream_ops filter_ops = {
	.read = filter_read,
	.free = filter_free,
};

errcode_t archive_filter_open(struct stream **ret, struct stream *in,
			      const struct archive_filter_kind *kind,
			      const char *name, struct diag *diag)
{
	struct filter *f = calloc(1, sizeof(*f));
	errcode_t err;

	if (!f) {
		stream_free(in);
		return diag_nomem(diag);
	}
	f->stream.ops = &filter_ops;
	f->in = in;
	f->kind = kind;
	f->name = name;
	f->diag = diag;
	err = archive_lib_load(diag);
	if (err)
		goto fail;
	/* The entry is made here, because libarchive does not check that it
	 * could make its own. */
	f->a = archive_read_new();
	f->entry = f->a ? archive_entry_new2(f->a) : NULL;
	if (!f->entry ||
	    archive_read_support_format_raw(f->a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(f->a) != ARCHIVE_OK ||
	    archive_read_set_read_callback(f->a, feed) != ARCHIVE_OK ||
	    archive_read_set_callback_data(f->a, f) != ARCHIVE_OK) {
		err = diag_nomem(diag);
		goto fail;
	}
	/* A warning means that an outside program would be run. */
	if (!kind->support || kind->support(f->a) != ARCHIVE_OK) {
		err = diag_error(diag, name, E4PACK_ET_UNSUPPORTED,
				 "%s compression is not supported",
				 kind->name);
		goto fail;
	}
	*ret = &f->stream;
	return 0;
fail:
	filter_free(&f->stream);
	return err;
}
