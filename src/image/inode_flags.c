// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of inode flags; those of chattr(1) by the words of its manual. */
#include "image/inode_flags.h"

#include <stdio.h>

#include "base/buf.h"

enum { BITS = 32 };

static const char *const names[BITS] = {
	"secure_deletion", "undelete", "compressed", "sync", "immutable",
	"append", "nodump", "noatime", "dirty", "compressed_clusters",
	"nocompress", "encrypted", "indexed", "imagic", "journal_data",
	"notail", "dirsync", "topdir", "huge_file", "extents", "verity",
	"ea_inode", NULL, "nocow", "snapshot", "dax", "snapshot_deleted",
	"snapshot_shrunk", "inline_data", "project_inherit", "casefold",
	NULL,
};

char *inode_flags_names(uint32_t flags)
{
	struct buf out = BUF_INIT;
	char number[16];
	char *text = NULL;
	errcode_t err = 0;
	int i;

	for (i = 0; !err && i < BITS; i++) {
		if (!(flags >> i & 1))
			continue;
		snprintf(number, sizeof(number), "0x%x", 1u << i);
		if (out.len)
			err = buf_add(&out, " ", 1);
		if (!err)
			err = buf_add_str(&out, names[i] ? names[i] : number);
	}
	if (!err)
		text = buf_detach(&out);
	buf_release(&out);
	return text;
}
