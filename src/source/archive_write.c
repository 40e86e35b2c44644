// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tar headers, written by hand: libarchive's writer has names and times of
 * its own in them, and changes the bytes of names that are no text.
 *
 *	  0 name[100]	  136 mtime[12]		265 uname[32], empty
 *	100 mode[8]	  148 checksum[8]	297 gname[32], empty
 *	108 uid[8]	  156 typeflag		329 devmajor[8]
 *	116 gid[8]	  157 linkname[100]	337 devminor[8]
 *	124 size[12]	  257 "ustar" NUL "00"	345 prefix[155]
 *
 * Numbers are octal and end in a NUL.  What does not fit there is told in an
 * extended header before, a member of type 'x' whose data is records
 * "LEN KEY=VALUE\n"; LEN counts the whole record.
 *
 * A file with holes has the GNU form 1.0: its name and size are records, its
 * data begins with the map, "COUNT\n" and "OFFSET\nLEN\n" for each run, padded
 * to a block.  A run of length 0 at the size ends a map after a hole.
 */
#include "source/archive_write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "source/archive_lib.h"
#include "source/tar_header.h"

enum {
	NAME_LEN = 100, PREFIX_LEN = 155,
	AT_MODE = 100, AT_UID = 108, AT_GID = 116, AT_SIZE = 124,
	AT_MTIME = 136, AT_SUM = 148, AT_TYPE = 156, AT_LINK = 157,
	AT_MAGIC = 257, AT_MAJOR = 329, AT_MINOR = 337, AT_PREFIX = 345,
	SHORT_DIGITS = 7, LONG_DIGITS = 11,
	RECORD_LEN = 20 * TAR_BLOCK,	/* the stream is a multiple of it */
	WAITING_MAX = 1 << 20,
	NUMBER_LEN = 24,	/* the digits of 64 bits, and more */
};

/* A header on the way, and the records that go before it. */
struct heading {
	uint8_t bytes[TAR_BLOCK];
	struct pax_records *pax;
};

static errcode_t flush(struct tar_writer *w)
{
	errcode_t err = w->sink(w->arg, w->waiting.data, w->waiting.len);

	w->waiting.len = 0;
	return err;
}

errcode_t tar_write_data(struct tar_writer *w, const void *data, size_t len)
{
	errcode_t err = 0;

	w->position += len;
	if (w->waiting.len + len > WAITING_MAX && w->waiting.len)
		err = flush(w);
	if (!err && len >= WAITING_MAX)
		return w->sink(w->arg, data, len);
	return err ? err : buf_add(&w->waiting, data, len);
}

/* Zeros up to a multiple of @unit. */
static errcode_t pad(struct tar_writer *w, size_t unit)
{
	static const uint8_t zeros[RECORD_LEN];
	size_t over = w->position % unit;

	return over ? tar_write_data(w, zeros, unit - over) : 0;
}

/* Put @n into a field of @digits; without room, and where @key is given, into
 * a record. */
static errcode_t put_number(struct heading *h, size_t at, unsigned int digits,
			    uint64_t n, const char *key)
{
	char text[NUMBER_LEN];
	bool fits = n >> 3 * digits == 0;

	snprintf(text, sizeof(text), "%0*" PRIo64, (int)digits,
		 fits ? n : 0);
	memcpy(h->bytes + at, text, digits);
	return fits ? 0 : pax_add_number(h->pax, key, n);
}

static bool same_time(struct timestamp a, struct timestamp b)
{
	return a.sec == b.sec && a.nsec == b.nsec;
}

static errcode_t put_times(struct heading *h, const struct tar_member *m)
{
	const struct timestamp t = m->mtime;
	bool fits = t.sec >= 0 && t.sec >> 3 * LONG_DIGITS == 0;
	errcode_t err;

	err = put_number(h, AT_MTIME, LONG_DIGITS, fits ? (uint64_t)t.sec : 0,
			 NULL);
	if (!err && (!fits || t.nsec))
		err = pax_add_time(h->pax, "mtime", t);
	if (!err && !same_time(m->atime, t))
		err = pax_add_time(h->pax, "atime", m->atime);
	if (!err && !same_time(m->ctime, t))
		err = pax_add_time(h->pax, "ctime", m->ctime);
	return err;
}

/* Put @path into the two fields for it.  Return: whether it fits. */
static bool put_path(struct heading *h, const char *path)
{
	size_t len = strlen(path);
	const char *slash;

	if (len <= NAME_LEN) {
		memcpy(h->bytes, path, len);
		return true;
	}
	/* The name is the longest rest, so that the prefix is short. */
	slash = strchr(path + len - NAME_LEN - 1, '/');
	if (!slash || slash == path || !slash[1] ||
	    (size_t)(slash - path) > PREFIX_LEN)
		return false;
	memcpy(h->bytes + AT_PREFIX, path, slash - path);
	memcpy(h->bytes, slash + 1, len - (size_t)(slash + 1 - path));
	return true;
}

