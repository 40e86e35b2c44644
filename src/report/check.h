/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of verify: what its passes share.  A pass reads one kind of
 * thing, tells what is wrong with it as faults, and leaves what the later
 * ones compare: which blocks are claimed, which inodes are in use, how many
 * names each has.  Only what keeps it from going on is an error.
 *
 *	super	check_super.c	the superblock, its copies
 *	groups	check_groups.c	descriptors; claims what is fixed
 *	inodes	check_inodes.c	every inode: _inode, _map, _block_map, _xattr,
 *				_special; claims their blocks
 *	dirs	check_dirs.c	every folder: _dir_block, _htree; counts names
 *	tree	check_tree.c	what is reached from the root, link counts
 *	counts	check_counts.c	bitmaps and counts against what was found
 *	log	check_log.c	journal, orphans, MMP
 *	quotas	check_quota.c	quota files against what was counted
 */
#ifndef E4PACK_REPORT_CHECK_H
#define E4PACK_REPORT_CHECK_H

#include "base/endian.h"
#include "base/progress.h"
#include "image/format.h"
#include "image/read_inode.h"
#include "report/bits.h"
#include "report/check_quota.h"
#include "report/faults.h"
#include "report/listen.h"

enum { SUPER_LEN = 1024 };

/* Where fields of the superblock lie. */
enum super_at {
	SB_R_BLOCKS = 0x08, SB_FREE_BLOCKS = 0x0c, SB_FREE_INODES = 0x10,
	SB_MTIME = 0x2c, SB_WTIME = 0x30, SB_STATE = 0x3a,
	SB_REV = 0x4c,
	SB_COMPAT = 0x5c, SB_INCOMPAT = 0x60, SB_RO_COMPAT = 0x64,
	SB_UUID = 0x68, SB_PREALLOC_DIR = 0xcd, SB_RESERVED_GDT = 0xce,
	SB_JOURNAL_INO = 0xe0, SB_JOURNAL_DEV = 0xe4,
	SB_LAST_ORPHAN = 0xe8, SB_MKFS_TIME = 0x108, SB_BLOCKS_HI = 0x150,
	SB_R_BLOCKS_HI = 0x154, SB_FREE_BLOCKS_HI = 0x158,
	SB_MIN_EXTRA = 0x15c, SB_WANT_EXTRA = 0x15e, SB_FLAGS = 0x160,
	SB_MMP_BLOCK = 0x168, SB_USER_QUOTA = 0x240, SB_GROUP_QUOTA = 0x244,
	SB_PROJECT_QUOTA = 0x26c, SB_ORPHAN_FILE = 0x280, SB_CSUM = 0x3fc,
};

enum {
	COMPAT_HAS_JOURNAL = 0x4, COMPAT_EXT_ATTR = 0x8,
	COMPAT_RESIZE_INODE = 0x10, COMPAT_DIR_INDEX = 0x20,
	COMPAT_ORPHAN_FILE = 0x1000,
	INCOMPAT_RECOVER = 0x4,
	INCOMPAT_META_BG = 0x10, INCOMPAT_EXTENTS = 0x40,
	INCOMPAT_64BIT = 0x80, INCOMPAT_MMP = 0x100,
	INCOMPAT_FLEX_BG = 0x200, INCOMPAT_EA_INODE = 0x400,
	INCOMPAT_CSUM_SEED = 0x2000, INCOMPAT_LARGEDIR = 0x4000,
	INCOMPAT_INLINE_DATA = 0x8000, INCOMPAT_CASEFOLD = 0x20000,
	RO_LARGE_FILE = 0x2, RO_GDT_CSUM = 0x10, RO_DIR_NLINK = 0x20,
	RO_QUOTA = 0x100, RO_METADATA_CSUM = 0x400,
	RO_ORPHAN_PRESENT = 0x10000,
};

enum {
	FL_IMMUTABLE = 0x10, FL_APPEND = 0x20, FL_INDEX = 0x1000,
	FL_IMAGIC = 0x2000, FL_HUGE_FILE = 0x40000, FL_EXTENTS = 0x80000,
	FL_VERITY = 0x100000, FL_EA_INODE = 0x200000,
	FL_INLINE = 0x10000000, FL_CASEFOLD = 0x40000000,
	FL_ENCRYPT = 0x800,
};

struct xattr_block;

/* What is known of a folder, in the order of numbers. */
struct check_folder {
	uint32_t ino;
	uint32_t parent;	/* the folder that names it, or 0 */
	uint32_t dotdot;	/* what it says itself, or 0 */
};

struct check {
	struct image *img;
	const struct image_geometry *geo;
	const struct progress *progress;
	struct faults *faults;
	const struct listener *listener;	/* what readers told */
	uint8_t super[SUPER_LEN];
	uint32_t compat, incompat, ro_compat;

	struct bits blocks;	/* claimed clusters */
	struct run *fixed;	/* what the frame takes, merged */
	size_t n_fixed;

