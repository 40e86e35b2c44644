/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names in one folder, sorted by their bytes, with what ls shows. */
#ifndef E4PACK_REPORT_LISTING_H
#define E4PACK_REPORT_LISTING_H

#include "base/arena.h"
#include "image/read_inode.h"

struct listed {
	const char *name;	/* @len bytes, of the listing */
	const char *target;	/* of a link that can be read, or NULL */
	size_t len, target_len;
	uint32_t ino;
	bool folder;		/* as far as is known */
	/* The rest only where inodes were asked for and could be read. */
	bool known;
	uint32_t mode, uid, gid, links;
	uint32_t major, minor;	/* of devices */
	uint64_t size;
	struct timestamp mtime;
};

/* Zero it, then listing_read() or listing_add(); listing_release(). */
struct listing {
	struct arena text;
	struct listed *items;
	size_t n, cap;
};

/* Zero or empty the listing. */
void listing_init(struct listing *l);
void listing_release(struct listing *l);

/* Fill @l with the names in @folder, without "." and "..".  Inodes are read,
 * if @with_inodes, in the order of their numbers: once over the tables,
 * however the folder orders its names.  Damage is told and passed over.
 * Reports.
 * Return: 0; E4PACK_ET_BAD_IMAGE with what could be read; ENOMEM; or as
 * read_dir(). */
errcode_t listing_read(struct listing *l, struct image *img,
		       const struct inode_info *folder, bool with_inodes);

/* Add one name, copied, with the attributes in @i.  Reports.
 * Return: as listing_read(). */
errcode_t listing_add(struct listing *l, struct image *img, const char *name,
		      size_t len, const struct inode_info *i);

/* Sort by name, equal ones by inode. */
void listing_sort(struct listing *l);

#endif
