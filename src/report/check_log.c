// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is kept for later: the journal, which is empty or was applied to what
 * is checked; orphans, deleted while open and not freed yet; room for more
 * descriptors; and the block that says who has the image mounted (MMP).
 */
#include <inttypes.h>
#include <string.h>

#include "base/errors.h"
#include "image/read_group.h"
#include "image/read_map.h"
#include "journal/replay.h"
#include "report/check.h"

enum {
	MMP_MAGIC = 0x004d4d50, MMP_LEN = 1020,
	ORPHAN_MAGIC = 0x0b10ca04, ORPHAN_TAIL = 8,
	DOUBLY_INDIRECT = 13,
};

/* The blocks that wait in the log. */
static errcode_t check_copies(struct check *c, const struct journal *j)
{
	struct replay r;
	errcode_t err;

	memset(&r, 0, sizeof(r));
	err = replay_read(&r, j);
	if (!err && r.bad)
		fault_inode(c->faults, sb32(c, SB_JOURNAL_INO), "%" PRIu64
			    " of %" PRIu64 " blocks in the journal have a "
			    "wrong checksum", r.bad, r.copies);
	replay_release(&r);
	/* Told when the image was opened. */
	return err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_BAD_CSUM ||
	       err == E4PACK_ET_UNSUPPORTED ? 0 : err;
}

/* Beyond the log, too, each block of the journal's size has to be there. */
static errcode_t check_journal_size(struct check *c, const struct journal *j,
				    uint32_t ino)
{
	const uint64_t mapped = (uint64_t)j->map.blocks << c->geo->block_bits;
	struct inode_info info;
	errcode_t err = read_inode(&info, c->img, ino);

	if (!err && info.size > mapped)
		fault_inode(c->faults, ino, "the journal's size is %" PRIu64
			    ", of its blocks %" PRIu64, info.size, mapped);
	return err == E4PACK_ET_BAD_IMAGE ? 0 : err;
}

static errcode_t check_journal(struct check *c)
{
	const uint32_t ino = sb32(c, SB_JOURNAL_INO);
	const bool has = c->compat & COMPAT_HAS_JOURNAL;
	struct journal j;
	errcode_t err;

	if (!has) {
		if (ino || sb32(c, SB_JOURNAL_DEV))
			fault_image(c->faults, "superblock: there is a "
				    "journal without the feature for it");
		if (c->incompat & INCOMPAT_RECOVER)
			fault_image(c->faults, "superblock: a journal is to "
				    "be replayed and there is none");
		return 0;
	}
	/* On another device: nothing of it is here. */
	if (!ino && sb32(c, SB_JOURNAL_DEV))
		return 0;
	if (!ino || ino > c->geo->inodes) {
		fault_image(c->faults, "superblock: the journal's inode is %u",
			    ino);
		return 0;
	}
	err = journal_open(&j, c->img, NULL);
	if (err == E4PACK_ET_BAD_IMAGE || err == E4PACK_ET_BAD_CSUM ||
	    err == E4PACK_ET_UNSUPPORTED) {
		fault_inode(c->faults, ino, "%s", listener_said(c->listener));
		return 0;
	}
	if (err)
		return err;
	if (j.super.error)
		fault_inode(c->faults, ino, "the kernel stopped the journal "
			    "with error %d", j.super.error);
	if (j.super.start && !(c->incompat & INCOMPAT_RECOVER))
		fault_inode(c->faults, ino, "the journal is not empty, the "
			    "superblock does not say so");
	err = check_journal_size(c, &j, ino);
	if (!err && (c->incompat & INCOMPAT_RECOVER))
		err = check_copies(c, &j);
	journal_release(&j);
	return err;
}

struct orphan_reader {
	struct check *check;
	uint32_t ino, seed;
};

static errcode_t check_orphan_block(void *arg, const struct extent *e)
{
	struct orphan_reader *r = arg;
	struct check *c = r->check;
	const uint32_t len = c->geo->block_size - ORPHAN_TAIL;
	const uint8_t *block;
	uint8_t place[8];
	errcode_t err = 0;
	uint32_t i, crc;

	for (i = 0; !err && i < e->len; i++) {
		err = image_peek(c->img, &block, e->pblk + i);
		if (err)
			break;
		put_le64(place, e->pblk + i);
		crc = format_crc32c(r->seed, place, sizeof(place));
		crc = format_crc32c(crc, block, len);
		if (get_le32(block + len) != ORPHAN_MAGIC)
			fault_inode(c->faults, r->ino, "orphan file: block %"
				    PRIu64 " has no magic number",
				    e->lblk + (uint64_t)i);
		else if (c->geo->metadata_csum &&
			 get_le32(block + len + 4) != crc)
			fault_inode(c->faults, r->ino, "orphan file: block %"
				    PRIu64 " has a wrong checksum",
				    e->lblk + (uint64_t)i);
	}
	return err;
}

