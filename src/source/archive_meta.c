// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes of archive entries.  All numbers come from outside: each is
 * checked against what a Linux file can have before it is narrowed.
 */
#include "source/archive_meta.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "source/archive_lib.h"
#include "source/source.h"

enum {
	TARGET_MAX = 4095,		/* bytes of a symlink's target */
	XATTR_NAME_MAX = 255,
	XATTR_VALUE_MAX = 64 * 1024,
	XATTRS_MAX = 1000,
	MAJOR_MAX = 4095,
	MINOR_MAX = (1 << 20) - 1,
};

static const int64_t ID_MAX = UINT32_MAX - 1;	/* -1 means "no owner" */

static errcode_t bad_entry(struct archive_meta *m, const char *what)
{
	return diag_error(m->diag, m->subject, E4PACK_ET_BAD_ENTRY, "%s",
			  what);
}

static bool has_dotdot(const char *raw)
{
	while (*raw) {
		size_t n = strcspn(raw, "/");

		if (n == 2 && !memcmp(raw, "..", 2))
			return true;
		raw += n;
		raw += strspn(raw, "/");
	}
	return false;
}

/* Bring @raw, a name or a hard link's target, into our form. */
static errcode_t clean(struct archive_meta *m, const char *raw,
		       const char *what, char **ret)
{
	bool slash = false;
	errcode_t err;

	if (!raw || !*raw)
		return diag_error(m->diag, m->subject, E4PACK_ET_BAD_PATH,
				  "%s is empty", what);
	err = source_clean_path(ret, raw, &slash);
	if (err == ENOMEM)
		return diag_nomem(m->diag);
	if (err)
		return diag_error(m->diag, m->subject, err, has_dotdot(raw) ?
				  "%s has a \"..\" in it" : "%s is too long",
				  what);
	if (!slash || m->slash_told)
		return 0;
	m->slash_told = true;
	return diag_warning(m->diag, m->archive,
			    "leading \"/\" is removed from names");
}

/* Begin on the entry of name @raw. */
static errcode_t set_subject(struct archive_meta *m, const char *raw)
{
	size_t before = strlen(m->archive), len = strlen(raw);
	char *p = malloc(before + 2 + len + 1);

	free(m->subject);
	m->subject = p;
	if (!p)
		return diag_nomem(m->diag);
	memcpy(p, m->archive, before);
	memcpy(p + before, ": ", 2);
	memcpy(p + before + 2, raw, len + 1);
	return 0;
}

static errcode_t fill_names(struct archive_meta *m, struct entry *e,
			    struct archive_entry *ae)
{
	const char *raw = archive_entry_pathname(ae);
	const char *link = archive_entry_hardlink(ae);
	errcode_t err = set_subject(m, raw ? raw : "");

	if (!err)
		err = clean(m, raw, "its name", &e->path);
	/* A folder has several links of its own; cpio does not tell. */
	if (err || !link || archive_entry_filetype(ae) == AE_IFDIR)
		return err;
	return clean(m, link, "its link's target", &e->hardlink);
}

static errcode_t fill_type(struct archive_meta *m, struct entry *e,
			   struct archive_entry *ae)
{
	uint32_t mode = archive_entry_mode(ae);

	/* A tar's hard link has no type of its own. */
	if (!(mode & S_IFMT) && e->hardlink)
		mode |= S_IFREG;
	e->mode = mode & (S_IFMT | 07777);
	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFDIR:
	case S_IFLNK:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case 0:
		return bad_entry(m, "is the rest of a file of an earlier "
				 "volume: archives of several volumes are "
				 "not supported");
	default:
		return bad_entry(m, "has an unknown type");
	}
}

static errcode_t fill_target(struct archive_meta *m, struct entry *e,
			     struct archive_entry *ae)
{
	const char *target = archive_entry_symlink(ae);

	if (!S_ISLNK(e->mode) || e->hardlink)
		return 0;
	if (!target || !*target)
		return bad_entry(m, "its symbolic link's target is empty");
	if (strlen(target) > TARGET_MAX)
		return bad_entry(m, "its symbolic link's target is too long");
	e->target = strdup(target);
	return e->target ? 0 : diag_nomem(m->diag);
}

static errcode_t fill_numbers(struct archive_meta *m, struct entry *e,
			      struct archive_entry *ae)
{
	int64_t uid = archive_entry_uid(ae), gid = archive_entry_gid(ae);
	int64_t size = archive_entry_size(ae);
	unsigned long fset = 0, fclear = 0;
	uint64_t dev_major, dev_minor;

