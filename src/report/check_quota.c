// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A quota file, all of it little-endian, in blocks of 1024 bytes:
 *
 *	block 0	0 magic u32, of the kind | 4 version u32, 1 | 20 blocks u32
 *	block 1	the root of a tree of 4 levels: 256 numbers of blocks each,
 *		chosen by one byte of the id after the other
 *	below	16 bytes, then 14 entries: 0 id u32 | 24 inodes u64 |
 *		48 bytes in use u64; one that is all zero is free
 *
 * One block of entries serves many ids, so that the last level may lead to
 * it more than once; anything else that is met twice is damage.
 */
#include "report/check_quota.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/errors.h"
#include "report/check.h"
#include "report/file_extents.h"

enum {
	BLOCK = 1024, PER_BLOCK = BLOCK / 4, LEVELS = 4, ROOT = 1,
	AT_VERSION = 4, AT_BLOCKS = 20, VERSION_1 = 1,
	HEADER = 16, ENTRY = 72, ENTRIES = (BLOCK - HEADER) / ENTRY,
	AT_INODES = 24, AT_SPACE = 48,
	INODE_OLD = 128, AT_PROJECT = 0x9c,
};

static const struct {
	const char *name;
	uint32_t magic;
	enum super_at at;
} kinds[QUOTA_KINDS] = {
	[QUOTA_USER] = { "user", 0xd9c01f11, SB_USER_QUOTA },
	[QUOTA_GROUP] = { "group", 0xd9c01927, SB_GROUP_QUOTA },
	[QUOTA_PROJECT] = { "project", 0xd9c03f14, SB_PROJECT_QUOTA },
};

/* The inode of the quota file, 0: this kind is not counted. */
static uint32_t quota_ino(const struct check *c, enum quota_kind kind)
{
	return c->ro_compat & RO_QUOTA ? sb32(c, kinds[kind].at) : 0;
}

static uint32_t id_of(const struct check *c, const struct check_inode *i,
		      enum quota_kind kind)
{
	if (kind == QUOTA_USER)
		return i->info.uid;
	if (kind == QUOTA_GROUP)
		return i->info.gid;
	if (c->geo->inode_size < AT_PROJECT + 4 ||
	    get_le16(i->raw + INODE_OLD) < AT_PROJECT + 4 - INODE_OLD)
		return 0;
	return get_le32(i->raw + AT_PROJECT);
}

errcode_t check_quota_count(struct check *c, const struct check_inode *i)
{
	enum quota_kind k;

	if (!(c->ro_compat & RO_QUOTA) || !check_has_name(c, i->info.ino) ||
	    (i->info.flags & FL_EA_INODE))
		return 0;
	for (k = 0; k < QUOTA_KINDS; k++)
		if (quota_ino(c, k) &&
		    quota_uses_add(&c->uses[k], id_of(c, i, k),
				   UINT64_C(1) + i->values, i->clusters))
			return diag_nomem(image_diag(c->img));
	return 0;
}

/* A quota file while it is read. */
struct quota_file {
	struct check *check;
	enum quota_kind kind;
	uint32_t ino;
	uint32_t blocks;	/* of 1024 bytes, all inside of the file */
	struct file_extents extents;
	struct bits met;	/* of the blocks */
};

/* The extent that holds block @lblk of the file, or NULL. */
static const struct extent *find(const struct quota_file *f, uint64_t lblk)
{
	size_t low = 0, high = f->extents.n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct extent *e = &f->extents.e[mid];

		if (lblk < e->lblk)
			high = mid;
		else if (lblk - e->lblk >= e->len)
			low = mid + 1;
		else
			return e->unwritten ? NULL : e;
	}
	return NULL;
}

/* Copy block @block of the file; one that lies in a hole is zero. */
static errcode_t read_block(uint8_t out[BLOCK], const struct quota_file *f,
			    uint32_t block)
{
	const uint32_t size = f->check->geo->block_size;
	const uint64_t at = (uint64_t)block * BLOCK;
	const struct extent *e = find(f, at / size);
	const uint8_t *data;
	errcode_t err;

	memset(out, 0, BLOCK);
	if (!e)
		return 0;
	err = image_peek(f->check->img, &data, e->pblk + at / size - e->lblk);
	if (!err)
		memcpy(out, data + at % size, BLOCK);
	return err;
}

static void compare(const struct quota_file *f, const uint8_t *e)
{
	const struct check *c = f->check;
	const uint32_t bits = c->geo->block_bits + c->geo->cluster_bits;
	const uint32_t id = get_le32(e);
	const uint64_t inodes = get_le64(e + AT_INODES);
	const uint64_t space = get_le64(e + AT_SPACE);
	struct quota_use *use = quota_uses_find(&c->uses[f->kind], id);
	const uint64_t found = use ? use->clusters << bits : 0;

	if (use)
		use->seen = true;
	if (space != found || inodes != (use ? use->inodes : 0))
		fault_inode(c->faults, f->ino, "quota of %s %u: counted bytes "
			    "%" PRIu64 ", inodes %" PRIu64 "; found bytes %"
			    PRIu64 ", inodes %" PRIu64, kinds[f->kind].name,
			    id, space, inodes, found, use ? use->inodes : 0);
}