static errcode_t check_orphan_file(struct check *c)
{
	struct orphan_reader r = { .check = c,
				   .ino = sb32(c, SB_ORPHAN_FILE) };
	const struct map_visitor v = { .extent = check_orphan_block,
				       .arg = &r };
	struct inode_info info;
	const uint8_t *raw;
	uint8_t key[8];
	errcode_t err;

	if (!(c->compat & COMPAT_ORPHAN_FILE))
		return 0;
	if (!r.ino || r.ino > c->geo->inodes) {
		fault_image(c->faults, "superblock: the orphan file's inode "
			    "is %u", r.ino);
		return 0;
	}
	err = read_inode_raw(&raw, c->img, r.ino);
	if (err)
		return err;
	inode_decode(&info, raw, c->geo, r.ino);
	put_le32(key, r.ino);
	put_le32(key + 4, info.generation);
	r.seed = format_crc32c(c->geo->csum_seed, key, sizeof(key));
	err = read_map(c->img, &info, &v);
	return err == E4PACK_ET_BAD_IMAGE ? 0 : err;
}

static errcode_t check_mmp(struct check *c)
{
	const uint64_t pblk = get_le64(c->super + SB_MMP_BLOCK);
	const uint8_t *block;
	errcode_t err;

	if (!(c->incompat & INCOMPAT_MMP))
		return 0;
	if (!check_inside(c, pblk)) {
		fault_image(c->faults, "superblock: the MMP block is %" PRIu64,
			    pblk);
		return 0;
	}
	err = image_peek(c->img, &block, pblk);
	if (err)
		return err;
	if (get_le32(block) != MMP_MAGIC)
		fault_image(c->faults, "the MMP block has no magic number");
	else if (c->geo->metadata_csum &&
		 format_crc32c(c->geo->csum_seed, block, MMP_LEN) !=
		 get_le32(block + MMP_LEN))
		fault_image(c->faults, "the MMP block has a wrong checksum");
	return 0;
}

/* Whether the block at @pblk lists the copies of itself in the other groups
 * with descriptors, in order. */
static errcode_t lists_copies(struct check *c, uint64_t pblk, bool *ok)
{
	const uint8_t *block;
	struct group_super g;
	uint32_t group, at = 0;
	errcode_t err = 0;

	for (group = 1; !err && *ok && group < c->geo->groups; group++) {
		err = read_group_super(&g, c->img, group);
		if (err || !g.super)
			continue;
		err = image_peek(c->img, &block, pblk);
		if (!err)
			*ok = at < c->geo->block_size / 4 &&
			      get_le32(block + 4 * (size_t)at++) == pblk +
			      (uint64_t)group * c->geo->blocks_per_group;
	}
	return err;
}

/* The resize inode has one block of numbers of blocks of numbers; each of the
 * latter is a reserved block of group 0 and lists its copies. */
static errcode_t check_reserve(struct check *c, uint64_t pblk, bool *ok)
{
	const uint32_t per = c->geo->block_size / 4;
	const uint32_t reserved = sb16(c, SB_RESERVED_GDT);
	const uint8_t *block;
	struct group_super g;
	uint32_t i, used;
	errcode_t err = read_group_super(&g, c->img, 0);

	if (err)
		return err;
	used = (uint32_t)g.old_blocks - reserved;
	for (i = 0; !err && *ok && i < reserved; i++) {
		uint64_t at = g.old_desc + used + i;

		err = image_peek(c->img, &block, pblk);
		if (err)
			break;
		*ok = get_le32(block + 4 * (size_t)((used + i) % per)) == at;
		if (*ok)
			err = lists_copies(c, at, ok);
	}
	return err;
}

static errcode_t check_resize(struct check *c)
{
	struct inode_info info;
	const uint8_t *raw;
	uint64_t pblk;
	bool ok = true;
	uint32_t i;
	errcode_t err = read_inode_raw(&raw, c->img, FORMAT_RESIZE_INO);

	if (err)
		return err;
	inode_decode(&info, raw, c->geo, FORMAT_RESIZE_INO);
	pblk = get_le32(info.i_block + 4 * DOUBLY_INDIRECT);
	for (i = 0; i < sizeof(info.i_block) / 4; i++)
		if (i != DOUBLY_INDIRECT && get_le32(info.i_block + 4 * i))
			ok = false;
	if (!(c->compat & COMPAT_RESIZE_INODE)) {
		if (pblk || !ok)
			fault_inode(c->faults, FORMAT_RESIZE_INO, "it has "
				    "blocks without the feature "
				    "resize_inode");
		return 0;
	}
	ok = ok && info.links && check_inside(c, pblk);
	if (ok && !(c->incompat & INCOMPAT_META_BG))
		err = check_reserve(c, pblk, &ok);
	if (!err && !ok)
		fault_inode(c->faults, FORMAT_RESIZE_INO, "it does not list "
			    "the reserved descriptor blocks");
	return err;
}

errcode_t check_log(struct check *c)
{
	errcode_t err = check_journal(c);

	if (!err)
		err = check_orphan_file(c);
	if (!err)
		err = check_resize(c);
	if (!err)
		err = check_mmp(c);
	if (!err && sb32(c, SB_LAST_ORPHAN) > c->geo->inodes)
		fault_image(c->faults, "superblock: the list of orphans "
			    "begins with inode %u", sb32(c, SB_LAST_ORPHAN));
	return err;
}