	if (uid < 0 || uid > ID_MAX || gid < 0 || gid > ID_MAX)
		return diag_error(m->diag, m->subject, E4PACK_ET_BAD_ENTRY,
				  "its owner %lld:%lld is out of range",
				  (long long)uid, (long long)gid);
	e->uid = uid;
	e->gid = gid;
	if (size < 0)
		return bad_entry(m, "its size is out of range");
	if (S_ISREG(e->mode))
		e->size = size;
	if (S_ISCHR(e->mode) || S_ISBLK(e->mode)) {
		dev_major = archive_entry_rdevmajor(ae);
		dev_minor = archive_entry_rdevminor(ae);
		if (dev_major > MAJOR_MAX || dev_minor > MINOR_MAX)
			return bad_entry(m, "its device is out of range");
		e->dev_major = dev_major;
		e->dev_minor = dev_minor;
	}
	/* On Linux libarchive gives the bits of FS_IOC_GETFLAGS. */
	archive_entry_fflags(ae, &fset, &fclear);
	e->fs_flags = fset;
	return 0;
}

static errcode_t fill_times(struct archive_meta *m, struct entry *e,
			    struct archive_entry *ae)
{
	const struct {
		int is_set;
		time_t sec;
		long nsec;
	} times[ENTRY_TIMES] = {
		[ENTRY_ATIME] = { archive_entry_atime_is_set(ae),
				  archive_entry_atime(ae),
				  archive_entry_atime_nsec(ae) },
		[ENTRY_MTIME] = { archive_entry_mtime_is_set(ae),
				  archive_entry_mtime(ae),
				  archive_entry_mtime_nsec(ae) },
		[ENTRY_CTIME] = { archive_entry_ctime_is_set(ae),
				  archive_entry_ctime(ae),
				  archive_entry_ctime_nsec(ae) },
		[ENTRY_CRTIME] = { archive_entry_birthtime_is_set(ae),
				   archive_entry_birthtime(ae),
				   archive_entry_birthtime_nsec(ae) },
	};
	size_t i;

	for (i = 0; i < ENTRY_TIMES; i++) {
		if (times[i].nsec < 0 || times[i].nsec > 999999999)
			return bad_entry(m, "the nanoseconds of a time are "
					 "out of range");
		if (!times[i].is_set)
			continue;
		e->times[i].sec = times[i].sec;
		e->times[i].nsec = (uint32_t)times[i].nsec;
		e->has_time[i] = true;
	}
	e->has_time[ENTRY_MTIME] = true;
	return 0;
}

static errcode_t check_xattr(struct archive_meta *m, const char *name,
			     size_t len)
{
	if (!*name || strlen(name) > XATTR_NAME_MAX)
		return diag_error(m->diag, m->subject, E4PACK_ET_BAD_ENTRY,
				  "the name of attribute %.32s is %s", name,
				  *name ? "too long" : "empty");
	if (len > XATTR_VALUE_MAX)
		return diag_error(m->diag, m->subject, E4PACK_ET_TOO_BIG,
				  "attribute %s has %zu bytes, over %d", name,
				  len, XATTR_VALUE_MAX);
	return 0;
}

bool archive_meta_has_xattr(const struct entry *e, const char *name)
{
	size_t low = 0, high = e->n_xattrs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int cmp = strcmp(name, e->xattrs[mid].name);

		if (!cmp)
			return true;
		if (cmp < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

/* libarchive gives the last one first, and the last one counts. */
static errcode_t fill_xattrs(struct archive_meta *m, struct entry *e,
			     struct archive_entry *ae)
{
	const char *name;
	const void *value;
	size_t len;
	errcode_t err;

	if (archive_entry_xattr_reset(ae) > XATTRS_MAX)
		return diag_error(m->diag, m->subject, E4PACK_ET_TOO_BIG,
				  "has more than %d attributes", XATTRS_MAX);
	while (archive_entry_xattr_next(ae, &name, &value, &len) ==
	       ARCHIVE_OK) {
		/* Even an empty value is not NULL, unless memory ran out. */
		if (!name || !value)
			return diag_nomem(m->diag);
		err = check_xattr(m, name, len);
		if (err)
			return err;
		if (!archive_meta_has_xattr(e, name) &&
		    entry_add_xattr(e, name, value, len))
			return diag_nomem(m->diag);
	}
	return 0;
}

errcode_t archive_meta_fill(struct archive_meta *m, struct entry *e,
			    struct archive_entry *ae)
{
	static errcode_t (*const steps[])(struct archive_meta *,
					  struct entry *,
					  struct archive_entry *) = {
		fill_names, fill_type, fill_target, fill_numbers, fill_times,
		fill_xattrs, archive_acl_fill,
	};
	errcode_t err = 0;
	size_t i;

	for (i = 0; !err && i < sizeof(steps) / sizeof(steps[0]); i++)
		err = steps[i](m, e, ae);
	return err;
}