/* A name of our own making, for a header whose own name is in a record or
 * that has none: @folder and as much of the last name of @path as fits. */
static void put_stand_in(struct heading *h, const char *folder,
			 const char *path)
{
	const char *end = path + strlen(path), *name;
	size_t len, n = strlen(folder);

	while (end > path && end[-1] == '/')
		end--;
	for (name = end; name > path && name[-1] != '/'; name--)
		;
	len = end - name;
	if (len > NAME_LEN - n)
		len = NAME_LEN - n;
	memset(h->bytes, 0, NAME_LEN);
	memcpy(h->bytes, folder, n);
	memcpy(h->bytes + n, name, len);
}

static errcode_t put_target(struct heading *h, const struct tar_member *m)
{
	size_t len;

	if (!m->target)
		return 0;
	len = strlen(m->target);
	/* Its beginning stands in the field in any case: libarchive takes a
	 * record for a hard link's where the field is empty. */
	memcpy(h->bytes + AT_LINK, m->target, len < NAME_LEN ? len : NAME_LEN);
	return len > NAME_LEN ?
	       pax_add_name(h->pax, "linkpath", m->target) : 0;
}

static errcode_t add_xattrs(struct heading *h, const struct tar_member *m)
{
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < m->n_xattrs; i++)
		err = pax_add_xattr(h->pax, m->xattrs[i].name,
				    m->xattrs[i].value, m->xattrs[i].len);
	if (!err && m->acl_access)
		err = pax_add_text(h->pax, "SCHILY.acl.access", m->acl_access);
	if (!err && m->acl_default)
		err = pax_add_text(h->pax, "SCHILY.acl.default", m->acl_default);
	return err;
}

/* libarchive knows the names of flags. */
static errcode_t add_flags(struct heading *h, const struct tar_member *m)
{
	struct archive_entry *ae;
	const char *text;
	errcode_t err;

	if (!m->fs_flags)
		return 0;
	err = archive_lib_load(NULL);
	if (err)
		return err;
	ae = archive_entry_new();
	if (!ae)
		return ENOMEM;
	archive_entry_set_fflags(ae, m->fs_flags, 0);
	text = archive_entry_fflags_text(ae);
	err = text ? pax_add_text(h->pax, "SCHILY.fflags", text) : ENOMEM;
	archive_entry_free(ae);
	return err;
}

static char type_of(const struct tar_member *m)
{
	if (m->hard)
		return '1';
	switch (m->mode & S_IFMT) {
	case S_IFLNK:
		return '2';
	case S_IFCHR:
		return '3';
	case S_IFBLK:
		return '4';
	case S_IFDIR:
		return '5';
	case S_IFIFO:
		return '6';
	default:
		return '0';
	}
}

