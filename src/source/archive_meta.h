/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An entry's attributes, from libarchive's form into ours.
 */
#ifndef E4PACK_SOURCE_ARCHIVE_META_H
#define E4PACK_SOURCE_ARCHIVE_META_H

#include <stdbool.h>

#include "base/diag.h"
#include "source/entry.h"

struct archive_entry;

struct archive_meta {
	struct diag *diag;
	const char *archive;	/* its name, for messages */
	char *subject;		/* "ARCHIVE: PATH" of the present entry */
	bool slash_told;	/* of leading slashes, once per archive */
};

/* Fill the empty @e with all but data and origin.  @m->subject is replaced,
 * and stays for later messages about the entry; free() it at the end.
 * Reports.  Return: 0, E4PACK_ET_BAD_ENTRY, E4PACK_ET_BAD_PATH,
 * E4PACK_ET_TOO_BIG (an attribute over the limits), E4PACK_ET_STRICT or
 * ENOMEM. */
errcode_t archive_meta_fill(struct archive_meta *m, struct entry *e,
			    struct archive_entry *ae);

/* Whether @e has the extended attribute @name; those of @e are sorted. */
bool archive_meta_has_xattr(const struct entry *e, const char *name);

/* Add the POSIX access and default ACL of @ae to @e as the extended
 * attributes that the kernel has them in, unless it has them.  Reports. */
errcode_t archive_acl_fill(struct archive_meta *m, struct entry *e,
			   struct archive_entry *ae);

#endif
