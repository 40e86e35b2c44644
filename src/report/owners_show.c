// SPDX-License-Identifier: GPL-2.0-or-later
/* What a block is, in words and as JSON. */
#include "report/owners.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/format.h"
#include "report/resolve.h"

static const char *const names[] = {
	[OWNER_NONE] = "none",
	[OWNER_SUPER] = "superblock",
	[OWNER_DESCRIPTORS] = "group_descriptors",
	[OWNER_RESERVED] = "reserved_descriptors",
	[OWNER_BLOCK_BITMAP] = "block_bitmap",
	[OWNER_INODE_BITMAP] = "inode_bitmap",
	[OWNER_INODE_TABLE] = "inode_table",
	[OWNER_MAPPING] = "extent_tree",
	[OWNER_XATTR] = "xattr",
	[OWNER_DATA] = "data",
};

static int by_pblk(const void *key, const void *entry)
{
	const uint64_t pblk = *(const uint64_t *)key;
	const struct owned_block *b = entry;

	return (pblk > b->pblk) - (pblk < b->pblk);
}

static const struct owned_block *find(const struct owners *o, uint64_t pblk)
{
	if (!o->n)
		return NULL;
	return bsearch(&pblk, o->blocks, o->n, sizeof(*o->blocks), by_pblk);
}

static int by_ino(const void *key, const void *entry)
{
	const uint32_t ino = *(const uint32_t *)key;
	const struct sought_path *p = entry;

	return (ino > p->ino) - (ino < p->ino);
}

static const char *path_of(const struct owners *o, uint32_t ino)
{
	const struct sought_path *p = NULL;

	if (o->n_paths)
		p = bsearch(&ino, o->paths, o->n_paths, sizeof(*o->paths),
			    by_ino);
	return p ? p->path : NULL;
}

/* What kind of thing the data of this inode is. */
static const char *data_of(const struct owned_block *b)
{
	if (S_ISDIR(b->mode))
		return "folder";
	return S_ISLNK(b->mode) ? "link" : "file";
}

static void put_inode(const struct owners *o, const struct owned_block *b,
		      struct emit *out)
{
	const char *path = path_of(o, b->first);
	char *safe;

	if (!path) {
		emit_text(out, "inode %u%s", b->first,
			  b->first == FORMAT_JOURNAL_INO ? " (journal)" :
			  b->first == FORMAT_RESIZE_INO ? " (resize)" : "");
		return;
	}
	safe = diag_escape(path);
	if (!safe) {
		emit_json(out, NULL);
		return;
	}
	emit_text(out, "%s", safe);
	free(safe);
}

static void put_range(const struct owned_block *b, const char *what,
		      struct emit *out)
{
	emit_text(out, b->first == b->last ? "%s %u" : "%ss %u-%u", what,
		  b->first, b->last);
}

static void put_words(const struct owners *o, const struct owned_block *b,
		      struct emit *out)
{
	switch (b->kind) {
	case OWNER_SUPER:
		if (b->first)
			emit_text(out, "superblock, backup in group %u",
				  b->first);
		else
			emit_text(out, "superblock");
		break;
	case OWNER_DESCRIPTORS:
		put_range(b, "descriptors of group", out);
		break;
	case OWNER_RESERVED:
		emit_text(out, "reserved for descriptors");
		break;
	case OWNER_BLOCK_BITMAP:
		emit_text(out, "block bitmap of group %u", b->first);
		break;
	case OWNER_INODE_BITMAP:
		emit_text(out, "inode bitmap of group %u", b->first);
		break;
	case OWNER_INODE_TABLE:
		emit_text(out, "inode table of group %u, ", b->group);
		put_range(b, "inode", out);
		break;
	case OWNER_MAPPING:
	case OWNER_XATTR:
		emit_text(out, b->kind == OWNER_XATTR ? "attributes of " :
			  "extent tree of ");
		put_inode(o, b, out);
		break;
	case OWNER_DATA:
		emit_text(out, "%s ", data_of(b));
		put_inode(o, b, out);
		break;
	case OWNER_NONE:
		emit_text(out, "not in use");
		break;
	}
}

void owners_text(const struct owners *o, uint64_t pblk, struct emit *out)
{
	static const struct owned_block none = { .kind = OWNER_NONE };
	const struct owned_block *b = find(o, pblk);

	put_words(o, b ? b : &none, out);
}

static int set_number(json_t *obj, const char *key, uint32_t value)
{
	return json_object_set_new(obj, key, json_integer(value));
}

static int set_details(json_t *obj, const struct owners *o,
		       const struct owned_block *b)
{
	const char *path;

	switch (b->kind) {
	case OWNER_SUPER:
	case OWNER_BLOCK_BITMAP:
	case OWNER_INODE_BITMAP:
		return set_number(obj, "group", b->first);
	case OWNER_DESCRIPTORS:
		return set_number(obj, "first_group", b->first) ||
		       set_number(obj, "last_group", b->last);
	case OWNER_INODE_TABLE:
		return set_number(obj, "group", b->group) ||
		       set_number(obj, "first_inode", b->first) ||
		       set_number(obj, "last_inode", b->last);
	case OWNER_MAPPING:
	case OWNER_XATTR:
	case OWNER_DATA:
		path = path_of(o, b->first);
		return set_number(obj, "inode", b->first) ||
		       (path && emit_json_name(obj, "path", path,
					       strlen(path)));
	default:
		return 0;
	}
}

json_t *owners_json(const struct owners *o, uint64_t pblk)
{
	static const struct owned_block none = { .kind = OWNER_NONE };
	const struct owned_block *b = find(o, pblk);
	const char *kind;
	json_t *obj = json_object();

	if (!b)
		b = &none;
	kind = b->kind == OWNER_DATA ? data_of(b) : names[b->kind];
	if (json_object_set_new(obj, "kind", json_string(kind)) ||
	    set_details(obj, o, b)) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}