	struct bits used;	/* inodes in use, by number */
	struct bits folders;	/* those that are folders */
	uint8_t *kinds;		/* file type of an entry, by the rank */
	uint16_t *links;	/* as stored, by the rank of the number */
	size_t n_links, cap_links, cap_kinds;
	uint32_t *names;	/* found, likewise */
	struct check_folder *folder;
	size_t n_folders, cap_folders;

	struct xattr_block *xattr_blocks;	/* a hash table by place */
	size_t n_xattr_blocks, cap_xattr_blocks;
	uint32_t *ea_used;	/* the EA inode of each entry that has one */
	size_t n_ea_used, cap_ea_used;
	struct quota_uses uses[QUOTA_KINDS];
	uint64_t n_regular, n_other;	/* inodes, for the summary */
};

static inline uint32_t sb32(const struct check *c, enum super_at at)
{
	return get_le32(c->super + at);
}

static inline uint32_t sb16(const struct check *c, enum super_at at)
{
	return get_le16(c->super + at);
}

/* Whether @pblk can hold something: inside, not before the first block. */
static inline bool check_inside(const struct check *c, uint64_t pblk)
{
	return pblk && pblk >= c->geo->first_data_block &&
	       pblk < c->geo->blocks;
}

/* An inode while it is looked at. */
struct check_inode {
	struct inode_info info;
	const uint8_t *raw;	/* inode_size bytes */
	uint32_t group;
	uint64_t clusters;	/* claimed, mapping and xattrs included */
	uint32_t values;	/* of attributes, with inodes of their own */
	uint64_t end_lblk;	/* behind the last mapped block */
	uint64_t end_written;	/* behind the last that is not unwritten */
	bool bad_map;		/* told */
	bool empty;		/* reserved, for nothing that is used */
	bool has_policy;	/* an attribute says how it is encrypted */
	bool has_data;		/* inline data behind i_block, maybe of ... */
	uint32_t data_len;	/* ... 0 bytes */
};

/* Each pass.  Return: 0 however many faults there are; ENOMEM;
 * E4PACK_ET_INTERRUPTED; or as image_read(). */
errcode_t check_superblock(struct check *c);
errcode_t check_groups(struct check *c);
errcode_t check_inodes(struct check *c);
errcode_t check_dirs(struct check *c);
errcode_t check_tree(struct check *c);
errcode_t check_counts(struct check *c);
errcode_t check_log(struct check *c);

/* check_claims.c: claim @len blocks, which are inside, for inode @ino.  With
 * clusters the whole of each is claimed.  Tells of what was claimed
 * before, and sets *@taken.  Return: clusters. */
uint64_t claim_blocks(struct check *c, uint32_t ino, uint64_t pblk,
		      uint64_t len, bool *taken);

/* check_inode.c: everything of one inode that is in use. */
errcode_t check_one_inode(struct check *c, struct check_inode *i);

/* check_map.c, check_block_map.c: the mapping of @i, its blocks claimed. */
errcode_t check_extents(struct check *c, struct check_inode *i);
errcode_t check_block_map(struct check *c, struct check_inode *i);

/* check_map.c: an extent of @i: claim it, follow its ends. */
void check_mapped(struct check *c, struct check_inode *i, uint64_t lblk,
		  uint64_t pblk, uint64_t len, bool unwritten);

/* check_xattr.c: attributes in the inode and in its block. */
errcode_t check_xattrs(struct check *c, struct check_inode *i);

/* check_xattr_area.c: where attributes lie, and what they are. */
struct xattr_check {
	struct check *check;
	uint32_t ino;		/* of the inode that has them */
	const uint8_t *area;	/* from the header on */
	uint32_t size;		/* bytes, 65536 at most */
	uint32_t header;	/* bytes before the entries */
	uint32_t base;		/* what offsets of values count from */
	bool in_block;
	uint64_t value_clusters;	/* out: of values with inodes of their
					 * own */
	uint32_t values;	/* out: how many of them there are */
	bool has_policy;	/* out: how the inode is encrypted */
	bool has_data;		/* out: there is inline data ... */
	uint32_t data_len;	/* ... of so many bytes */
};

/* Check all entries; uses of EA inodes are noted.  Return: as a pass. */
errcode_t check_xattr_area(struct xattr_check *x);

/* check_xattr_block.c: the attribute block of @i, and, once all inodes are
 * through, how many use each. */
errcode_t check_xattr_block(struct check *c, struct check_inode *i);
void check_xattr_uses(struct check *c);

/* check_special.c: the value that an EA inode holds. */
errcode_t check_ea_value(struct check *c, const struct check_inode *i);

/* check_special.c: what is right for the kind of @i besides a mapping. */
errcode_t check_link(struct check *c, struct check_inode *i);
void check_device(struct check *c, const struct check_inode *i);
bool check_reserved(struct check *c, struct check_inode *i);

/* The rank of @ino in c->used, which has it. */
static inline uint32_t check_rank(const struct check *c, uint32_t ino)
{
	return bits_rank(&c->used, ino);
}

/* The record of folder @ino, or NULL. */
struct check_folder *check_folder(const struct check *c, uint32_t ino);

/* Whether inodes of @ino's kind have names: no reserved ones but the root,
 * no quota or orphan file. */
bool check_has_name(const struct check *c, uint32_t ino);

#endif