/* The sum counts its own field as blanks. */
static void seal(struct heading *h)
{
	unsigned int sum = 0;
	char text[NUMBER_LEN];
	size_t i;

	memcpy(h->bytes + AT_MAGIC, "ustar\00000", 8);
	memset(h->bytes + AT_SUM, ' ', 8);
	for (i = 0; i < TAR_BLOCK; i++)
		sum += h->bytes[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(h->bytes + AT_SUM, text, 7);
}

/* Put out the records as a member of their own. */
static errcode_t write_records(struct tar_writer *w,
			       const struct heading *h, const char *path)
{
	struct heading x;
	errcode_t err;

	if (h->pax->text.len == 0)
		return 0;
	memset(&x, 0, sizeof(x));
	put_stand_in(&x, "PaxHeaders/", path);
	if (h->pax->text.len >> 3 * LONG_DIGITS)
		return EFBIG;
	put_number(&x, AT_MODE, SHORT_DIGITS, 0644, NULL);
	put_number(&x, AT_UID, SHORT_DIGITS, 0, NULL);
	put_number(&x, AT_GID, SHORT_DIGITS, 0, NULL);
	put_number(&x, AT_SIZE, LONG_DIGITS, h->pax->text.len, NULL);
	put_number(&x, AT_MTIME, LONG_DIGITS, 0, NULL);
	x.bytes[AT_TYPE] = 'x';
	seal(&x);
	err = tar_write_data(w, x.bytes, TAR_BLOCK);
	if (!err)
		err = tar_write_data(w, h->pax->text.data, h->pax->text.len);
	return err ? err : pad(w, TAR_BLOCK);
}

/* Write the map of a file with holes to @map, padded to a block, and *@data,
 * the bytes of its runs. */
static errcode_t make_map(struct buf *map, uint64_t *data,
			  const struct tar_member *m)
{
	const struct tar_run *last = m->n_runs ? &m->runs[m->n_runs - 1] : NULL;
	bool open_end = !last || last->offset + last->len < m->size;
	char text[2 * NUMBER_LEN];
	errcode_t err;
	size_t i;

	*data = 0;
	snprintf(text, sizeof(text), "%zu\n", m->n_runs + open_end);
	err = buf_add_str(map, text);
	for (i = 0; !err && i < m->n_runs; i++) {
		snprintf(text, sizeof(text), "%" PRIu64 "\n%" PRIu64 "\n",
			 m->runs[i].offset, m->runs[i].len);
		err = buf_add_str(map, text);
		*data += m->runs[i].len;
	}
	snprintf(text, sizeof(text), "%" PRIu64 "\n0\n", m->size);
	if (!err && open_end)
		err = buf_add_str(map, text);
	if (!err && map->len % TAR_BLOCK)
		err = buf_add_zero(map, TAR_BLOCK - map->len % TAR_BLOCK);
	return err;
}

static bool has_holes(const struct tar_member *m)
{
	return m->size && (m->n_runs != 1 || m->runs[0].len != m->size);
}

/* The fields and records that say which file it is. */
static errcode_t put_identity(struct heading *h,
			      const struct tar_member *m,
			      const char *path, uint64_t stored)
{
	errcode_t err = 0;

	if (!m->hard && has_holes(m)) {
		put_stand_in(h, "GNUSparseFile.0/", path);
		err = pax_add_number(h->pax, "GNU.sparse.major", 1);
		if (!err)
			err = pax_add_number(h->pax, "GNU.sparse.minor", 0);
		if (!err)
			err = pax_add_name(h->pax, "GNU.sparse.name", path);
		if (!err)
			err = pax_add_number(h->pax, "GNU.sparse.realsize", m->size);
	} else if (!put_path(h, path)) {
		put_stand_in(h, "", path);
		err = pax_add_name(h->pax, "path", path);
	}
	if (!err)
		err = put_target(h, m);
	return err ? err : put_number(h, AT_SIZE, LONG_DIGITS, stored, "size");
}

static errcode_t put_attributes(struct heading *h,
				const struct tar_member *m)
{
	errcode_t err = put_number(h, AT_MODE, SHORT_DIGITS, m->mode & 07777,
				   NULL);

	if (!err)
		err = put_number(h, AT_UID, SHORT_DIGITS, m->uid, "uid");
	if (!err)
		err = put_number(h, AT_GID, SHORT_DIGITS, m->gid, "gid");
	if (!err)
		err = put_times(h, m);
	put_number(h, AT_MAJOR, SHORT_DIGITS, m->major, NULL);
	put_number(h, AT_MINOR, SHORT_DIGITS, m->minor, NULL);
	if (!err)
		err = add_flags(h, m);
	return err ? err : add_xattrs(h, m);
}

static errcode_t write_heading(struct tar_writer *w,
			       const struct tar_member *m,
			       const char *path, uint64_t stored)
{
	struct heading h;
	errcode_t err;

	memset(&h, 0, sizeof(h));
	h.pax = &w->records;
	pax_clear(&w->records);
	err = put_identity(&h, m, path, stored);
	if (!err)
		err = put_attributes(&h, m);
	if (!err)
		err = pax_mark_raw(&w->records);
	h.bytes[AT_TYPE] = (uint8_t)type_of(m);
	seal(&h);
	if (!err)
		err = write_records(w, &h, path);
	return err ? err : tar_write_data(w, h.bytes, TAR_BLOCK);
}

/* Folders end in a slash. */
static errcode_t name_of(struct buf *path, const struct tar_member *m)
{
	errcode_t err = buf_add_str(path, *m->path ? m->path : ".");

	if (!err && S_ISDIR(m->mode))
		err = buf_add_str(path, "/");
	return err || !buf_str(path) ? ENOMEM : 0;
}

errcode_t tar_write_member(struct tar_writer *w, const struct tar_member *m)
{
	struct buf path = BUF_INIT, map = BUF_INIT;
	uint64_t stored = m->hard ? 0 : m->size;
	errcode_t err = pad(w, TAR_BLOCK);

	if (!err)
		err = name_of(&path, m);
	if (!err && !m->hard && has_holes(m)) {
		err = make_map(&map, &stored, m);
		stored += map.len;
	}
	if (!err)
		err = write_heading(w, m, buf_str(&path), stored);
	if (!err && map.len)
		err = tar_write_data(w, map.data, map.len);
	buf_release(&path);
	buf_release(&map);
	return err;
}

errcode_t tar_write_end(struct tar_writer *w)
{
	static const uint8_t mark[2 * TAR_BLOCK];
	errcode_t err = pad(w, TAR_BLOCK);

	if (!err)
		err = tar_write_data(w, mark, sizeof(mark));
	if (!err)
		err = pad(w, RECORD_LEN);
	return err ? err : flush(w);
}

void tar_writer_release(struct tar_writer *w)
{
	buf_release(&w->waiting);
	buf_release(&w->records.text);
}
