// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POSIX ACLs in the form that getxattr(2) gives, little-endian:
 *
 *	version[4] = 2, then for each entry: tag[2] perm[2] id[4]
 *
 * sorted by tag and id; id is -1 where the tag needs none.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/endian.h"
#include "base/errors.h"
#include "source/archive_lib.h"
#include "source/archive_meta.h"

enum {
	ACL_VERSION = 2,
	ACL_HEADER_LEN = 4, ACL_ITEM_LEN = 8,
	ACL_USER_OBJ = 0x01, ACL_USER = 0x02, ACL_GROUP_OBJ = 0x04,
	ACL_GROUP = 0x08, ACL_MASK = 0x10, ACL_OTHER = 0x20,
	ACL_BASE = ACL_USER_OBJ | ACL_GROUP_OBJ | ACL_OTHER,
	ACL_NAMED = ACL_USER | ACL_GROUP,
};

static const uint32_t ACL_NO_ID = UINT32_MAX;

struct acl_item {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl {
	struct acl_item *items;
	size_t n, cap;
	unsigned int tags;	/* those that occur */
};

static const struct acl_kind {
	int type;		/* libarchive's */
	const char *xattr;
	const char *what;
} kinds[] = {
	{ ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access",
	  "access" },
	{ ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default",
	  "default" },
};

static const struct {
	int from;
	uint16_t to;
} tags[] = {
	{ ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ },
	{ ARCHIVE_ENTRY_ACL_USER, ACL_USER },
	{ ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ },
	{ ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP },
	{ ARCHIVE_ENTRY_ACL_MASK, ACL_MASK },
	{ ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER },
};

static uint16_t tag_of(int from)
{
	size_t i;

	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].from == from)
			return tags[i].to;
	return 0;
}

static int by_tag_and_id(const void *a, const void *b)
{
	const struct acl_item *x = a, *y = b;

	if (x->tag != y->tag)
		return x->tag < y->tag ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

/* Collect the items.  *@unknown: one is for a name without a number. */
static errcode_t read_items(struct acl *acl, struct archive_entry *ae,
			    int type, bool *unknown)
{
	int got_type, perm, tag, id;
	const char *name;
	errcode_t err;

	archive_entry_acl_reset(ae, type);
	while (archive_entry_acl_next(ae, type, &got_type, &perm, &tag, &id,
				      &name) == ARCHIVE_OK) {
		struct acl_item item = { tag_of(tag), perm & 7, ACL_NO_ID };

		if (item.tag & ACL_NAMED) {
			*unknown |= id < 0;
			item.id = id;
		}
		err = array_reserve(&acl->items, &acl->cap, acl->n + 1,
				    sizeof(item));
		if (err)
			return err;
		acl->items[acl->n++] = item;
		acl->tags |= item.tag;
	}
	if (acl->n)
		qsort(acl->items, acl->n, sizeof(*acl->items), by_tag_and_id);
	return 0;
}

/* Whether the kernel would take the sorted items. */
static bool acl_valid(const struct acl *acl)
{
	size_t i;

	if ((acl->tags & ACL_BASE) != ACL_BASE)
		return false;
	if ((acl->tags & ACL_NAMED) && !(acl->tags & ACL_MASK))
		return false;
	for (i = 0; i < acl->n; i++)
		if (!acl->items[i].tag ||
		    (i && !by_tag_and_id(&acl->items[i - 1], &acl->items[i])))
			return false;
	return true;
}

static errcode_t add_xattr(struct entry *e, const char *name,
			   const struct acl *acl)
{
	size_t len = ACL_HEADER_LEN + acl->n * ACL_ITEM_LEN;
	uint8_t *value = malloc(len);
	uint8_t *p = value;
	errcode_t err;
	size_t i;

	if (!value)
		return ENOMEM;
	put_le32(p, ACL_VERSION);
	p += ACL_HEADER_LEN;
	for (i = 0; i < acl->n; i++, p += ACL_ITEM_LEN) {
		put_le16(p, acl->items[i].tag);
		put_le16(p + 2, acl->items[i].perm);
		put_le32(p + 4, acl->items[i].id);
	}
	err = entry_add_xattr(e, name, value, len);
	free(value);
	return err;
}

/* The group bits of the mode are the mask, where there is one.  libarchive
 * puts those of the owning group there. */
static void fix_mode(struct entry *e, const struct acl *acl)
{
	size_t i;

	for (i = 0; i < acl->n; i++)
		if (acl->items[i].tag == ACL_MASK)
			e->mode = (e->mode & ~(uint32_t)S_IRWXG) |
				  (uint32_t)acl->items[i].perm << 3;
}

static errcode_t fill_one(struct archive_meta *m, struct entry *e,
			  struct archive_entry *ae,
			  const struct acl_kind *kind)
{
	bool access = kind->type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS;
	struct acl acl = { NULL, 0, 0, 0 };
	bool unknown = false;
	errcode_t err;

	err = read_items(&acl, ae, kind->type, &unknown);
	if (err) {
		diag_nomem(m->diag);
		goto out;
	}
	if (unknown) {
		err = diag_warning(m->diag, m->subject, "the %s ACL names a "
				   "user or group without its number and is "
				   "left out", kind->what);
		goto out;
	}
	if (!acl_valid(&acl) || (!access && !S_ISDIR(e->mode))) {
		err = diag_error(m->diag, m->subject, E4PACK_ET_BAD_ENTRY,
				 "the %s ACL is not valid", kind->what);
		goto out;
	}
	if (access)
		fix_mode(e, &acl);
	/* The mode says all of an access ACL with only the base entries.  One
	 * that is an attribute, too, is better there: libarchive cuts large
	 * numbers in texts. */
	if ((!access || acl.tags != ACL_BASE) &&
	    !archive_meta_has_xattr(e, kind->xattr))
		err = add_xattr(e, kind->xattr, &acl);
	if (err)
		diag_nomem(m->diag);
out:
	free(acl.items);
	return err;
}

errcode_t archive_acl_fill(struct archive_meta *m, struct entry *e,
			   struct archive_entry *ae)
{
	int types = archive_entry_acl_types(ae);
	errcode_t err = 0;
	size_t i;

	if (types & ARCHIVE_ENTRY_ACL_TYPE_NFS4)
		return diag_warning(m->diag, m->subject,
				    "its NFSv4 ACL is left out");
	for (i = 0; !err && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (types & kinds[i].type)
			err = fill_one(m, e, ae, &kinds[i]);
	return err;
}