static errcode_t check_entries(const struct quota_file *f, uint32_t number)
{
	static const uint8_t zero[ENTRY];
	uint8_t block[BLOCK];
	errcode_t err = read_block(block, f, number);
	uint32_t i;

	for (i = 0; !err && i < ENTRIES; i++) {
		const uint8_t *e = block + HEADER + i * ENTRY;

		if (memcmp(e, zero, ENTRY))
			compare(f, e);
	}
	return err;
}

/* Check what block @number of the tree leads to; recursion ends at LEVELS. */
static errcode_t check_level(struct quota_file *f, uint32_t number,
			     uint32_t level)
{
	uint8_t block[BLOCK];
	errcode_t err = read_block(block, f, number);
	uint32_t i, next;

	for (i = 0; !err && i < PER_BLOCK; i++) {
		next = get_le32(block + i * 4);
		if (!next)
			continue;
		if (next >= f->blocks ||
		    (bits_has(&f->met, next) && level + 1 < LEVELS)) {
			fault_inode(f->check->faults, f->ino, "quota: block "
				    "%u of its tree leads to block %u%s",
				    number, next, next < f->blocks ?
				    ", as another one does" : "");
			continue;
		}
		if (bits_has(&f->met, next))
			continue;
		bits_add(&f->met, next);
		err = level + 1 < LEVELS ? check_level(f, next, level + 1) :
					   check_entries(f, next);
	}
	return err;
}

/* Each id in use must have an entry. */
static void check_missing(const struct quota_file *f)
{
	const struct check *c = f->check;
	const uint32_t bits = c->geo->block_bits + c->geo->cluster_bits;
	struct quota_uses *u = &f->check->uses[f->kind];
	size_t i;

	quota_uses_sort(u);
	for (i = 0; i < u->n; i++)
		if (!u->table[i].seen)
			fault_inode(c->faults, f->ino, "quota of %s %u: no "
				    "entry; found bytes %" PRIu64 ", inodes %"
				    PRIu64, kinds[f->kind].name,
				    u->table[i].id,
				    u->table[i].clusters << bits,
				    u->table[i].inodes);
}

/* Return: how many blocks of 1024 bytes the mapped ones of the file are. */
static uint64_t mapped(const struct quota_file *f)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < f->extents.n; i++)
		sum += f->extents.e[i].len;
	return sum << (f->check->geo->block_bits - 10);
}

static errcode_t check_tree_of(struct quota_file *f)
{
	struct check *c = f->check;
	uint8_t block[BLOCK];
	errcode_t err = read_block(block, f, 0);

	if (err)
		return err;
	if (get_le32(block) != kinds[f->kind].magic ||
	    get_le32(block + AT_VERSION) != VERSION_1) {
		fault_inode(c->faults, f->ino, "it is no file of %s quotas",
			    kinds[f->kind].name);
		return 0;
	}
	f->blocks = get_le32(block + AT_BLOCKS);
	if (f->blocks <= ROOT || f->blocks > mapped(f)) {
		fault_inode(c->faults, f->ino, "quota: its tree is to have %u "
			    "blocks, there are %" PRIu64, f->blocks,
			    mapped(f));
		return 0;
	}
	if (bits_init(&f->met, f->blocks))
		return diag_nomem(image_diag(c->img));
	bits_add(&f->met, 0);
	bits_add(&f->met, ROOT);
	err = check_level(f, ROOT, 0);
	bits_release(&f->met);
	if (!err)
		check_missing(f);
	return err;
}

static errcode_t check_file(struct check *c, enum quota_kind kind,
			    uint32_t ino)
{
	struct quota_file f = { .check = c, .kind = kind, .ino = ino };
	uint64_t budget = c->geo->blocks;
	struct inode_info info;
	errcode_t err;

	if (ino > c->geo->inodes) {
		fault_image(c->faults, "superblock: the inode of %s quotas is "
			    "to be %u", kinds[kind].name, ino);
		return 0;
	}
	err = read_inode(&info, c->img, ino);
	if (err == E4PACK_ET_BAD_IMAGE)
		return 0;	/* told by the pass over the inodes */
	if (!err && (!S_ISREG(info.mode) || !info.links))
		fault_inode(c->faults, ino, "it is to hold %s quotas and is "
			    "no file", kinds[kind].name);
	else if (!err)
		err = file_extents_read(&f.extents, c->img, &info, &budget);
	if (!err && f.extents.n)
		err = check_tree_of(&f);
	else if (!err && S_ISREG(info.mode) && info.links)
		fault_inode(c->faults, ino, "quota: the file is empty");
	file_extents_release(&f.extents);
	return err == E4PACK_ET_BAD_IMAGE ? 0 : err;
}

errcode_t check_quotas(struct check *c)
{
	errcode_t err = 0;
	enum quota_kind k;

	for (k = 0; !err && k < QUOTA_KINDS; k++)
		if (quota_ino(c, k))
			err = check_file(c, k, quota_ino(c, k));
	return err;
}
